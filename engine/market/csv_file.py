"""One CSV file of daily bars in any dialect: column order and case, $, thousands, US dates."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.core.errors import FileError, NoDataError
from engine.core.reading import read_bytes
from engine.core.text import clean
from engine.market.rows import COLUMNS, Rows

Value = TypeVar("Value")
MAX_BYTES = 32_000_000
"""Larger files are refused: a century of daily bars of one symbol is below 3 MB."""
_NAMES = {
    "close/last": "close",
    "last": "close",
    "vol": "volume",
    "vol.": "volume",
    "timestamp": "date",
    "datetime": "date",
}
_EMPTY = {"", "null", "nan", "none", "n/a", "na", "-"}
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]\d.*)?")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d.*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
# A comma is a separator of thousands or nothing: "15,47" is refused, never read as 1547.
_NUMBER = re.compile(r"-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?")


def read_rows(
    path: Path, symbol: str, source: str, start: date | None = None, *, links: bool = False
) -> Rows:
    """The rows of a file from `start` on, in the order of the file, without `fetched_at`.

    `links`: the file may be a link. Raises FileNotFoundError, and NoDataError naming file and
    line for no date or no number.
    """
    lines = _lines(path, links=links)
    position = _positions(path, next(lines, (1, []))[1])
    columns = [position[name] for name in COLUMNS]
    days: list[date] = []
    line_numbers: list[int] = []
    values: list[list[float]] = []
    for line, fields in lines:
        if not any(map(str.strip, fields)):
            continue
        day = _parsed(parse_day, fields, position["date"], path, line)
        if start is None or day >= start:
            days.append(day)
            line_numbers.append(line)
            values.append(_numbers(fields, columns, path, line))
    return Rows(
        symbol=symbol,
        source=source,
        origin=shown_path(path),
        days=tuple(days),
        values=np.array(values, dtype=np.float64).reshape(len(days), len(COLUMNS)),
        lines=tuple(line_numbers),
    )


def _numbers(fields: list[str], columns: list[int], path: Path, line: int) -> list[float]:
    try:
        return [float(fields[column]) for column in columns]  # plain numbers: nine files in ten
    except (ValueError, IndexError):
        return [_parsed(parse_number, fields, column, path, line) for column in columns]


def shown_path(path: Path) -> str:
    """The path as messages show it: a folder's name is text from outside."""
    return clean(str(path), 300)


def _lines(path: Path, *, links: bool) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of a file; NoDataError when it is no text, too large or no CSV."""
    try:
        raw = read_bytes(path, MAX_BYTES, links=links)
    except FileError as error:
        hint = error.hint or "a file of daily bars is plain text, and far smaller than 32 MB"
        raise NoDataError(error.message, hint) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoDataError(
            f"{shown_path(path)} is not UTF-8 text (byte {error.start})", "save it as CSV in UTF-8"
        ) from error
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise NoDataError(
            f"{shown_path(path)} line {reader.line_num}: {clean(str(error), 80)}",
            "save it as plain CSV",
        ) from error


def _positions(path: Path, header: list[str]) -> dict[str, int]:
    """The index of each needed column; others are ignored (Adj Close among them)."""
    names = [_NAMES.get(name, name) for name in (field.strip().lower() for field in header)]
    for name in ("date", *COLUMNS):
        if names.count(name) != 1:
            fault = "no column" if name not in names else "more than one column"
            header_text = clean(",".join(header), 120) or "nothing"
            raise NoDataError(
                f"{shown_path(path)} line 1: {fault} {name} in the header {header_text!r}",
                "needed: date,open,high,low,close,volume",
            )
    return {name: names.index(name) for name in ("date", *COLUMNS)}


def _parsed(
    parse: Callable[[str], Value], fields: list[str], column: int, path: Path, line: int
) -> Value:
    text = fields[column] if column < len(fields) else ""
    try:
        return parse(text)
    except ValueError as error:
        raise NoDataError(
            f"{shown_path(path)} line {line}: {clean(text, 40)!r} is {error}", "correct the file"
        ) from error


def parse_day(text: str) -> date:
    """The day of 2024-03-01, 2024-03-01 00:00:00-05:00, 20240301, 03/01/2024 or Mar 01, 2024.

    Else ValueError. A stamp with a zone is midnight at the exchange, or in UTC: its own day is the
    session either way.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        return _parse_other_day(text.strip())


def _parse_other_day(text: str) -> date:
    try:
        if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
            return date(*(int(part) for part in match.groups()))
        if match := _US.fullmatch(text):
            month, day, year = (int(part) for part in match.groups())
            return date(year, month, day)
        return datetime.strptime(text, "%b %d, %Y").date()
    except ValueError:
        raise ValueError("not a date") from None


def parse_number(text: str) -> float:
    """The number of 15.47, $15.47 or 2,187,767; NaN for an empty field; else ValueError."""
    bare = text.strip()
    if bare.lower() in _EMPTY:
        return float("nan")
    if not _NUMBER.fullmatch(bare) or not any(char.isdigit() for char in bare):
        raise ValueError("not a number")
    return float(bare.replace(",", "").replace("$", ""))
