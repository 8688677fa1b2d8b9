"""The report dates of a symbol: from a file or a look-up, simulated, or none; edits by hand win."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.core.sources import has_report_dates, is_simulated, parse_source
from engine.core.text import clean
from engine.market import calendar
from engine.market.report_edits import SymbolEdits, edited, edits_path, read_edits
from engine.market.report_file import read_report_file
from engine.market.report_lookup import USABLE, lookup_path, read_lookups
from engine.market.reports import FARTHEST, ReportDates, ReportState, coverage
from engine.market.simulated_reports import simulated_reports
from engine.settings.schema import Settings

ETF = "etf"
"""The kind of a symbol that reports nothing."""


def report_dates(
    home: Home, settings: Settings, source: str, symbol: str, now: datetime
) -> ReportDates:
    """What is known of the reports of `symbol` at the aware moment `now`; nothing is raised."""
    configured = settings.symbols.get(symbol)
    today = calendar.exchange_day(now)
    try:
        edits = read_edits(home, source).get(symbol, SymbolEdits())
        dates = _listed(home, settings, source, symbol, now)
    except NoDataError as error:
        return ReportDates(symbol=symbol, today=today, problem=error.message)
    if edits != SymbolEdits():
        dates = _with_edits(dates, edits)
    if not dates.reports and configured is not None and configured.kind == ETF:
        return replace(dates, state=ReportState.NONE, origin=dates.origin or "an ETF")
    if dates.state is ReportState.NONE and not dates.reports:
        return dates
    known = replace(dates, state=ReportState.KNOWN)
    return replace(known, state=known.state_on(today))


def _listed(home: Home, settings: Settings, source: str, symbol: str, now: datetime) -> ReportDates:
    """The dates of the first place that has any: named folder, csv folder, look-up, simulation."""
    today = calendar.exchange_day(now)
    _check_folder(home, settings)
    for folder in _folders(home, settings.market.reports, source):
        path = folder / f"{symbol}.csv"
        try:
            reports = read_report_file(path)
        except FileNotFoundError:
            continue
        _check_reach(path, reports[-1].day if reports else today, today)
        first, last = coverage(reports)
        return ReportDates(
            symbol=symbol,
            today=today,
            reports=reports,
            covered_from=first,
            covered_until=last,
            origin=str(path),
        )
    if is_simulated(source):
        return _simulated(settings, symbol, today)
    return _looked_up(home, source, symbol, today)


def _check_folder(home: Home, settings: Settings) -> None:
    named = settings.market.reports
    if named and not _named_folder(home, named).is_dir():
        raise NoDataError(f"no folder {clean(named, 200)} of report dates (market.reports)")


def _check_reach(path: Path, last: date, today: date) -> None:
    if last - today > FARTHEST:
        raise NoDataError(f"{path}: {last} lies more than a year ahead: is the year right?")


def _folders(home: Home, named: str, source: str) -> list[Path]:
    """Where files of report dates may be, the one that counts first."""
    folders = []
    if named:
        folders.append(_named_folder(home, named))
    if folder := parse_source(source, home.root).folder:
        folders.append(Path(folder, "reports"))
    return folders


def _named_folder(home: Home, named: str) -> Path:
    return home.root / Path(named).expanduser()


def _simulated(settings: Settings, symbol: str, today: date) -> ReportDates:
    configured = settings.symbols.get(symbol)
    if configured is not None and configured.kind == ETF:
        return ReportDates(symbol=symbol, today=today, origin="simulated")
    reports = simulated_reports(symbol, settings.market.simulated_seed)
    return ReportDates(
        symbol=symbol,
        today=today,
        reports=reports,
        covered_from=calendar.covered_from(),
        covered_until=calendar.covered_until(),
        origin="simulated",
    )


def _looked_up(home: Home, source: str, symbol: str, today: date) -> ReportDates:
    """What the look-ups say; they serve the source that they were made for."""
    kept = read_lookups(home).get(symbol) if has_report_dates(source) else None
    if kept is None:
        return ReportDates(symbol=symbol, today=today)
    reports = kept.dates(today)
    answered = kept.answered_at
    until = calendar.exchange_day(answered) + USABLE if answered else None
    none = kept.none and until is not None and today <= until
    return ReportDates(
        symbol=symbol,
        today=today,
        state=ReportState.NONE if none else ReportState.UNKNOWN,
        reports=reports,
        covered_from=coverage(reports)[0],
        covered_until=until if reports else None,
        origin="Yahoo",
        looked_up_at=answered,
    )


def _with_edits(dates: ReportDates, edits: SymbolEdits) -> ReportDates:
    """The dates with the edits; a date set by hand says something of the days around it too."""
    reports = edited(dates.reports, edits)
    first, last = coverage(edits.reports)
    starts = [day for day in (dates.covered_from, first) if day]
    ends = [day for day in (dates.covered_until, last) if day]
    return replace(
        dates,
        reports=reports,
        covered_from=min(starts, default=None),
        covered_until=max(ends, default=None),
        origin=dates.origin or ("set by hand" if reports else ""),
    )


def report_key(home: Home, named: str, source: str, symbol: str) -> str:
    """A short text that changes with every file the report dates of a symbol come from.

    `named` is the folder of `market.reports`, empty for none.
    """
    paths = report_paths(home, named, source, symbol)
    return ";".join(filter(None, (named, *map(_stamp, paths))))


def report_paths(home: Home, named: str, source: str, symbol: str) -> list[Path]:
    """The files that the report dates of a symbol come from, whether they are there or not."""
    paths = [folder / f"{symbol}.csv" for folder in _folders(home, named, source)]
    paths.append(edits_path(home, source))
    if has_report_dates(source):
        paths.append(lookup_path(home))
    return paths


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{path.name}.{stat.st_ino}.{stat.st_size}.{stat.st_mtime_ns}"
