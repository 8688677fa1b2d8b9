"""How stored bars and freshly fetched ones become one series: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from engine.market import calendar
from engine.market.bars import Bars, Floats

# Corrections of a final bar are cents; a split of 21 for 20, the smallest in use, moves it by 5 %.
REBASED = 0.01
REVISED = 1e-4
Events = tuple[tuple[date, float], ...]
_NAMED = 3


def resume_day(held: Bars, refetch_sessions: int) -> date:
    """The day from which to ask again: `refetch_sessions` of the stored bars are fetched anew."""
    day = held.last_date
    for _ in range(refetch_sessions - 1):
        day = calendar.previous_session(day)
    return max(day, held.first_date)


def is_rebased(held: Bars, fresh: Bars) -> bool:
    """Whether a split re-based the history: a new split, or shared sessions with other closes."""
    if any(split not in held.splits for split in fresh.splits):
        return True
    _, old, new = np.intersect1d(held.dates, fresh.dates, return_indices=True)
    if not len(old):
        return True  # nothing shared, so nothing proves that both are on one base
    return bool((np.abs(fresh.close[new] / held.close[old] - 1.0) > REBASED).any())


def merge(held: Bars, fresh: Bars) -> Bars:
    """Both series in one: fresh bars replace stored ones, which fill what the source lost."""
    kept = ~np.isin(held.dates, fresh.dates)
    order = np.argsort(np.concatenate((held.dates[kept], fresh.dates)))

    def joined(old: Floats, new: Floats) -> Floats:
        return np.concatenate((old[kept], new))[order]

    return replace(
        fresh,
        dates=np.concatenate((held.dates[kept], fresh.dates))[order],
        open=joined(held.open, fresh.open),
        high=joined(held.high, fresh.high),
        low=joined(held.low, fresh.low),
        close=joined(held.close, fresh.close),
        volume=joined(held.volume, fresh.volume),
        splits=_events(held.splits, fresh.splits, fresh.first_date),
        dividends=_events(held.dividends, fresh.dividends, fresh.first_date),
        warnings=(*held.warnings, *fresh.warnings, *revisions(held, fresh)),
    )


def _events(held: Events, fresh: Events, start: date) -> Events:
    return (*(event for event in held if event[0] < start), *fresh)


def revisions(held: Bars, fresh: Bars) -> tuple[str, ...]:
    """The closes of final bars that the source changed since they were stored."""
    days, old, new = np.intersect1d(held.dates, fresh.dates, return_indices=True)
    changed = np.flatnonzero(np.abs(fresh.close[new] / held.close[old] - 1.0) > REVISED)
    return tuple(
        f"{fresh.symbol}: the close of {days[row]} was revised from {held.close[old[row]]:g} to"
        f" {fresh.close[new[row]]:g}"
        for row in changed[-_NAMED:]
    )
