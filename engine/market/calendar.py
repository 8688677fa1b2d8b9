"""Sessions of the New York Stock Exchange from a shipped table: no pandas to know the day.

The table (sessions.json, written by `python -m engine.market.make_sessions`) holds the weekdays
without a session and the early closes between two days. Before it every weekday counts as a session
that closes at 16:00 New York; after it `engine.market.beyond` says more. Closings that the settings
add (market.extra_closings) count anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.core.closings import extra_closings

if TYPE_CHECKING:
    from engine.market.beyond import YearOfSessions

NEW_YORK = ZoneInfo("America/New_York")
TABLE = Path(__file__).with_name("sessions.json")
_DAY = timedelta(days=1)
_OPEN = time(9, 30)
_CLOSE = time(16, 0)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The table: what it covers, weekdays without a session, early closes (New York time)."""

    first: date
    last: date
    closed: frozenset[date]
    early: dict[date, time]


@cache
def session_table() -> Sessions:
    """The shipped table, read once a process."""
    tree = json.loads(TABLE.read_text(encoding="ascii"))
    return Sessions(
        first=date.fromisoformat(tree["first"]),
        last=date.fromisoformat(tree["last"]),
        closed=frozenset(date.fromisoformat(text) for text in tree["closed"]),
        early={
            date.fromisoformat(day): time.fromisoformat(at) for day, at in tree["early"].items()
        },
    )


def covered_from() -> date:
    """The first day the table knows."""
    return session_table().first


def covered_until() -> date:
    """The last day the table knows; after it see `engine.market.beyond`."""
    return session_table().last


def is_session(day: date) -> bool:
    """Whether the exchange trades on `day`."""
    return in_table(day) and day not in extra_closings()


def in_table(day: date) -> bool:
    """Whether `day` is a session but for the closings that the settings add."""
    if day.weekday() >= 5:
        return False
    table = session_table()
    return day not in (table if day <= table.last else _after(day)).closed


def _after(day: date) -> YearOfSessions:
    from engine.market.beyond import year_of_sessions

    return year_of_sessions(day.year)


def next_session(day: date) -> date:
    """The first session strictly after `day`, which itself may be any day."""
    day += _DAY
    while not is_session(day):
        day += _DAY
    return day


def previous_session(day: date) -> date:
    """The last session strictly before `day`, which itself may be any day."""
    day -= _DAY
    while not is_session(day):
        day -= _DAY
    return day


def iter_sessions(start: date, end: date) -> Iterator[date]:
    """The sessions from `start` to `end`, both ends included, oldest first."""
    for ordinal in range(start.toordinal(), end.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if is_session(day):
            yield day


def sessions_between(start: date, end: date) -> tuple[date, ...]:
    """The sessions from `start` to `end`, both ends included, oldest first."""
    return tuple(iter_sessions(start, end))


def session_open(day: date) -> datetime:
    """When the session of `day` opens, in UTC."""
    return datetime.combine(day, _OPEN, NEW_YORK).astimezone(UTC)


def session_close(day: date) -> datetime:
    """When the session of `day` closes (16:00, earlier before some holidays), in UTC."""
    table = session_table()
    early = (table if day <= table.last else _after(day)).early
    return datetime.combine(day, early.get(day, _CLOSE), NEW_YORK).astimezone(UTC)


def exchange_day(now: datetime) -> date:
    """The calendar day in New York at the aware moment `now`."""
    return now.astimezone(NEW_YORK).date()


def is_open(now: datetime) -> bool:
    """Whether the exchange trades at the aware moment `now`."""
    day = exchange_day(now)
    return is_session(day) and session_open(day) <= now < session_close(day)


def last_complete_session(now: datetime, settle_minutes: int) -> date:
    """The newest session that closed at least `settle_minutes` before the aware moment `now`."""
    day = exchange_day(now)
    settle = timedelta(minutes=settle_minutes)
    # More than once where settling reaches past midnight: yesterday is not complete then either.
    while not is_session(day) or now < session_close(day) + settle:
        day = previous_session(day)
    return day
