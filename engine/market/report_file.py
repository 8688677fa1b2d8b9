"""A file of report dates: `date,time[,known]`, time = before|after, other columns ignored."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from engine.core.errors import FileError, NoDataError
from engine.core.reading import read_text
from engine.core.text import clean
from engine.market.reports import ReportDate, ReportTime

MAX_BYTES = 1_000_000
"""Larger files are no list of dates: a century of quarters is below 20 kB."""
HINT = "write lines like 2025-07-31,after under the header date,time or date,time,known"


def read_report_file(path: Path) -> tuple[ReportDate, ...]:
    """The reports of a file by date; NoDataError naming file and line, FileNotFoundError."""
    rows = csv.reader(io.StringIO(_text(path), newline=None))
    try:
        return _parsed(path, rows)
    except csv.Error as error:
        where = _at(path, rows.line_num)
        raise NoDataError(f"{where}: {clean(str(error), 80)}", HINT) from error


def _parsed(path: Path, rows: Any) -> tuple[ReportDate, ...]:
    names = [name.strip().lower() for name in next(rows, [])]
    for needed in ("date", "time"):
        if needed not in names:
            raise NoDataError(f"{_shown(path)}, line 1: no column {needed}", HINT)
    reports: dict[date, ReportDate] = {}
    for fields in rows:
        if any(map(str.strip, fields)):
            report = _report(dict(zip(names, fields, strict=False)), f"{_at(path, rows.line_num)}")
            if report.day in reports:
                where = _at(path, rows.line_num)
                raise NoDataError(f"{where}: {report.day} is listed twice", HINT)
            reports[report.day] = report
    return tuple(reports[day] for day in sorted(reports))


def _text(path: Path) -> str:
    try:
        return read_text(path, MAX_BYTES, links=True).removeprefix("\ufeff")
    except FileError as error:
        raise NoDataError(error.message, error.hint or HINT) from error


def _report(fields: dict[str, str], where: str) -> ReportDate:
    known = fields.get("known", "").strip()
    text = fields.get("time", "").strip().lower()
    if text not in tuple(ReportTime):
        raise NoDataError(f"{where}: time {clean(text, 40)!r} is neither before nor after", HINT)
    return ReportDate(
        day=_day(fields.get("date", ""), where, "date"),
        time=ReportTime(text),
        known=_day(known, where, "known") if known else None,
    )


def _day(text: str, where: str, name: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise NoDataError(f"{where}: {name} {clean(text, 40)!r} is not a date", HINT) from error


def _at(path: Path, line: int) -> str:
    return f"{_shown(path)}, line {line}"


def _shown(path: Path) -> str:
    return clean(str(path), 300)
