"""The one word of a symbol's row, from its job, its model and its age; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.core.clock import days_since, is_within
from engine.core.records import Job, JobState, SymbolState
from engine.forecast.status import Status
from engine.settings.schema import ThresholdSettings

DONE_FOR = timedelta(minutes=10)
"""How long a finished training shows as DONE before its age, and a cancelled one in the note."""
ENDED_STATES = {
    JobState.FAILED: SymbolState.FAILED,
    JobState.REFUSED: SymbolState.REFUSED,
    JobState.LOST: SymbolState.LOST,
    JobState.CANCELLED: SymbolState.CANCELLED,
}
# An operator's hold overrides age and the outcome of the last training, but not a broken file.
OVERRULED_BY_HOLD = (
    SymbolState.FRESH,
    SymbolState.AGING,
    SymbolState.STALE,
    SymbolState.NONE,
    *ENDED_STATES.values(),
)


def age_state(age_days: float | None, limits: ThresholdSettings) -> SymbolState:
    """FRESH, AGING or STALE; an unknown age (None) is STALE."""
    if age_days is None or age_days > limits.max_model_age_days:
        return SymbolState.STALE
    return SymbolState.FRESH if age_days <= limits.fresh_days else SymbolState.AGING


def state_of(
    status: Status | None,
    job: Job | None,
    last: Job | None,
    now: datetime,
    limits: ThresholdSettings,
) -> SymbolState:
    """A live job first, then a broken file, then how the last job ended, then the age."""
    if job is not None and not job.state.ended:
        return SymbolState.TRAIN if job.state is JobState.RUNNING else SymbolState.QUEUED
    if status is None:
        return ENDED_STATES.get(last.state, SymbolState.NONE) if last else SymbolState.NONE
    if status.model is None:
        # Whole, and nothing this program may use: the note says that a newer stockml made it.
        return SymbolState.FOREIGN if status.kind in ("foreign", "newer") else SymbolState.CORRUPT
    by_age = age_state(days_since(status.model.trained_at, now), limits)
    if last is None or last.ended_at is None:
        return by_age
    if last.state is JobState.DONE:
        shows_done = is_within(last.ended_at, now, DONE_FOR) and by_age is SymbolState.FRESH
        return SymbolState.DONE if shows_done else by_age
    if last.ended_at < status.model.trained_at:
        return by_age  # something newer was published since, by a restore for one
    refused_and_stale = last.state is JobState.REFUSED and by_age is SymbolState.STALE
    if last.state is JobState.CANCELLED or refused_and_stale:
        return by_age  # what was stopped changed nothing: its note and its run say so
    return ENDED_STATES[last.state]
