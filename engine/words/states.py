"""The meanings of the state words of symbols, runs and jobs."""

from __future__ import annotations

from engine.core.records import JobState, SymbolState

SYMBOL_STATES = {
    SymbolState.FRESH: "trained at most five days ago",
    SymbolState.AGING: "trained six or seven days ago",
    SymbolState.STALE: "older than the age limit",
    SymbolState.NONE: "no model yet",
    SymbolState.QUEUED: "waits in a run",
    SymbolState.TRAIN: "trains now",
    SymbolState.DONE: "trained and published a moment ago",
    SymbolState.FAILED: "the last training failed; the line under the table says why",
    SymbolState.REFUSED: "trained, but not better than the guard allows; the live model stays",
    SymbolState.CANCELLED: "no model yet: its training was stopped by an operator",
    SymbolState.LOST: "its run died without a word",
    SymbolState.CORRUPT: "the model file cannot be trusted",
    SymbolState.FOREIGN: "a model file that is not stockml's, or fails its check; it is not used",
    SymbolState.HELD: "automatic training is on hold",
}
RUN_STATES = {
    JobState.QUEUED: "its supervisor has not spoken yet, or the symbol waits for a worker",
    JobState.RUNNING: "at work now",
    JobState.DONE: "ended, and at least one model was published",
    JobState.REFUSED: "trained, but not better than the guard allows; the live models stay",
    JobState.FAILED: "a symbol failed; its line says why",
    JobState.CANCELLED: "stopped by an operator",
    JobState.LOST: "its supervisor died without a word",
}
"""In the order of the help."""
