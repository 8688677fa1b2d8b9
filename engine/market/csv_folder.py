"""The source csv:DIR: a folder with one SYM.csv for each symbol."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine.core.text import clean
from engine.market import quality
from engine.market.bars import Bars
from engine.market.csv_file import read_rows, shown_path
from engine.market.request import BarsRequest, SourceAbsentError


def fetch(request: BarsRequest) -> Bars:
    """The bars of DIR/SYM.csv from `min_date` on, `fetched_at` = when the file was written.

    Raises SourceAbsentError without that file, NoDataError where a bar cannot be true.

    A row after the last complete session is dropped, and so is a newest bar captured during its own
    session by the file's time.
    """
    path = Path(request.source.folder) / f"{request.symbol}.csv"
    try:
        name, start = request.source.name, request.min_date
        rows = read_rows(path, request.symbol, name, start, links=True)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise _absent(path) from error
    settle_minutes = request.settings.market.settle_minutes
    rows = replace(rows, fetched_at=written)
    bars = quality.checked_bars(rows, (written,), settle_minutes, request.newest)
    return quality.with_missing_warning(bars)


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
