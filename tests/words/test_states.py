"""Meanings of state words."""

from engine.core.records import JobState, SymbolState
from engine.words.states import RUN_STATES, SYMBOL_STATES


def test_every_state_is_explained() -> None:
    """Each state word of a symbol, a run and a job has its meaning."""
    assert set(SymbolState) == set(SYMBOL_STATES)
    assert set(JobState) == set(RUN_STATES)
