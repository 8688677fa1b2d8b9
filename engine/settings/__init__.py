"""stockml.toml: its schema, how it is read, edited and written, and the packaged defaults."""
