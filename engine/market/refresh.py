"""From which day a network source is asked again: pure functions of the stored bars and the day.

nothing at all                           the newest complete session and all before it are stored
the newest `refetch_sessions`            else always: Yahoo still corrects them
a session missing or left out            for a year, until it is there
the days before a split                  for a month: sources re-base old rows days after it
the whole history                        once a week, and where anything does not fit
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine.market import calendar
from engine.market.bars import Bars
from engine.market.quality import missing_sessions

YEAR = timedelta(days=365)
MONTH = timedelta(days=31)
"""The latest re-base on record came in the 12th session of its split."""
WEEK = timedelta(days=7, hours=-6)
"""The slack keeps a nightly job on its night."""
_SEAM = 3
"""Sessions before a split or a hole: enough to show on which base they are."""


def resume_day(held: Bars, refetch_sessions: int, today: date) -> date:
    """The day from which to ask again, never before the first stored bar."""
    days = [_sessions_before(held.last_date, refetch_sessions - 1)]
    missing = _missing(held, today)
    days += [_sessions_before(missing[0], _SEAM)] if missing else []
    splits = [when for when, _ in held.splits if when > today - MONTH]
    days += [_sessions_before(min(splits), _SEAM)] if splits else []
    return max(min(days), held.first_date)


def is_current(held: Bars, newest: date, today: date) -> bool:
    """Whether the session `newest` is stored and none of the last year is missing."""
    return held.last_date >= newest and not _missing(held, today)


def _missing(held: Bars, today: date) -> tuple[date, ...]:
    """Sessions of the last year that are not stored."""
    since = max(held.first_date, today - YEAR)
    recent = [day for day in held.dates.tolist() if day >= since]
    return missing_sessions([since, *recent])


def is_compare_due(compared_at: datetime | None, now: datetime) -> bool:
    """Whether the whole series must be compared with the source again."""
    return compared_at is None or not now - WEEK < compared_at <= now


def _sessions_before(day: date, count: int) -> date:
    for _ in range(count):
        day = calendar.previous_session(day)
    return day
