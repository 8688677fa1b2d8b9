"""Earnings: each symbol's newest release, looked up through yfinance once a day; ETFs have none.

The scraped page has been wrong (a day early, absent for months), so a release is only a reason,
shown with the age of its look-up; without yfinance or network it is unknown.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.core.child import child_environment
from engine.core.clock import Clock, iso, parse_iso
from engine.core.files import write_json
from engine.core.paths import Home
from engine.core.symbols import SYMBOL
from engine.market.calendar import NEW_YORK

FRESH = timedelta(days=1)
LIMIT_S = 20.0
"""Seconds the look-up of all symbols may take."""


@dataclass(frozen=True, slots=True)
class Releases:
    """The release dates known of one symbol, and when they were looked up."""

    days: tuple[date, ...] = ()
    fetched_at: datetime | None = None

    def newest(self, today: date) -> date | None:
        """The newest release up to `today`; None when none is known."""
        return max((day for day in self.days if day <= today), default=None)


def path_of(home: Home) -> Path:
    """The file of the stored releases."""
    return home.market / "earnings.json"


def read(home: Home) -> dict[str, Releases]:
    """The stored releases; empty when missing or unreadable."""
    try:
        tree = json.loads(path_of(home).read_bytes())
        return {
            str(symbol): Releases(
                tuple(date.fromisoformat(day) for day in releases["days"]),
                parse_iso(releases["fetched_at"]),
            )
            for symbol, releases in tree.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def refresh(home: Home, symbols: tuple[str, ...], clock: Clock, limit_s: float = LIMIT_S) -> str:
    """Refresh releases older than a day in a child with a time limit; return what failed."""
    known = read(home)
    now = clock.now()
    old = [
        name
        for name in symbols
        if (at := known.get(name, Releases()).fetched_at) is None or now - at > FRESH
    ]
    if not old:
        return ""
    looked_up, fault = _run_child(home, old, limit_s)
    if not looked_up:
        return fault
    merged = {
        name: {"days": [str(day) for day in each.days], "fetched_at": iso(each.fetched_at or now)}
        for name, each in known.items()
    }
    merged |= {name: {"days": days, "fetched_at": iso(now)} for name, days in looked_up.items()}
    try:
        write_json(path_of(home), merged, name="earnings")
    except OSError as error:
        return f"earnings could not be kept: {error.strerror}"
    return fault


def _run_child(home: Home, symbols: list[str], limit_s: float) -> tuple[dict[str, list[str]], str]:
    """The dates the child printed, even if stopped, and what failed in words."""
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "engine.watch.earnings", *symbols],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            cwd=home.root,
            env=child_environment(),
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        printed = error.stdout if isinstance(error, subprocess.TimeoutExpired) else None
        fault = f"earnings could not be looked up ({type(error).__name__})"
        return _parse_lines(printed or b""), fault
    failed = f"earnings could not be looked up (exit {child.returncode})"
    return _parse_lines(child.stdout), failed if child.returncode else ""


def _parse_lines(printed: bytes) -> dict[str, list[str]]:
    """The lines of the child, one a symbol; after a stop the last one may be torn."""
    dates: dict[str, list[str]] = {}
    for line in printed.splitlines():
        with suppress(ValueError, TypeError):
            dates |= json.loads(line)
    return dates


def _look_up(symbols: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Release dates by symbol; a symbol that cannot be looked up is left out."""
    import logging

    import yfinance

    logging.disable()
    for symbol in filter(SYMBOL.fullmatch, symbols):
        try:
            table = yfinance.Ticker(symbol).get_earnings_dates(limit=12)
        except Exception:  # noqa: BLE001 - a scraped page fails in every way there is
            continue
        index = [] if table is None else list(table.index)
        yield symbol, [str(_day(moment)) for moment in index]


def _day(moment: datetime) -> date:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(NEW_YORK).date()


if __name__ == "__main__":
    for name, days in _look_up(sys.argv[1:]):
        sys.stdout.write(f"{json.dumps({name: days})}\n")
        sys.stdout.flush()
