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


def fetch(request: BarsRequest) -> Bars:
    """The bars of DIR/SYM.csv from `min_date` on, `fetched_at` = when the file was written.

    Raises SourceAbsentError without that file, NoDataError where a bar cannot be true.

    The folder is its own clock: old bars are not stale. Only a newest bar captured during its own
    session (by the file's time, or because that session is not over now) is dropped.
    """
    path = Path(request.source.folder) / f"{request.symbol}.csv"
    try:
        rows = read_rows(path, request.symbol, request.source.name, request.min_date)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise _absent(path) from error
    moments = (written, request.clock.now())
    bars = quality.checked_bars(
        replace(rows, fetched_at=written), moments, request.settings.market.settle_minutes
    )
    return quality.with_missing_warning(_dated(bars, calendar.exchange_day(request.clock.now())))


def _dated(bars: Bars, today: date) -> Bars:
    """The bars, with a warning where the newest is in the future: a slip, or a wrong clock."""
    if bars.last_date <= today:
        return bars
    return bars.with_warnings(
        f"{bars.symbol}: the newest bar is of {bars.last_date}, and today is {today}: is its date"
        " wrong, or the clock?"
    )


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
