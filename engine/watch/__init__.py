"""Watching: triggers, planner, monitor, ledger, health, alerts."""
