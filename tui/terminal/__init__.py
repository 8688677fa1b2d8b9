"""The terminal: its driver, its life, and what the console measures of itself."""
