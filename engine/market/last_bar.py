"""The newest stored bar of a symbol, the console's last close: read from the end, no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.core.errors import FileError, UsageError
from engine.core.paths import Home
from engine.core.reading import read_end, read_json
from engine.core.sources import parse_source
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.market.csv_names import file_of

_TAIL = 512
"""Bytes that hold the last line of a stored file: one line is below 120."""
_YEAR = 260 * 120


@dataclass(frozen=True, slots=True)
class LastBar:
    """The newest stored bar: its session as ISO text, its close in dollars."""

    date: str
    close: float
    rows: int | None = None
    """Bars in the file, if the facts beside it belong to this last bar."""
    fetched_at: str | None = None
    """UTC ISO time of the fetch."""


def last_bar(home: Home, source_text: str, symbol: str) -> LastBar | None:
    """The newest stored bar of `symbol`; None without one, or where the file is damaged."""
    if not SYMBOL.fullmatch(symbol):
        raise UsageError(f"not a symbol: {clean(symbol, 40)!r}")
    line = newest_close(home, source_text, symbol)
    if line is None:
        return None
    day, close = line
    path = home.market / parse_source(source_text).key / f"{symbol}.csv"
    facts = _facts(path.with_suffix(".json"))
    rows = facts.get("rows") if facts.get("last_bar") == day else None
    fetched_at = facts.get("fetched_at")
    return LastBar(
        day,
        close,
        rows if isinstance(rows, int) else None,
        fetched_at if isinstance(fetched_at, str) else None,
    )


def newest_close(home: Home, source_text: str, symbol: str) -> tuple[str, float] | None:
    """Day and close of the newest stored bar, as `last_bar` has them without the facts."""
    return _last_line(home.market / parse_source(source_text).key / f"{symbol}.csv")


def newest_days(home: Home, source_text: str, symbol: str) -> frozenset[date]:
    """The days of the newest bars of `symbol`, more than a year of them; empty without a file."""
    path = home.market / parse_source(source_text).key / f"{symbol}.csv"
    try:
        lines = read_end(path, _YEAR).decode("ascii", "replace").splitlines()[1:]
        return frozenset(date.fromisoformat(line.partition(",")[0]) for line in lines)
    except (OSError, FileError, ValueError):
        return frozenset()


def bars_mtime_ns(home: Home, source_text: str, symbol: str) -> int:
    """When the file of a symbol's bars was written, a folder's own before its copy; 0 without."""
    source = parse_source(source_text)
    stored = home.market / source.key / f"{symbol}.csv"
    for path in (file_of(source.folder, symbol), stored) if source.folder else (stored,):
        try:
            return path.stat().st_mtime_ns
        except OSError:
            continue
    return 0


def _last_line(path: Path) -> tuple[str, float] | None:
    try:
        lines = read_end(path, _TAIL).decode("ascii", "replace").splitlines()
        fields = lines[-1].split(",")
        return date.fromisoformat(fields[0]).isoformat(), float(fields[4])
    except (OSError, FileError, ValueError, IndexError):
        return None


def _facts(path: Path) -> dict[str, object]:
    try:
        return read_json(path, dict[str, object])
    except (OSError, FileError):
        return {}
