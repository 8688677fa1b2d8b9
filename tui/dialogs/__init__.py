"""Dialogs: confirm, prompt, palette, help."""
