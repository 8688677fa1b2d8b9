"""The Alerts screen."""
