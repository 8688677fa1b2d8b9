"""The Backups screens."""
