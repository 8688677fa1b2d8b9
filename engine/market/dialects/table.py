"""A text as records under named columns: which character parts the fields, where the header is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.market.dialects.dates import looks_like_a_day
from engine.market.dialects.fault import DialectError
from engine.market.dialects.names import BARS, column_of, columns_of
from engine.market.dialects.numbers import looks_like_a_number
from engine.market.dialects.stacked import stacked_header

Record = tuple[int, list[str]]
"""The line on which a record ends, and its fields without blanks around them."""
DELIMITERS = {
    "\t": "tabs",
    ";": "semicolons",
    "|": "vertical bars",
    ",": "commas",
    " ": "blanks",
    "  ": "two or more blanks",
}
"""The characters that part fields, in the order in which they are tried."""
NEEDED = "needed: date,open,high,low,close,volume; docs/bars.md lists the names that are read"
_HEAD_RECORDS = 60
"""Records in which the header is looked for; exports put up to 20 lines of text before it."""
_TEXT_FIELDS = 4
"""Fields of a line of text above the bars at most."""
_HEAD_CHARACTERS = 100_000
_DECLARED = re.compile(r"\ufeff?sep=(.)\s*$", re.IGNORECASE)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?|[0-9]{4}(?:[0-9]{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the columns are, and how fields are parted."""

    delimiter: str
    headers: tuple[str, ...]
    """The names of the columns; empty in a file without a header."""
    places: dict[str, int]
    """The place of each column, by its name in `names.NAMES`."""
    width: int
    """Fields of a record; more of them are a comma inside a number."""
    start: int
    """Records before the first bar: the header and the text before it."""


def records(text: str, delimiter: str) -> Iterator[Record]:
    """The records of a text; csv.Error where it is none."""
    lines = io.StringIO(text, newline="")
    if delimiter.isspace() and delimiter != "\t":
        blanks = re.compile(r"\s+" if delimiter == " " else r"\s{2,}")
        for number, line in enumerate(lines, 1):
            yield number, blanks.split(line.strip())
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    for fields in reader:
        yield reader.line_num, [_plain(field) for field in fields]


def _plain(field: str) -> str:
    """A field without blanks around it, and without Excel's `="…"` that keeps it a text."""
    field = field.strip()
    return field[2:-1].strip() if field.startswith('="') and field.endswith('"') else field


def layout_of(text: str, symbol: str) -> Layout:
    """The layout of a text; DialectError where it has no columns of bars.

    The first of these wins: a header that names all six columns, the stacked header of a pandas
    frame, rows that begin with a day and have five numbers.
    """
    declared = _DECLARED.match(text[:10].partition("\n")[0].rstrip("\r"))
    heads = {
        delimiter: _head(text[:_HEAD_CHARACTERS], delimiter)
        for delimiter in ((declared[1],) if declared else DELIMITERS)
    }
    for layout_in in (_named, _stacked, _without_header):
        for delimiter, head in heads.items():
            if layout := layout_in(delimiter, head, symbol):
                return layout
    raise _no_layout(list(heads.values()))


def _head(text: str, delimiter: str) -> list[Record]:
    """The first records; none where they cannot be parted by this character."""
    try:
        return list(islice(records(text, delimiter), _HEAD_RECORDS))
    except csv.Error:
        return []


def _named(delimiter: str, head: Sequence[Record], _symbol: str) -> Layout | None:
    for start, (_, fields) in enumerate(head, 1):
        places = columns_of(fields)
        if all(len(places.get(column, ())) == 1 for column in BARS):
            return Layout(
                delimiter=delimiter,
                headers=tuple(fields),
                places={column: first for column, (first, *_) in places.items()},
                width=len(fields),
                start=start,
            )
    return None


def _stacked(delimiter: str, head: Sequence[Record], symbol: str) -> Layout | None:
    stacked = stacked_header([fields for _, fields in head], symbol)
    if stacked is None:
        return None
    headers, start = stacked
    layout = _named(delimiter, [(0, headers)], symbol)
    if layout is None:
        return None
    return Layout(
        delimiter=delimiter,
        headers=layout.headers,
        places=layout.places,
        width=layout.width,
        start=start,
    )


def _without_header(delimiter: str, head: Sequence[Record], _symbol: str) -> Layout | None:
    """The layout of rows such as MetaTrader's: [ticker,] day [, time], open, high, low, close,
    volume.
    """
    for start, (_, fields) in enumerate(head):
        if start and sum(map(bool, head[start - 1][1])) > _TEXT_FIELDS:
            return None  # a header with other names: the columns may be in any order
        for day in (0, 1):
            numbers = day + 1
            if not looks_like_a_day("".join(fields[day : day + 1])):
                continue
            numbers += bool(_TIME.fullmatch("".join(fields[numbers : numbers + 1])))
            prices = fields[numbers : numbers + 5]
            more = fields[numbers + 5 :]
            if any(text.strip("0.,") for text in more):
                continue  # ticks or shares: which of them is the volume?
            if len(prices) == 5 and all(map(looks_like_a_number, prices)):
                places = {"date": day, **{name: numbers + k for k, name in enumerate(BARS[1:])}}
                return Layout(
                    delimiter=delimiter,
                    headers=(),
                    places=places if not day else {"ticker": 0, **places},
                    width=len(fields),
                    start=start,
                )
    return None


def _no_layout(heads: Sequence[Sequence[Record]]) -> DialectError:
    """The fault the line that names most columns lacks."""
    lines = [record for head in heads for record in head if any(record[1])]
    if not lines:
        return DialectError("no column date in the header ''", 1, NEEDED)
    line, fields = max(lines, key=lambda record: len(columns_of(record[1]).keys() & set(BARS)))
    places = columns_of(fields)
    shown = ",".join(fields)
    for column in BARS:
        if len(places.get(column, ())) != 1:
            fault = "no column" if column not in places else "more than one column"
            return DialectError(f"{fault} {column} in the header {shown!r}", line, NEEDED)
    return DialectError(f"no rows below the header {shown!r}", line, NEEDED)


def repeats_header(fields: Sequence[str], layout: Layout) -> bool:
    """Whether a record is the header again, as joined files have it."""
    return all(
        place < len(fields) and column_of(fields[place]) == column
        for column, place in layout.places.items()
        if column in BARS
    )
