"""Health of the calendar: how far the table of sessions reaches, and days that nobody has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from engine.core.clock import parse_iso
from engine.core.paths import Home
from engine.core.records import Level
from engine.core.snapshot import Snapshot, SymbolRow
from engine.core.sources import is_simulated
from engine.market.beyond import has_library
from engine.market.calendar import (
    covered_until,
    iter_sessions,
    last_complete_session,
    session_close,
)
from engine.market.last_bar import last_bar, newest_days
from engine.settings.schema import Settings
from engine.watch.records import Item

_YEAR = timedelta(days=365)
_NAMED = 3
# The longest closing since 1933 was four sessions (2001-09-11 on): a longer tail is a dead feed.
_LONGEST_CLOSING = 4
_WARN_DAYS = 90


def calendar_items(today: date) -> Iterator[Item]:
    """A warning where the table of sessions ends soon, or what is known after it has."""
    left = (covered_until() - today).days
    if left < 0:
        text = f"the table of sessions ended on {covered_until()}; exchange_calendars goes on"
        fix = "update stockml"
        if not has_library():
            text = (
                f"the table of sessions ended on {covered_until()}: holidays go by rule, early and"
                " other closings are not known"
            )
            fix = "update stockml, or install exchange_calendars"
        yield Item("calendar", Level.WARN, text, fix)
    elif left < _WARN_DAYS:
        text = f"the table of sessions ends in {left} days"
        yield Item("calendar", Level.WARN, text, "update stockml")


def unscheduled_closings(
    home: Home,
    settings: Settings,
    snapshot: Snapshot,
    now: datetime,
    source_of: Callable[[SymbolRow], str],
) -> Iterator[Item]:
    """The sessions of a year that no symbol has, though its bars go on or were fetched since."""
    settle = timedelta(minutes=settings.market.settle_minutes)
    newest = last_complete_session(now, settings.market.settle_minutes)
    settled = session_close(newest) + settle
    there: set[date] = set()
    gone: set[date] = set()
    for row in snapshot.rows:
        source = source_of(row)
        days = frozenset() if is_simulated(source) else newest_days(home, source, row.symbol)
        if not days:
            continue
        there |= days
        last = newest if _fetched_since(settled, home, source, row.symbol) else max(days)
        start = max(min(days), newest - _YEAR)
        gone.update(day for day in iter_sessions(start, min(last, newest)) if day not in days)
    missing = gone - there
    tail = {day for day in missing if day > max(there)}
    if len(tail) > _LONGEST_CLOSING:
        missing -= tail
    if nobody := sorted(missing)[-_NAMED:]:
        named = ", ".join(map(str, nobody))
        closing = "an unscheduled closing" if len(nobody) == 1 else "unscheduled closings"
        yield Item(
            "calendar",
            Level.WARN,
            f"no symbol has {named}: {closing}?",
            "if so, name it in market.extra_closings",
        )


def _fetched_since(moment: datetime, home: Home, source: str, symbol: str) -> bool:
    """Whether the source gave the symbol's bars after a moment."""
    bar = last_bar(home, source, symbol)
    try:
        return bar is not None and parse_iso(bar.fetched_at or "") >= moment
    except ValueError:
        return False
