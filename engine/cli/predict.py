"""`predict`: the next session's close of each symbol, from the live models and the stored bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.cli import documents, render
from engine.cli.session import Session, report_symbol
from engine.cli.train import terminal_width
from engine.core.errors import StockmlError, UsageError
from engine.core.exits import worst_exit
from engine.core.records import Forecast
from engine.core.snapshot import SymbolRow
from engine.core.sources import is_simulated
from engine.market.staleness import bars_behind, stand_in_note


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolForecast:
    """The forecast of one symbol, or why there is none, and how old its bars are."""

    row: SymbolRow
    source: str
    """The source of the forecast."""
    forecast: Forecast | None = None
    error: StockmlError | None = None
    bars_behind: int | None = None
    """Complete sessions after the last bar."""
    stored_copy: str = ""
    """Set if the bars are a copy used in place of the source."""


def predict(session: Session, symbols: tuple[str, ...], all_symbols: bool) -> int:
    """Forecast the next close of each symbol with intervals, without using the network."""
    if bool(symbols) == all_symbols:
        raise UsageError("name symbols, or give --all", "stockml predict NVDA TSLA")
    forecasts = _forecasts(session, session.symbols(symbols))
    if session.json:
        session.document({"forecasts": [_tree(forecast) for forecast in forecasts]})
    else:
        _print(session, forecasts)
    return worst_exit([each.error.exit_code for each in forecasts if each.error])


def _forecasts(session: Session, symbols: tuple[str, ...]) -> list[SymbolForecast]:
    answers = session.engine.models.predict(symbols)
    snapshot = session.engine.watch.snapshot()
    settle_minutes = session.engine.settings.current.market.settle_minutes
    rows = {row.symbol: row for row in snapshot.rows}
    forecasts = []
    for symbol in symbols:
        row = rows[symbol]
        answer = answers[symbol]
        source = _source(session, row)
        if isinstance(answer, StockmlError):
            forecasts.append(SymbolForecast(row=row, source=source, error=answer))
            continue
        behind = bars_behind(answer.last_bar, source, snapshot.taken_at, settle_minutes)
        forecasts.append(
            SymbolForecast(
                row=row,
                source=source,
                forecast=answer,
                bars_behind=behind,
                stored_copy=stand_in_note(source, symbol, answer.last_bar),
            )
        )
    return forecasts


def _source(session: Session, row: SymbolRow) -> str:
    """The source of the forecast; a model of a simulated market always marks it."""
    trained = row.model.source if row.model else ""
    return trained if is_simulated(trained) else session.source or trained


def _print(session: Session, forecasts: list[SymbolForecast]) -> None:
    cells = [
        render.forecast_cells(each.row.symbol, each.forecast, each.source)
        for each in forecasts
        if each.forecast
    ]
    if cells:
        session.facts(render.forecast_table(cells, terminal_width()))
    for each in forecasts:
        if each.error:
            report_symbol(each.row.symbol, each.error.message, each.error.hint)
    session.facts(_stale(each) for each in forecasts if each.bars_behind)
    session.facts(
        f"{each.row.symbol}: {each.stored_copy}" for each in forecasts if each.stored_copy
    )


def _stale(forecast: SymbolForecast) -> str:
    symbol = forecast.row.symbol
    return (
        f"{symbol}: STALE, its bars end {forecast.bars_behind} complete sessions ago: the session"
        f" forecast is over; stockml data fetch {symbol}"
    )


def _tree(forecast: SymbolForecast) -> dict[str, Any]:
    model = forecast.row.model
    return {
        "symbol": forecast.row.symbol,
        "source": forecast.source or None,
        "simulated": is_simulated(forecast.source),
        "generation": model.generation if model else None,
        "digest": model.digest if model else None,
        "bars_behind": forecast.bars_behind,
        "stored_copy": forecast.stored_copy or None,
        "forecast": documents.forecast_tree(forecast.forecast) if forecast.forecast else None,
        "error": documents.error_tree(forecast.error) if forecast.error else None,
    }
