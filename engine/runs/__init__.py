"""Runs: journal, fold, supervisor, worker."""
