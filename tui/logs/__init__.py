"""The Logs screens."""
