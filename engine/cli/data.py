"""`data fetch|check`: fetch bars from the source into the store, and check the stored ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.cli import documents
from engine.cli.session import Session, report
from engine.core.errors import StockmlError
from engine.core.exits import worst_exit
from engine.words import figures, times
from engine.words.sources import source_name
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.market.bars import Bars

COLUMNS = columns(("SYMBOL", ">BARS", "FIRST", "LAST", ">CLOSE", ">SPLITS", "FETCHED", "SOURCE"))


def fetch(session: Session, symbols: tuple[str, ...]) -> int:
    """Fetch, check and store fresh bars of SYMBOLS, or of all symbols."""
    code = _each(session, symbols, session.engine.bars.fetch, "fetching")
    if fault := session.engine.bars.look_up_reports(session.symbols(symbols)):
        session.note(fault)
    return code


def check(session: Session, symbols: tuple[str, ...]) -> int:
    """Check the stored bars of SYMBOLS without using the network."""
    return _each(session, symbols, session.engine.bars.stored, "")


def _each(session: Session, symbols: tuple[str, ...], get: Callable[[str], Bars], verb: str) -> int:
    """Process each symbol's bars; one that fails does not stop the others."""
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
            {"bars": [documents.bars_tree(bars) for bars in fetched], "failed": failed}
        )
    elif fetched:
        session.facts(text_table(COLUMNS, [_cells(bars) for bars in fetched]))
    for bars in fetched:
        for warning in bars.warnings:
            session.note(f"{bars.symbol}: {warning.removeprefix(f'{bars.symbol}: ')}")
    hints: set[str] = set()
    for symbol, fault in errors.items():
        message = fault.message if symbol in fault.message else f"{symbol}: {fault.message}"
        report(StockmlError(message, "" if fault.hint in hints else fault.hint))
        hints.add(fault.hint)
    return worst_exit([fault.exit_code for fault in errors.values()])


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
