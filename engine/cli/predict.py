"""`predict`: the next session's close of each symbol, from the live models and the stored bars."""

from __future__ import annotations

from typing import Any

from engine.cli import documents, render
from engine.cli.session import Session, report
from engine.cli.train import terminal_width
from engine.core.errors import StockmlError, UsageError
from engine.core.exits import worst_exit
from engine.core.records import Forecast
from engine.core.snapshot import SymbolRow
from engine.core.sources import is_simulated
from engine.market.staleness import bars_behind, stand_in_note


def predict(session: Session, symbols: tuple[str, ...], all_symbols: bool) -> int:
    """Forecast the next close of SYMBOLS with its 80 and 95 % interval; never asks the network."""
    if bool(symbols) == all_symbols:
        raise UsageError("name symbols, or give --all", "stockml predict NVDA TSLA")
    names = session.symbols(symbols)
    found = session.engine.models.predict(names)
    snapshot = session.engine.watch.snapshot()
    rows = {row.symbol: row for row in snapshot.rows}
    settle = session.engine.settings.current.market.settle_minutes
    late = {
        name: (
            bars_behind(item.last_bar, _source(session, rows[name]), snapshot.taken_at, settle)
            if isinstance(item, Forecast)
            else None
        )
        for name, item in found.items()
    }
    copies = {
        name: stand_in_note(_source(session, rows[name]), name, item.last_bar)
        for name, item in found.items()
        if isinstance(item, Forecast)
    }
    if session.json:
        trees = [
            _tree(session, rows[name], found[name], late[name], copies.get(name, ""))
            for name in names
        ]
        session.document({"forecasts": trees})
    else:
        _print(session, {name: (rows[name], found[name]) for name in names})
        _say_late(session, late)
        session.facts(f"{name}: {words}" for name, words in copies.items() if words)
    return worst_exit([item.exit_code for item in found.values() if isinstance(item, StockmlError)])


def _print(session: Session, found: dict[str, tuple[SymbolRow, Forecast | StockmlError]]) -> None:
    cells = [
        render.forecast_cells(name, item, _source(session, row))
        for name, (row, item) in found.items()
        if not isinstance(item, StockmlError)
    ]
    if cells:
        session.facts(render.forecast_table(cells, terminal_width()))
    for name, (_, item) in found.items():
        if isinstance(item, StockmlError):
            report(
                StockmlError(
                    item.message if item.message.startswith(name) else f"{name}: {item.message}",
                    item.hint,
                )
            )


def _say_late(session: Session, late: dict[str, int | None]) -> None:
    for name, count in late.items():
        if count:
            text = (
                f"{name}: STALE, its bars end {count} complete sessions ago: the session forecast"
                " is over"
            )
            session.facts([f"{text}; stockml data fetch {name}"])


def _source(session: Session, row: SymbolRow) -> str:
    """Where the forecast comes from; a model of a simulated market marks it, whatever the bars."""
    trained = row.model.source if row.model else ""
    return trained if is_simulated(trained) else session.source or trained


def _tree(
    session: Session, row: SymbolRow, item: Forecast | StockmlError, behind: int | None, copy: str
) -> dict[str, Any]:
    return {
        "symbol": row.symbol,
        "source": _source(session, row) or None,
        "simulated": is_simulated(_source(session, row)),
        "generation": row.model.generation if row.model else None,
        "digest": row.model.digest if row.model else None,
        "bars_behind": behind,
        "stored_copy": copy or None,
        "forecast": None if isinstance(item, StockmlError) else documents.forecast_tree(item),
        "error": documents.error_tree(item) if isinstance(item, StockmlError) else None,
    }
