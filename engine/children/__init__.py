"""Short-lived child processes that load libraries the console must not load."""
