"""The source csv:DIR: a folder with one SYM.csv for each symbol."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from engine.core.text import clean
from engine.market import calendar, quality
from engine.market.bars import Bars
from engine.market.csv_file import read_rows, shown_path
from engine.market.request import BarsRequest, SourceAbsentError


def fetch(asked: BarsRequest) -> Bars:
    """The bars of DIR/SYM.csv from `min_date` on, `fetched_at` = when the file was written.

    Raises SourceAbsentError without that file, NoDataError where a bar cannot be true.

    The folder is its own clock: old bars are not stale. Only a newest bar that was captured
    during its own session (by the file's time, or because that session is not over now) is
    dropped.
    """
    path = Path(asked.source.folder) / f"{asked.symbol}.csv"
    try:
        rows = read_rows(path, asked.symbol, asked.source.name, asked.min_date)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise _absent(path) from error
    moments = (written, asked.clock.now())
    bars = quality.checked_bars(
        replace(rows, fetched_at=written), moments, asked.settings.market.settle_minutes
    )
    return quality.with_missing_warning(_dated(bars, calendar.exchange_day(asked.clock.now())))


def _dated(bars: Bars, today: date) -> Bars:
    """The bars, with a warning where the newest is of a day to come: a slip in the file, or a
    clock that is wrong."""
    if bars.last_date <= today:
        return bars
    words = (
        f"{bars.symbol}: the newest bar is of {bars.last_date}, and today is {today}: is its date"
        " wrong, or the clock?"
    )
    return replace(bars, warnings=(*bars.warnings, words))


def _absent(path: Path) -> SourceAbsentError:
    if not path.parent.is_dir():
        return SourceAbsentError(
            f"no folder {shown_path(path.parent)}",
            "name a folder of SYM.csv files: --source csv:DIR",
        )
    there = sorted(clean(file.name, 30) for file in path.parent.glob("*.csv"))[:8]
    hint = (
        f"it holds {' '.join(there) or 'no csv file'}; name a folder of SYM.csv files: --source"
        " csv:DIR"
    )
    return SourceAbsentError(f"no {path.name} in {shown_path(path.parent)}", hint)
