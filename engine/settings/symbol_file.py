"""symbols.csv: symbols beside those of stockml.toml, one a line. Text in, tables or text out.

symbol,company,sector,kind,priority,min_date
IBM,International Business Machines,Technology,large cap,medium,
# a comment; an empty field has its default

who asks                          function                     does
the loader                        listed_symbols(text, file)   reads it, with every problem
`symbols`, `config set`, console  with_tables(text, tables)    sets or adds lines
`symbols remove`                  without_symbol(text, name)   takes a line out
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.core.text import clean
from engine.settings.check import SettingsProblem, check_symbol_table
from engine.settings.keys import nearest

COLUMNS = ("symbol", "company", "sector", "kind", "priority", "min_date")
MAX_BYTES = 4_000_000
"""A line of 60 bytes for each of 60,000 symbols."""
_DEFAULTS = {"sector": "unknown", "kind": "stock", "priority": "medium"}
_HEADER = ",".join(COLUMNS) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSymbols:
    """What symbols.csv holds: a table and a line a symbol, and what is wrong."""

    origin: str = "symbols.csv"
    tables: Mapping[str, dict[str, Any]]
    lines: Mapping[str, int]
    problems: tuple[SettingsProblem, ...] = ()


NONE_LISTED = ListedSymbols(tables={}, lines={})


def symbol_table(name: str, **given: Any) -> dict[str, Any]:
    """The settings of one symbol, with the default of each that is None or empty."""
    known = {key: value for key, value in given.items() if value not in (None, "")}
    return {"company": name, **_DEFAULTS, **known}


def listed_symbols(text: str, origin: str) -> ListedSymbols:
    """The symbols of a file's text, and every mistake in it with its line."""
    rows = [(number, line) for number, line in enumerate(_lines(text), 1) if _is_row(line)]
    if not rows:
        return ListedSymbols(origin=origin, tables={}, lines={})
    number, header = rows[0]
    columns = _cells(header) or []
    if problem := _header_problem(columns):
        wrong = SettingsProblem(f"{origin} line {number}", "symbols", problem)
        return ListedSymbols(origin=origin, tables={}, lines={}, problems=(wrong,))
    tables: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    problems: list[SettingsProblem] = []
    for number, line in rows[1:]:
        place = f"{origin} line {number}"
        cells = _cells(line)
        if cells is None or len(cells) != len(columns):
            count = "a quote is not closed" if cells is None else f"{len(cells)} fields"
            words = f"{count}; the header has {len(columns)}: {clean(line, 60)!r}"
            problems.append(SettingsProblem(place, "symbols", words))
            continue
        fields = dict(zip(columns, cells, strict=True))
        name = fields.pop("symbol")
        if name in lines:
            words = f"line {lines[name]} has it too: remove one of them"
            problems.append(SettingsProblem(place, f"symbols.{clean(name, 40)}", words))
            continue
        tables[name] = symbol_table(name, **{key: _value(key, fields[key]) for key in fields})
        lines[name] = number
        problems += check_symbol_table(name, tables[name], place)
    return ListedSymbols(origin=origin, tables=tables, lines=lines, problems=tuple(problems))


def _lines(text: str) -> list[str]:
    """The lines of a text, its byte order mark and line ends left out."""
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _cells(line: str) -> list[str] | None:
    """The fields of one line; None where a quote is not closed."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        return None


def _header_problem(columns: list[str]) -> str:
    """What is wrong with the header; empty when it is right."""
    for column in columns:
        if column not in COLUMNS:
            return f"unknown column {clean(column, 40)!r}{nearest(column, COLUMNS)}"
        if columns.count(column) > 1:
            return f"the column {column} is there twice"
    return "" if "symbol" in columns else f"the header is {_HEADER.strip()}"


def _value(column: str, cell: str) -> Any:
    """The value of a cell; a day that is none stays a text, which its key does not take."""
    if column != "min_date":
        return cell
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell


def with_tables(text: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The text with these fields of each symbol set, or its line added; all else unchanged."""
    text = text or _HEADER
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    columns = next(_cells(line) or [] for line in _lines(text) if _is_row(line))
    missing = {
        key for table in tables.values() for key, value in table.items() if value is not None
    }.difference(columns)
    if missing:
        lines, columns = _widened(text, [key for key in COLUMNS if key in missing])
    numbers = listed_symbols("\n".join(lines), "").lines
    added = []
    for name, table in tables.items():
        old = lines[numbers[name] - 1] if name in numbers else ""
        cells = dict(zip(columns, _cells(old.removesuffix("\r")) or [], strict=False))
        row = _row([{**cells, "symbol": name, **table}.get(column, "") for column in columns])
        if name in numbers:
            lines[numbers[name] - 1] = row + ("\r" if old.endswith("\r") else "")
        else:
            added.append(row + newline)
    body = "\n".join(lines)
    if added and not body.endswith("\n"):
        body += newline
    return body + "".join(added)


def _widened(text: str, more: list[str]) -> tuple[list[str], list[str]]:
    """The lines with further columns, which a file written by hand may leave out."""
    lines = text.split("\n")
    columns: list[str] = []
    for place, line in enumerate(lines):
        bare = line.removesuffix("\r")
        if _is_row(bare.removeprefix("\ufeff")):
            lines[place] = bare + ("," * len(more) if columns else f",{','.join(more)}")
            lines[place] += line[len(bare) :]
            columns = columns or [*(_cells(bare.removeprefix("\ufeff")) or []), *more]
    return lines, columns


def _row(cells: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()


def without_symbol(text: str, name: str) -> str:
    """The text without the line of a symbol; unchanged where it has none."""
    number = listed_symbols(text, "").lines.get(name)
    lines = text.split("\n")
    return text if number is None else "\n".join(lines[: number - 1] + lines[number:])
