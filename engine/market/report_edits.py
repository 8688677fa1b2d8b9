"""Report dates set or dropped by hand: they win over what a file or a look-up says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec

from engine.core.errors import BusyError, FileError, NoDataError
from engine.core.files import FileLock, write_atomic
from engine.core.paths import Home
from engine.core.reading import read_json
from engine.core.sources import is_simulated
from engine.market.reports import ONE_REPORT, ReportDate, ReportTime

_WAIT_S = 5.0
MAX_BYTES = 8_000_000
"""3,000 symbols with ten dates each take about three million."""


class SetDate(msgspec.Struct, frozen=True):
    """A date that somebody set."""

    day: date
    time: ReportTime
    known: date | None = None


class SymbolEdits(msgspec.Struct, frozen=True):
    """What was set and dropped of one symbol."""

    set: tuple[SetDate, ...] = ()
    dropped: tuple[date, ...] = ()

    @property
    def reports(self) -> tuple[ReportDate, ...]:
        """The dates that were set."""
        return tuple(
            ReportDate(day=each.day, time=each.time, known=each.known, by_hand=True)
            for each in self.set
        )


class _File(msgspec.Struct, frozen=True):
    symbols: dict[str, SymbolEdits] = {}
    v: int = 1


def edits_path(home: Home, source: str) -> Path:
    """The file of the edits; the simulated market has its own."""
    folder = home.market / "simulated" if is_simulated(source) else home.market
    return folder / "report_edits.json"


def read_edits(home: Home, source: str) -> dict[str, SymbolEdits]:
    """The edits by symbol; NoDataError where the file is damaged."""
    path = edits_path(home, source)
    try:
        return read_json(path, _File, MAX_BYTES).symbols
    except FileNotFoundError:
        return {}
    except FileError as error:
        raise NoDataError(
            error.message, error.hint or "remove it, and set the dates again"
        ) from error


def set_date(home: Home, source: str, symbol: str, report: ReportDate) -> None:
    """Keep a date set by hand, in place of one set for the same report before."""
    with _editing(home):
        edits = read_edits(home, source)
        own = edits.get(symbol, SymbolEdits())
        others = [each for each in own.set if abs(each.day - report.day) > ONE_REPORT]
        added = SetDate(report.day, report.time, report.known)
        edits[symbol] = SymbolEdits(
            set=tuple(sorted([*others, added], key=lambda each: each.day)),
            dropped=tuple(day for day in own.dropped if day != report.day),
        )
        _write(home, source, edits)


def drop_date(home: Home, source: str, symbol: str, day: date) -> None:
    """Forget a date, set by hand or not."""
    with _editing(home):
        edits = read_edits(home, source)
        own = edits.get(symbol, SymbolEdits())
        edits[symbol] = SymbolEdits(
            set=tuple(each for each in own.set if each.day != day),
            dropped=tuple(sorted({*own.dropped, day})),
        )
        _write(home, source, edits)


def edited(reports: tuple[ReportDate, ...], edits: SymbolEdits) -> tuple[ReportDate, ...]:
    """The reports with the edits; a date set by hand replaces one of the same report."""
    kept = [
        report
        for report in reports
        if report.day not in edits.dropped
        and all(abs(report.day - each.day) > ONE_REPORT for each in edits.set)
    ]
    return tuple(sorted([*kept, *edits.reports], key=lambda report: report.day))


@contextmanager
def _editing(home: Home) -> Iterator[None]:
    with FileLock(home.locks / ".reports") as lock:
        if not lock.acquire("data reports", _WAIT_S):
            raise BusyError("another process changes report dates", "try again")
        yield


def _write(home: Home, source: str, edits: dict[str, SymbolEdits]) -> None:
    text = msgspec.json.format(msgspec.json.encode(_File(edits)), indent=1)
    write_atomic(edits_path(home, source), text + b"\n", name="reports")
