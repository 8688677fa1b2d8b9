"""The Runs screens."""
