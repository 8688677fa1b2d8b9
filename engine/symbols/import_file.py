"""A list of symbols that an operator brings: a text file, or a table of an index or an exchange.

text    names separated by lines, blanks or commas; `#` begins a comment
table   a header with a column of names (symbol, ticker, …); comma, semicolon, tab or | between
        fields; lines before the header and after the last name are passed over
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from engine.core.errors import FileError, UsageError
from engine.core.reading import read_bytes
from engine.core.symbols import SYMBOL, Priority
from engine.core.text import clean
from engine.symbols.records import NewSymbol

MAX_BYTES = 8_000_000
_HEADERS = {
    "symbol": ("symbol", "ticker", "ticker symbol", "act symbol", "code"),
    "company": ("company", "company name", "name", "security", "security name", "holding"),
    "sector": ("sector", "gics sector", "industry"),
    "kind": ("kind", "asset class", "type"),
    "priority": ("priority",),
    "min_date": ("min_date", "min date"),
}
_SEARCHED = 40
"""Lines in which the header is looked for: providers write a preamble of some ten."""
_NAMED = 5


def read_list(file: Path) -> tuple[NewSymbol, ...]:
    """The symbols of a file, each once; UsageError where it has none or a name is no symbol."""
    try:
        text = read_bytes(file, MAX_BYTES, links=True).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"no file {clean(str(file), 200)}", "name a list of symbols") from error
    except FileError as error:
        raise UsageError(error.message, error.hint or "name a list of symbols") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{clean(str(file), 200)}: byte {error.start} is not UTF-8 text", "save it as UTF-8"
        ) from error
    lines = text.splitlines()
    symbols = list(_table(lines) or _plain(lines))
    _refuse_wrong(file, symbols)
    if not symbols:
        raise UsageError(f"{clean(str(file), 200)} names no symbol", "write one name a line")
    by_name = {symbol.symbol: symbol for _, symbol in reversed(symbols)}
    return tuple(by_name[name] for name in dict.fromkeys(each.symbol for _, each in symbols))


def _refuse_wrong(file: Path, symbols: list[tuple[int, NewSymbol]]) -> None:
    wrong = [f"line {line}: {problem}" for line, each in symbols if (problem := _problem(each))]
    if wrong:
        more = f" (and {len(wrong) - _NAMED} more)" if len(wrong) > _NAMED else ""
        raise UsageError(
            f"{clean(str(file), 200)}: {'; '.join(wrong[:_NAMED])}{more}",
            "nothing was written: mend the list, or take these lines out",
        )


def _problem(symbol: NewSymbol) -> str:
    if not SYMBOL.fullmatch(symbol.symbol):
        return f"{clean(symbol.symbol, 30)!r} is no symbol"
    priority = symbol.fields.get("priority")
    if priority is not None and priority not in tuple(Priority):
        return f"the priority {clean(priority, 30)!r} is none of {', '.join(Priority)}"
    day = symbol.fields.get("min_date")
    if isinstance(day, str):
        return f"min_date {clean(day, 30)!r} is not a day as 2021-11-04"
    return ""


def _plain(lines: list[str]) -> Iterator[tuple[int, NewSymbol]]:
    """The names of a text with their lines."""
    for number, line in enumerate(lines, 1):
        for word in re.split(r"[\s,;]+", line.partition("#")[0]):
            if word:
                yield number, NewSymbol(word.upper())


def _table(lines: list[str]) -> list[tuple[int, NewSymbol]] | None:
    """The rows of a table with their lines; None where no line is a header."""
    for start, line in enumerate(lines[:_SEARCHED]):
        for delimiter in ",;\t|":
            columns = _columns(_cells(line, delimiter))
            if "symbol" in columns:
                return list(_rows(lines, start + 1, delimiter, columns))
    return None


def _columns(cells: list[str]) -> dict[str, int]:
    """Which field is which, by the words of a header; the first name of each counts."""
    words = [cell.strip().lower() for cell in cells]
    columns = {}
    for column, names in _HEADERS.items():
        places = [words.index(name) for name in names if name in words]
        if places:
            columns[column] = places[0]
    return columns


def _rows(
    lines: list[str], start: int, delimiter: str, columns: dict[str, int]
) -> Iterator[tuple[int, NewSymbol]]:
    last = max(columns.values())
    for number, line in enumerate(lines[start:], start + 1):
        cells = _cells(line, delimiter)
        # A footer ("as of …", a disclaimer) has fewer fields, a row of cash has no name.
        if line.startswith("#") or len(cells) <= columns["symbol"]:
            continue
        fields = {name: cells[place] for name, place in columns.items() if place < len(cells)}
        name = fields.pop("symbol").upper()
        if name in ("", "-") or (len(cells) <= last and " " in name):
            continue
        yield number, NewSymbol(name, {key: _value(key, text) for key, text in fields.items()})


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _value(column: str, text: str) -> Any:
    if not text:
        return None
    if column == "min_date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    if column == "priority":
        return text.lower()
    return "etf" if column == "kind" and text.upper() == "ETF" else text
