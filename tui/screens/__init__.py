"""What every screen shares, and the screens by name."""
