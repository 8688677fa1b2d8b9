"""How far bars are behind the exchange, of every source, and whether they stand in for a folder.

row, header, page, `status`, `predict`, `health`, alerts and the service say it by `bars_behind`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from engine.core.closings import extra_closings
from engine.core.errors import UsageError
from engine.core.sources import parse_source
from engine.core.text import clean
from engine.market.calendar import iter_sessions, last_complete_session
from engine.market.csv_names import file_of
from engine.words.phrases import bars_age


def bars_behind(last_bar: str, now: datetime, settle_minutes: int) -> int:
    """Complete sessions after `last_bar` (ISO day), whatever source the bars are of."""
    return sessions_after(last_bar, last_complete_session(now, settle_minutes))


def sessions_after(last_bar: str, newest: date) -> int:
    """Sessions after `last_bar` (ISO day) up to `newest`."""
    return _sessions_after(last_bar, newest, extra_closings())


@lru_cache(maxsize=256)  # a console asks for every row once a second
def _sessions_after(last_bar: str, newest: date, closed: frozenset[date]) -> int:  # noqa: ARG001
    return sum(1 for _ in iter_sessions(date.fromisoformat(last_bar) + timedelta(days=1), newest))


def stale_note(behind: int | None) -> str:
    """The note of a forecast whose session is over; empty while it is not."""
    if not behind:
        return ""
    return f"{bars_age(behind)}: stale forecast"


def stand_in_note(source: str, symbol: str, last_bar: str) -> str:
    """The note of a forecast from stored bars whose csv folder or file is gone, else empty."""
    try:
        folder = parse_source(source).folder
    except UsageError:
        return ""
    if not folder or file_of(folder, symbol).exists():
        return ""
    gone = f"no folder {clean(folder, 200)}"
    if Path(folder).is_dir():
        gone = f"no {symbol}.csv in {clean(folder, 200)}"
    return f"{gone}; its stored copy is used, up to {last_bar}"
