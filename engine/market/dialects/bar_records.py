"""Which records of a file are bars; the others are left out by name, or end the reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.market.dialects.dates import FIRST_YEAR, read_days
from engine.market.dialects.fault import DialectError
from engine.market.dialects.left_out import LeftOut
from engine.market.dialects.names import plain_name
from engine.market.dialects.numbers import is_empty, looks_like_a_number
from engine.market.dialects.table import Layout, Record, repeats_header
from engine.market.dialects.tickers import is_ticker_of

_PRICES = ("open", "high", "low", "close")
_SUMMARY = frozenset(
    {
        *("total", "sum", "average", "mean", "median", "count", "min", "max", "minimum", "maximum"),
        *("high", "low", "highest", "lowest", "summe", "durchschnitt", "mittelwert", "moyenne"),
        *("media", "promedio", "gemiddelde"),
    }
)
"""Words in the place of a day that make a record a summary of the others."""
_DAILY = frozenset({"", "d", "1d", "day", "daily", "1440", "24h"})


@dataclass(slots=True)
class BarRecords:
    """The records of bars, as texts."""

    days: list[date] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)
    early: int = 0
    """Records of days before the one asked from."""
    first_date: tuple[str, date] | None = None
    """The text of the first date, and the day it means."""

    def column(self, place: int) -> list[str]:
        """The texts of a column, empty where a record is too short."""
        return [_at(fields, place) for fields in self.fields]


def _at(fields: Sequence[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""


def bar_records(
    records: Iterable[Record], layout: Layout, symbol: str, start: date | None, left_out: LeftOut
) -> BarRecords:
    """The records of the symbol's bars from `start` on.

    Raises DialectError for a record that has numbers and no day, a day before 1900 or more fields
    than the header, and for a file of another symbol or of other bars than daily ones.
    """
    written = [record for record in records if not _is_blank(record[1])]
    own = _own(written, layout, symbol, left_out)
    texts = [_at(fields, layout.places["date"]) for _, fields in own]
    days = read_days(texts, [line for line, _ in own]).days if own else ()
    bars = BarRecords()
    for (line, fields), day, text in zip(own, days, texts, strict=True):
        if day is None:
            _leave_out(line, fields, layout, left_out, text)
            continue
        if day.year < FIRST_YEAR:
            raise DialectError(f"{text!r} is before {FIRST_YEAR}", line)
        bars.first_date = bars.first_date or (text, day)
        if start and day < start:
            bars.early += 1
        elif _is_bar(line, day, fields, layout, left_out):
            bars.days.append(day)
            bars.lines.append(line)
            bars.fields.append(fields)
    return bars


def _is_blank(fields: Sequence[str]) -> bool:
    """Whether a record has nothing, or is a comment."""
    first = _at(fields, 0)
    return not any(fields) or (first.startswith(("#", "//")) and not is_empty(first))


def _own(records: list[Record], layout: Layout, symbol: str, left_out: LeftOut) -> list[Record]:
    """The records of the symbol, where the file names tickers; all of them elsewhere."""
    if (place := layout.places.get("period")) is not None:
        for line, fields in records:
            if _at(fields, place).lower() not in _DAILY and not repeats_header(fields, layout):
                raise DialectError(
                    f"the period of the bars is {_at(fields, place)!r}", line, "export daily bars"
                )
    if (place := layout.places.get("ticker")) is None:
        return records
    own, others = [], []
    for line, fields in records:
        ticker = _at(fields, place)
        if is_empty(ticker) or is_ticker_of(ticker, symbol) or repeats_header(fields, layout):
            own.append((line, fields))
        else:
            others.append((line, ticker))
    if others and not own:
        line, ticker = others[0]
        raise DialectError(
            f"the bars are of {ticker!r}, not of {symbol}", line, f"export the bars of {symbol}"
        )
    for line, ticker in others:
        left_out.of_ticker(line, ticker)
    return own


def _leave_out(line: int, fields: list[str], layout: Layout, left_out: LeftOut, text: str) -> None:
    """Name a record without a day; DialectError where it has prices."""
    if repeats_header(fields, layout):
        left_out.header(line)
    elif plain_name(text) in _SUMMARY:
        _name_text(line, fields, left_out)
    elif any(looks_like_a_number(_at(fields, layout.places[name])) for name in _PRICES):
        raise DialectError(f"{text!r} is not a date", line)
    else:
        _name_text(line, fields, left_out)


def _name_text(line: int, fields: list[str], left_out: LeftOut) -> None:
    if any("\n" in text or "\r" in text for text in fields):
        raise DialectError("a quote that is not closed", line)
    left_out.text(line, fields)


def _is_bar(line: int, day: date, fields: list[str], layout: Layout, left_out: LeftOut) -> bool:
    """Whether a record with a day has prices; one without is left out by name."""
    prices = [_at(fields, layout.places[name]) for name in _PRICES]
    filled = [text for text in prices if not is_empty(text)]
    if not any(text.strip("0.,") for text in filled):
        left_out.without_prices(line, day)
        return False
    if sum(map(bool, fields)) == 2 and not any(map(looks_like_a_number, filled)):
        _name_text(line, fields, left_out)  # `0.04 Dividend` or `10:1 Stock Splits` of Yahoo's page
        return False
    if any(fields[layout.width :]):
        raise DialectError(
            f"{len(fields)} fields where the header has {layout.width}: a comma inside a number?",
            line,
            "put numbers with commas in quotes, or part the fields by semicolons",
        )
    return True
