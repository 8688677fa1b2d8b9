"""`data fetch|check|accept`: bars from the source into the store, checked, and their doubts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from engine.cli import documents
from engine.cli.session import Session, report
from engine.core.doubts import doubt_trees
from engine.core.errors import ExitCode, StockmlError, UsageError
from engine.core.exits import worst_exit
from engine.core.text import clean
from engine.words import figures, times
from engine.words.phrases import bars_age, plural
from engine.words.sources import source_name
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.market.bars import Bars

COLUMNS = columns(("SYMBOL", ">BARS", "FIRST", "LAST", ">CLOSE", ">SPLITS", "FETCHED", "SOURCE"))


def fetch(session: Session, symbols: tuple[str, ...], accept_rebase: bool = False) -> int:
    """Fetch, check and store fresh bars of SYMBOLS, or of all symbols; doubts do not fail it."""
    if accept_rebase and not symbols:
        raise UsageError(
            "--accept-rebase replaces stored bars: it needs the symbols that it is meant for",
            "stockml data fetch --accept-rebase SYM",
        )
    note_requests(session, session.symbols(symbols))
    get: Callable[[str], Bars] = session.engine.bars.fetch
    if accept_rebase:
        get = partial(session.engine.bars.fetch, accept_rebase=True)
    code, _ = _each(session, symbols, get, "fetching")
    if fault := session.engine.bars.look_up_reports(session.symbols(symbols)):
        session.note(fault)
    return code


def note_requests(session: Session, symbols: Sequence[str]) -> None:
    """Say how many requests of the source are due, and how long they take at its pace."""
    due = session.engine.bars.requests_due(symbols)
    if due.count:
        pace = f"about {times.duration(due.seconds)} at one every {figures.number(due.spacing_s)} s"
        session.note(f"{plural(due.count, 'request')} to the source, {pace}")


def check(session: Session, symbols: tuple[str, ...]) -> int:
    """Check the stored bars of SYMBOLS without using the network; exit 5 for an open doubt."""
    code, doubted = _each(session, symbols, session.engine.bars.stored, "")
    return code or (ExitCode.REFUSED if doubted else ExitCode.DONE)


def accept(session: Session, symbol: str, kind: str, day: str, reason: str) -> int:
    """Close one doubt about the bars of SYMBOL for good."""
    (symbol,) = session.symbols((symbol,))
    try:
        parsed = date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"not a day: {clean(day, 40)!r}", "write it like 2026-10-28") from error
    doubt = session.engine.bars.accept(symbol, kind, parsed, reason)
    if session.json:
        session.document({"symbol": symbol, "accepted": doubt_trees((doubt,))[0]})
    else:
        session.facts([f"{symbol}: accepted: {doubt.text} ({doubt.key})"])
    return ExitCode.DONE


def _each(
    session: Session, symbols: tuple[str, ...], get: Callable[[str], Bars], verb: str
) -> tuple[int, bool]:
    """The exit code, and whether a doubt is open; a symbol that fails does not stop the others."""
    fetched: list[Bars] = []
    errors: dict[str, StockmlError] = {}
    for symbol in session.symbols(symbols):
        if verb:
            session.note(f"{verb} {symbol}")
        try:
            fetched.append(get(symbol))
        except StockmlError as error:
            errors[symbol] = error
    if session.json:
        failed = [
            {"symbol": symbol, "error": documents.error_tree(error)}
            for symbol, error in errors.items()
        ]
        session.document(
            {
                "bars": [documents.bars_tree(bars, _behind(session, bars)) for bars in fetched],
                "failed": failed,
            }
        )
    elif fetched:
        session.facts(text_table(COLUMNS, [_cells(bars) for bars in fetched]))
    if not session.json:
        session.facts(clean(line) for bars in fetched for line in _doubt_lines(session, bars))
    for bars in fetched:
        if age := bars_age(_behind(session, bars)):
            session.note(f"{bars.symbol}: {age}")
        for warning in bars.warnings:
            session.note(f"{bars.symbol}: {warning.removeprefix(f'{bars.symbol}: ')}")
    hints: set[str] = set()
    for symbol, fault in errors.items():
        message = fault.message if symbol in fault.message else f"{symbol}: {fault.message}"
        report(StockmlError(message, "" if fault.hint in hints else fault.hint))
        hints.add(fault.hint)
    code = worst_exit([fault.exit_code for fault in errors.values()])
    return code, any(bars.doubts for bars in fetched)


def _behind(session: Session, bars: Bars) -> int:
    """Complete sessions after the last bar."""
    from engine.market.staleness import bars_behind

    settle_minutes = session.engine.settings.current.market.settle_minutes
    return bars_behind(str(bars.last_date), session.engine.clock.now(), settle_minutes)


def _doubt_lines(session: Session, bars: Bars) -> Iterator[str]:
    """A line for each doubt about the bars, the accepted ones with their reason."""
    for doubt in bars.doubts:
        yield f"{bars.symbol}: doubt: {doubt.text} ({doubt.key})"
    reasons = session.engine.settings.current.market.accepted_of(bars.symbol)
    for doubt in bars.accepted:
        yield f"{bars.symbol}: accepted: {doubt.text} ({doubt.key}): {reasons[doubt.key]}"


def _cells(bars: Bars) -> tuple[str, ...]:
    tree = documents.bars_tree(bars)
    return (
        bars.symbol,
        str(len(bars)),
        tree["first_bar"] or figures.ABSENT,
        tree["last_bar"] or figures.ABSENT,
        figures.number(tree["last_close"], 2),
        str(len(bars.splits)),
        times.moment(bars.fetched_at),
        source_name(bars.source),
    )
