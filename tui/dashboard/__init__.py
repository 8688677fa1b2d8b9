"""The dashboard: every symbol, what runs, what happened last."""
