"""The Symbol screen."""
