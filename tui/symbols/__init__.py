"""The Symbols screen."""
