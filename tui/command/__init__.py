"""The command line of the console: what is typed behind `:`, and what a command prints."""
