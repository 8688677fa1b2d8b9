"""Bars in: sources, store, quality, calendar."""
