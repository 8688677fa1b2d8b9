"""The Service screen."""
