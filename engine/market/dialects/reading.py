"""One file in any dialect as rows, with how it was understood and notes of what was left out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np

from engine.core.errors import NoDataError
from engine.core.text import clean
from engine.market.bars import Floats
from engine.market.dialects.bar_records import BarRecords, bar_records
from engine.market.dialects.content import decoded, shown_path
from engine.market.dialects.fault import DialectError
from engine.market.dialects.left_out import LeftOut
from engine.market.dialects.numbers import NumberForm, number_form
from engine.market.dialects.splits import adjusted
from engine.market.dialects.table import DELIMITERS, Layout, layout_of, records
from engine.market.import_plan import Understood
from engine.market.rows import COLUMNS, Rows


@dataclass(frozen=True, slots=True)
class FileReading:
    """The rows of a file, and how it was understood."""

    rows: Rows
    understood: Understood


def read_dialect(
    path: Path, raw: bytes, symbol: str, source: str, start: date | None = None
) -> FileReading:
    """The rows of a file from `start` on, in its order, without `fetched_at`.

    Raises NoDataError naming file, line and text for what cannot be read, or in two ways.
    """
    origin = shown_path(path)
    text, encoding = decoded(raw, path, lambda text: _has_layout(text, symbol))
    left_out = LeftOut()
    try:
        layout = layout_of(text, symbol)
        below = islice(records(text, layout.delimiter), layout.start, None)
        bars = bar_records(below, layout, symbol, start, left_out)
        values, numbers = _values(bars, layout, left_out)
        values, splits = _on_one_base(bars, layout, values, numbers)
    except csv.Error as error:
        raise NoDataError(f"{origin}: {clean(str(error), 80)}", "save it as plain CSV") from error
    except DialectError as error:
        place = f"{origin} line {error.line}" if error.line else origin
        raise NoDataError(f"{place}: {clean(str(error), 300)}", error.hint) from error
    rows = Rows(
        symbol=symbol,
        source=source,
        origin=origin,
        days=tuple(bars.days),
        values=values,
        lines=tuple(bars.lines),
        splits=splits,
        notes=tuple(left_out.notes(origin)),
    )
    return FileReading(rows, _understood(bars, layout, encoding, numbers))


def _has_layout(text: str, symbol: str) -> bool:
    try:
        layout_of(text, symbol)
    except DialectError:
        return False
    return True


def _values(bars: BarRecords, layout: Layout, left_out: LeftOut) -> tuple[Floats, NumberForm]:
    """[n, 5] values of the bars, and how the numbers are written."""
    columns = [bars.column(layout.places[name]) for name in COLUMNS]
    prices = [text for row in zip(*columns[:4], strict=True) for text in row]
    form = number_form(prices, columns[4], layout.delimiter, bars.lines)
    parsers = (form.value, form.value, form.value, form.value, form.volume)
    values = np.empty((len(bars.days), len(COLUMNS)))
    for place, (texts, parse) in enumerate(zip(columns, parsers, strict=True)):
        for row, text in enumerate(texts):
            try:
                values[row, place] = parse(text)
            except ValueError:
                raise DialectError(
                    f"{clean(text, 40)!r} is not a number", bars.lines[row]
                ) from None
    _fill_volumes(bars, values, left_out)
    return values, form


def _fill_volumes(bars: BarRecords, values: Floats, left_out: LeftOut) -> None:
    """Put 0 where a bar has no volume, as those of an index; the newest of others is unfinished."""
    empty = np.isnan(values[:, 4])
    newest = max(bars.days, default=date.max)
    for row in np.flatnonzero(empty):
        if empty.all() or bars.days[row] != newest:
            values[row, 4] = 0.0
            left_out.without_volume(bars.lines[row], bars.days[row])


def _on_one_base(
    bars: BarRecords, layout: Layout, values: Floats, numbers: NumberForm
) -> tuple[Floats, tuple[tuple[date, float], ...]]:
    """The values with the splits applied that a column of the file names."""
    place = layout.places.get("split")
    if place is None:
        return values, ()
    return adjusted(bars.days, values, _ratios(bars, place, numbers))


def _ratios(bars: BarRecords, place: int, numbers: NumberForm) -> Sequence[float]:
    ratios = []
    for line, text in zip(bars.lines, bars.column(place), strict=True):
        try:
            ratios.append(numbers.value(text))
        except ValueError:
            raise DialectError(f"the split {clean(text, 40)!r} is not a number", line) from None
    return ratios


def _understood(bars: BarRecords, layout: Layout, encoding: str, numbers: NumberForm) -> Understood:
    text, day = bars.first_date or ("", None)
    return Understood(
        columns=tuple(
            (column, clean(layout.headers[place], 40) if layout.headers else f"column {place + 1}")
            for column, place in layout.places.items()
        ),
        encoding=encoding,
        delimiter=DELIMITERS.get(layout.delimiter, layout.delimiter),
        first_date=f"{clean(text, 40)!r} is {day}" if day else "",
        numbers=str(numbers),
        early=bars.early,
    )
