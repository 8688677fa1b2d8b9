"""A file of another program brought into a folder of CSV files, in stockml's own shape."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine.core.errors import NoDataError, StockmlError, UsageError
from engine.core.files import has_bytes, write_atomic
from engine.market import quality
from engine.market.bars import Bars, data_hash
from engine.market.csv_file import read_rows
from engine.market.csv_folder import checked
from engine.market.csv_names import files_of, own_name
from engine.market.dialects.content import shown_path, unpacked_bytes
from engine.market.dialects.reading import read_dialect
from engine.market.fetch import doubted
from engine.market.import_plan import ImportPlan, Understood
from engine.market.request import BarsRequest
from engine.market.store import csv_bytes


def plan_import(request: BarsRequest, file: Path) -> ImportPlan:
    """The bars of `file` for the symbol's file in the folder of the source.

    Raises UsageError for a source without a folder, NoDataError for a file that cannot be read.
    """
    if not request.source.folder:
        raise UsageError(
            f"an import writes into a folder, and the source is {request.source.name}",
            "name the folder: --source csv:DIR",
        )
    folder = Path(request.source.folder)
    bars, understood = _read(request, file)
    try:
        replaced = tuple(files_of(folder, request.symbol))
    except FileNotFoundError:
        replaced = ()
    except OSError as error:
        raise StockmlError(f"cannot read {shown_path(folder)}: {error.strerror}") from error
    target = folder / own_name(request.symbol)
    return ImportPlan(
        file=file,
        target=target,
        bars=bars,
        understood=understood,
        replaced=replaced,
        unchanged=replaced == (target,) and has_bytes(target, csv_bytes(bars)),
    )


def _read(request: BarsRequest, file: Path) -> tuple[Bars, Understood]:
    try:
        raw = unpacked_bytes(file, links=True)
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise NoDataError(f"no file {shown_path(file)}", "check the path") from error
    reading = read_dialect(file, raw, request.symbol, request.source.name, request.min_date)
    rows = replace(reading.rows, fetched_at=written)
    bars = checked(request, rows)
    if reading.understood.early:
        bars = bars.with_warnings(
            f"{reading.understood.early} rows before {request.min_date}, the symbol's min_date in"
            " the settings, are not imported"
        )
    return doubted(request, bars), reading.understood


def write_import(plan: ImportPlan, now: datetime) -> tuple[Path, ...]:
    """Write the bars of `plan`, read them back, and return where the files before are kept.

    Raises StockmlError where that fails; the files before are then as they were.
    """
    mark = f"{now:%Y%m%d-%H%M%S}"
    kept: list[Path] = []
    try:
        if plan.target in plan.replaced:
            kept.append(_second_name(plan.target, mark))
        write_atomic(plan.target, csv_bytes(plan.bars), name="import")
        for path in plan.replaced:
            if path != plan.target:
                kept.append(_free_name(path, mark))
                path.rename(kept[-1])
    except OSError as error:
        if kept and plan.target in plan.replaced:
            kept[0].unlink(missing_ok=True)  # the file before still has its own name
        raise StockmlError(
            f"cannot write {shown_path(plan.target)}: {error.strerror}", "check the folder and disk"
        ) from error
    rows = read_rows(plan.target, plan.bars.symbol, plan.bars.source)
    if data_hash(quality.checked_bars(rows)) != data_hash(plan.bars):
        raise StockmlError(
            f"{shown_path(plan.target)} reads back to other bars", "import it again; check the disk"
        )
    return tuple(kept)


def _second_name(path: Path, mark: str) -> Path:
    """Give a file a second name, by a link or, where the disk knows none, a copy."""
    second = _free_name(path, mark)
    try:
        os.link(path, second, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, second)
    return second


def _free_name(path: Path, mark: str) -> Path:
    """`MP.csv.before-20261130-221500`, which no reader takes for a symbol's file."""
    name = path.with_name(f"{path.name}.before-{mark}")
    number = 1
    while os.path.lexists(name):
        number += 1
        name = path.with_name(f"{path.name}.before-{mark}-{number}")
    return name
