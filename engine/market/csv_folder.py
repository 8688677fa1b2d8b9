"""The source csv:DIR: a folder with one file for each symbol, in any dialect of CSV."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.core.errors import NoDataError
from engine.core.reading import unreachable
from engine.core.text import clean
from engine.market import quality
from engine.market.bars import Bars
from engine.market.csv_file import read_rows
from engine.market.csv_names import files_of, own_name
from engine.market.dialects.content import shown_path
from engine.market.quality import ROUNDING
from engine.market.request import BarsRequest, SourceAbsentError
from engine.market.rows import Rows
from engine.market.sieve import clamped
from engine.words.phrases import plural

_NAMED = 5


def fetch(request: BarsRequest) -> Bars:
    """The bars of the symbol's file from `min_date` on, `fetched_at` = when it was written.

    Raises SourceAbsentError without that file, NoDataError for two of them, and where a bar cannot
    be true.

    A row after the last complete session is dropped, and so is a newest bar captured during its own
    session by the file's time.
    """
    path = file_for(Path(request.source.folder), request.symbol)
    try:
        name, start = request.source.name, request.min_date
        rows = read_rows(path, request.symbol, name, start, links=True)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:  # gone since it was listed
        raise _absent(path.parent, path.name) from error
    return checked(request, replace(rows, fetched_at=written))


def checked(request: BarsRequest, rows: Rows) -> Bars:
    """The bars of a file's rows; NoDataError where one cannot be true.

    A high or low that misses open or close by a hair, as Yahoo's rounding has it, gives way.
    """
    moments = (rows.fetched_at,) if rows.fetched_at else ()
    rows = _widened(rows)
    settle_minutes = request.settings.market.settle_minutes
    bars = quality.checked_bars(rows, moments, settle_minutes, request.newest)
    return quality.with_missing_warning(bars)


def _widened(rows: Rows) -> Rows:
    values = clamped(rows.values)
    changed = np.flatnonzero((np.abs(values - rows.values) > ROUNDING * rows.values).any(axis=1))
    if not len(changed):
        return rows
    places = ", ".join(f"line {rows.lines[row]}" for row in changed[-_NAMED:])
    note = (
        f"{rows.origin}: high or low of {plural(len(changed), 'row')} widened by a hair: {places}"
    )
    return replace(rows, values=values, notes=(*rows.notes, note))


def file_for(folder: Path, symbol: str) -> Path:
    """The file of a symbol; SourceAbsentError without one, NoDataError for two."""
    try:
        files = files_of(folder, symbol)
        dangling = [file for file in files if file.is_symlink() and not file.exists()]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceAbsentError(
            f"no folder {shown_path(folder)}", "name a folder of SYM.csv files: --source csv:DIR"
        ) from error
    except OSError as error:
        raise NoDataError(
            f"cannot read {shown_path(folder)}: {error.strerror}",
            unreachable(folder, error).hint or "check the path and its permissions",
        ) from error
    if not files:
        raise _absent(folder, own_name(symbol))
    if len(files) > 1:
        names = " and ".join(clean(file.name, 40) for file in files)
        raise NoDataError(
            f"{shown_path(folder)} has more than one file of {symbol}: {names}",
            "remove or rename all but one of them",
        )
    if dangling:
        raise SourceAbsentError(
            f"{shown_path(files[0])} is a link to a file that is gone", "mend the link"
        )
    return files[0]


def _absent(folder: Path, name: str) -> SourceAbsentError:
    names = sorted(clean(file.name, 30) for file in folder.iterdir() if file.is_file())[:8]
    held = " ".join(names) or "no files"
    return SourceAbsentError(
        f"no {name} in {shown_path(folder)}",
        f"it holds {held}; name a folder of SYM.csv files: --source csv:DIR",
    )
