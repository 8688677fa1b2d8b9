"""Panes: views of a snapshot."""
