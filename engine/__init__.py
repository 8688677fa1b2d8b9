"""The engine: 13 forecast models trained, watched, backed up and scheduled.

It never imports textual.
"""
