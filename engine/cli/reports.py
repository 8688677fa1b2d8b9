"""`data reports`: the report dates of a symbol, and one set or dropped by hand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from engine.cli.session import Session, report
from engine.core.clock import iso
from engine.core.errors import ExitCode, NoDataError, UsageError
from engine.core.symbols import check_symbol
from engine.core.text import clean
from engine.words.phrases import plural
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.market.reports import ReportDate, ReportDates

COLUMNS = columns(("DATE", "TIME", "REACTS", "KNOWN", "NOTE"))
SHOWN = 12
"""Newest dates in the table; the JSON document has all."""


def reports(
    session: Session, symbol: str, set_words: tuple[str, str] | None, drop: date | None
) -> int:
    """Show the report dates of SYMBOL, after setting or dropping one by hand."""
    bars = session.engine.bars
    check_symbol(symbol, session.engine.settings.current.names)
    if set_words and drop:
        raise UsageError("--set and --drop do not go together", "give one of them")
    if set_words:
        bars.set_report(symbol, *_words(set_words))
    if drop:
        bars.drop_report(symbol, drop)
    dates = bars.reports(symbol)
    if session.json:
        session.document(tree(dates))
    elif not dates.problem:
        session.facts(lines(dates))
    if dates.problem:
        report(NoDataError(dates.problem, "mend the file, or name another folder: --reports DIR"))
        return ExitCode.NO_DATA
    return ExitCode.DONE


def _words(words: tuple[str, str]) -> tuple[date, Any]:
    from engine.market.reports import ReportTime

    day, time = words
    if time.lower() not in tuple(ReportTime):
        raise UsageError(
            f"--set {clean(time, 40)!r} is neither before nor after",
            "write the day, then before (the open) or after (the close): --set 2025-07-31 after",
        )
    try:
        return date.fromisoformat(day), ReportTime(time.lower())
    except ValueError as error:
        raise UsageError(
            f"--set {clean(day, 40)!r} is not a date", "write it as 2025-07-31"
        ) from error


def tree(dates: ReportDates) -> dict[str, Any]:
    """The dates as a document; `next` is the first that has not been reacted to."""
    coming = next((each for each in dates.reports if each.reaction >= dates.today), None)
    return {
        "symbol": dates.symbol,
        "state": str(dates.state),
        "origin": dates.origin or None,
        "looked_up_at": iso(dates.looked_up_at) if dates.looked_up_at else None,
        "covered_from": _text(dates.covered_from),
        "covered_until": _text(dates.covered_until),
        "next": _report_tree(coming) if coming else None,
        "reports": [_report_tree(each) for each in dates.reports],
        "problem": dates.problem or None,
    }


def _report_tree(report: ReportDate) -> dict[str, Any]:
    return {
        "date": str(report.day),
        "time": str(report.time),
        "reaction": str(report.reaction),
        "known": _text(report.known),
        "estimated": report.estimated,
        "by_hand": report.by_hand,
    }


def _text(day: date | None) -> str | None:
    return str(day) if day else None


def lines(dates: ReportDates) -> list[str]:
    """What is known, then the newest dates."""
    symbol, today = dates.symbol, dates.today
    origin = f" ({clean(dates.origin, 200)})" if dates.origin else ""
    states = {
        "known": f"{symbol}: {plural(len(dates.reports), 'report')}{origin}",
        "unknown": f"{symbol}: the next report is unknown{origin}",
        "none": f"{symbol} has no reports{origin}",
    }
    head = states[str(dates.state)]
    if dates.state != "none" and dates.covered_until:
        until = f"known until {dates.covered_until}"
        head += f"; {until}" if dates.covered_until >= today else f"; {until}, which has passed"
    if dates.state == "unknown":
        head += f"; `stockml data reports {symbol} --set DATE before|after` sets it"
    rows = [_cells(each, today) for each in dates.reports if each.day <= today][-SHOWN:]
    rows += [_cells(each, today) for each in dates.reports if each.day > today]
    return [head, *(text_table(COLUMNS, rows) if rows else ())]


def _cells(report: ReportDate, today: date) -> tuple[str, ...]:
    notes = ["coming"] if report.day > today else []
    notes += ["by hand"] if report.by_hand else []
    notes += ["estimated"] if report.estimated else []
    when = {"before": "before open", "after": "after close"}[str(report.time)]
    known = _text(report.known) or f"{report.public_from}"
    return (str(report.day), when, str(report.reaction), known, ", ".join(notes))
