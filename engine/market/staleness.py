"""How far stored bars are behind the exchange, and whether they replace a folder that is gone.

Only bars of a network source go stale by the clock.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.sources import follows_exchange, parse_source
from engine.core.text import clean
from engine.market.calendar import last_complete_session, sessions_between


def bars_behind(last_bar: str, source: str, now: datetime, settle_minutes: int) -> int | None:
    """Complete sessions after `last_bar` (ISO day); None for csv and simulated bars."""
    if not follows_exchange(source):
        return None
    return _sessions_after(last_bar, last_complete_session(now, settle_minutes))


@lru_cache(maxsize=256)  # a console asks for every row once a second
def _sessions_after(last_bar: str, newest: date) -> int:
    return max(0, len(sessions_between(date.fromisoformat(last_bar), newest)) - 1)


def stale_note(behind: int | None) -> str:
    """The note of a forecast whose session is over; empty while it is not."""
    if not behind:
        return ""
    return f"bars end {behind} session{'' if behind == 1 else 's'} ago: stale forecast"


def stand_in_note(source: str, symbol: str, last_bar: str) -> str:
    """The note of a forecast from stored bars whose csv folder or file is gone, else empty."""
    try:
        folder = parse_source(source).folder
    except UsageError:
        return ""
    if not folder or Path(folder, f"{symbol}.csv").exists():
        return ""
    gone = f"no folder {clean(folder, 200)}"
    if Path(folder).is_dir():
        gone = f"no {symbol}.csv in {clean(folder, 200)}"
    return f"{gone}; its stored copy is used, up to {last_bar}"
