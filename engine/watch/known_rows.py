"""The rows of a snapshot, each built again only when something that it is made from changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from engine.core.paths import Home
from engine.core.snapshot import Retrain, SymbolRow
from engine.core.sources import parse_source
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.market.csv_names import file_of
from engine.market.report_dates import report_paths
from engine.settings.schema import Settings
from engine.watch.console_summary import ConsoleSummary
from engine.watch.symbol_row import LiveJob, RowContext, row_or_fault, watched
from engine.words import times

AT_ONCE = 250
"""Rows whose files one look takes up while their folders stay as they are.

Whatever is renamed into a folder changes it, and then the files of all rows are looked at; with
1,000 symbols a file that is rewritten in its place is seen within four looks.
"""
FRESH_FOR = timedelta(seconds=15)
"""A row is built again after this long too: ages and limits of time move without a file."""
FRESH_FOR_MANY = timedelta(minutes=5)
"""The same with more than AT_ONCE symbols, each in its turn: 3,000 rows at once took 1.2 s."""
Mark = tuple[int, int, int] | None
"""What a file was when it was looked at, None without one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Circumstances:
    """All but the files that a row is made from."""

    settings: Settings
    asked: str | None
    live: LiveJob | None
    last: LiveJob | None
    hold: str
    retrain: Retrain | None

    def same(self, other: _Circumstances) -> bool:
        """Whether nothing differs; runs and settings are shared values, compared by identity."""
        return (
            self.settings is other.settings
            and self.asked == other.asked
            and _same_job(self.live, other.live)
            and _same_job(self.last, other.last)
            and self.hold == other.hold
            and self.retrain == other.retrain
        )


def _same_job(job: LiveJob | None, other: LiveJob | None) -> bool:
    if job is None or other is None:
        return job is other
    return job[0] is other[0] and job[1] is other[1]


@dataclass(frozen=True, slots=True, eq=False)
class _KnownRow:
    row: SymbolRow
    built_at: datetime
    paths: tuple[str, ...]
    marks: tuple[Mark, ...]
    circumstances: _Circumstances


class KnownRows:
    """Keeps the rows of one home; `read_status` reads the derived status of a symbol."""

    def __init__(self, home: Home, read_status: Callable[[str], Status | None]) -> None:
        self._home = home
        self._read_status = read_status
        self._known: dict[str, _KnownRow] = {}
        self._folders: dict[str, Mark] = {}
        self._turn = 0

    def rows(self, context: RowContext, summary: ConsoleSummary) -> tuple[SymbolRow, ...]:
        """The rows of all symbols, in their order."""
        looks, names = _Looks(), context.settings.names
        due = self._due(names, looks)
        rows = tuple(self._row(name, context, summary, looks, name in due) for name in names)
        if len(self._known) > len(rows):
            self._known = {name: self._known[name] for name in names}
        return rows

    def _due(self, names: Sequence[str], looks: _Looks) -> Set[str]:
        """The symbols whose files are looked at this time."""
        folders = {path: looks.mark(path) for path in self._folders}
        if folders != self._folders or len(names) <= AT_ONCE:
            self._folders = folders
            return frozenset(names)
        turns = -(-len(names) // AT_ONCE)
        self._turn = (self._turn + 1) % turns
        return frozenset(names[self._turn :: turns])

    def forget(self) -> None:
        """Build every row again at the next look."""
        self._known.clear()

    def _row(
        self,
        symbol: str,
        context: RowContext,
        summary: ConsoleSummary,
        looks: _Looks,
        is_due: bool,
    ) -> SymbolRow:
        circumstances = _Circumstances(
            settings=context.settings,
            asked=context.asked,
            live=context.live_jobs.get(symbol),
            last=context.last_jobs.get(symbol),
            hold=summary.holds.get(symbol, ""),
            retrain=summary.retrain.get(symbol),
        )
        known = self._known.get(symbol)
        if (
            known is not None
            and not (is_due and _is_old(known, context))
            and known.circumstances.same(circumstances)
            and (not is_due or known.marks == looks.marks(known.paths))
        ):
            return known.row
        stored = self._read_status(symbol)
        paths = paths_of(self._home, symbol, stored, context)
        marks = looks.marks(paths)  # before the files are read: a change meanwhile is seen later
        for folder in {os.path.dirname(path) for path in paths}:  # noqa: PTH120 - 5 times as fast
            self._folders.setdefault(folder, looks.mark(folder))
        row = watched(row_or_fault(symbol, stored, context), summary)
        if known is not None and _reads_alike(known.row, row):
            row = known.row  # the very same: nobody draws it again
        self._known[symbol] = _KnownRow(row, context.now, paths, marks, circumstances)
        return row


def _is_old(known: _KnownRow, context: RowContext) -> bool:
    """Whether the row is to be built again for its age alone."""
    many = len(context.settings.symbols) > AT_ONCE
    return abs(context.now - known.built_at) >= (FRESH_FOR_MANY if many else FRESH_FOR)


def _reads_alike(row: SymbolRow, other: SymbolRow) -> bool:
    """Whether two rows are equal but for an age that reads the same."""
    if times.age(row.age_days) != times.age(other.age_days):
        return False
    return replace(other, age_days=row.age_days) == row


class _Looks:
    """The marks of files, each looked at once."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def marks(self, paths: tuple[str, ...]) -> tuple[Mark, ...]:
        return tuple([self.mark(path) for path in paths])

    def mark(self, path: str) -> Mark:
        if path not in self._marks:
            try:
                stat = os.stat(path)  # noqa: PTH116 - a third of the time of Path.stat
                self._marks[path] = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            except OSError:
                self._marks[path] = None
        return self._marks[path]


def paths_of(
    home: Home, symbol: str, stored: Status | None, context: RowContext
) -> tuple[str, ...]:
    """Every file that the row of `symbol` is made from."""
    configured = context.configured
    source = context.asked or derived.usual_source(stored, configured) or configured
    paths = [home.status(symbol), home.model(symbol), home.status(symbol).parent]
    if source:
        parsed = parse_source(source)
        bars = home.market / parsed.key / f"{symbol}.csv"
        paths += [bars, bars.with_suffix(".json")]
        if parsed.folder:
            paths += [file_of(parsed.folder, symbol), Path(parsed.folder)]
        paths += report_paths(home, context.settings.market.reports, source, symbol)
    return tuple(map(str, paths))
