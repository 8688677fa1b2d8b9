"""The terminal: setup, driver, clipboard, and the console's measurements of itself."""
