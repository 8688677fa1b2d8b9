"""The Hosts screen: who fits for this home."""
