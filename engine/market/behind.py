"""How far stored bars lie behind the exchange; only bars of a network source go stale by the clock."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from engine.market.calendar import last_complete_session, sessions_between
from engine.market.source import SOURCES


def bars_behind(last_bar: str, source: str, now: datetime, settle_minutes: int) -> int | None:
    """Complete sessions after `last_bar` (ISO day); None for bars that are their own clock (csv, simulated)."""
    found = SOURCES.get(source.partition(":")[0])
    if found is None or not found.network:
        return None
    return _sessions_after(last_bar, last_complete_session(now, settle_minutes))


@lru_cache(maxsize=256)  # a console asks for every row once a second
def _sessions_after(last_bar: str, newest: date) -> int:
    return max(0, len(sessions_between(date.fromisoformat(last_bar), newest)) - 1)


def stale_words(behind: int | None) -> str:
    """What a row says of a forecast whose session is over; empty while it is not."""
    if not behind:
        return ""
    return f"bars end {behind} session{'' if behind == 1 else 's'} ago: stale forecast"
