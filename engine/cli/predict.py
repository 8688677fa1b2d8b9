"""`predict`: the next session's close of each symbol, from the live models and the stored bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.cli import documents, render
from engine.cli.session import Session, report_symbol
from engine.cli.train import terminal_width
from engine.core.doubts import Doubt, WithheldError, doubt_trees
from engine.core.errors import StockmlError, UsageError
from engine.core.exits import many_exit
from engine.core.records import Forecast
from engine.core.snapshot import SymbolRow
from engine.core.sources import follows_exchange, is_simulated
from engine.core.text import clean
from engine.market.staleness import bars_behind, stand_in_note
from engine.words.forecasts import is_widened, sentence
from engine.words.phrases import bars_age

HORIZONS = (1, 5)


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

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The doubts about the bars, with or without a forecast."""
        if self.forecast is not None:
            return self.forecast.doubts
        return self.error.doubts if isinstance(self.error, WithheldError) else self.row.doubts

    @property
    def withheld(self) -> str:
        """Why a forecast would be meaningless; empty where there is one or another fault."""
        return self.error.reason if isinstance(self.error, WithheldError) else ""


def predict(
    session: Session,
    symbols: tuple[str, ...],
    all_symbols: bool,
    accept_doubts: bool,
    horizon: int,
) -> int:
    """Forecast the close of each symbol with intervals, without using the network."""
    if bool(symbols) == all_symbols:
        raise UsageError("name symbols, or give --all", "stockml predict NVDA TSLA")
    if horizon not in HORIZONS:
        raise UsageError(f"--horizon {horizon}: forecasts are of 1 session or of 5", "--horizon 5")
    forecasts = _forecasts(session, session.symbols(symbols), accept_doubts, horizon)
    if session.json:
        session.document(
            {"horizon": horizon, "forecasts": [_tree(forecast) for forecast in forecasts]}
        )
    else:
        _print(session, forecasts)
    return many_exit([each.error.exit_code if each.error else 0 for each in forecasts])


def _forecasts(
    session: Session, symbols: tuple[str, ...], accept_doubts: bool, horizon: int
) -> list[SymbolForecast]:
    options: dict[str, Any] = {"accept_doubts": True} if accept_doubts else {}
    options |= {"horizon": horizon} if horizon > 1 else {}
    answers = session.engine.models.predict(symbols, **options)
    snapshot = session.engine.watch.snapshot()
    settle_minutes = session.engine.settings.current.market.settle_minutes
    rows = {row.symbol: row for row in snapshot.rows}
    forecasts = []
    for symbol in symbols:
        row = rows[symbol]
        answer = answers[symbol]
        source = _source(session, row)
        if isinstance(answer, StockmlError):
            forecasts.append(
                SymbolForecast(row=row, source=source, error=answer, bars_behind=row.bars_behind)
            )
            continue
        behind = bars_behind(answer.last_bar, snapshot.taken_at, settle_minutes)
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
        if each.forecast or each.withheld
    ]
    if cells:
        session.facts(render.forecast_table(cells, terminal_width()))
        session.facts(render.legend([each.forecast for each in forecasts], terminal_width()))
    session.facts(
        f"{each.row.symbol}: {sentence(each.forecast)}"
        for each in forecasts
        if each.forecast and (each.forecast.horizon > 1 or is_widened(each.forecast))
    )
    session.facts(clean(line) for each in forecasts for line in _doubt_lines(each))
    for each in forecasts:
        if each.error:
            message = "no forecast" if each.withheld else each.error.message
            report_symbol(each.row.symbol, message, each.error.hint)
    session.facts(_stale(each) for each in forecasts if each.bars_behind)
    session.facts(
        f"{each.row.symbol}: {each.stored_copy}" for each in forecasts if each.stored_copy
    )


def _doubt_lines(forecast: SymbolForecast) -> Iterator[str]:
    for doubt in forecast.doubts:
        word = "withheld" if forecast.withheld and doubt.withholds else "doubt"
        yield f"{forecast.row.symbol}: {word}: {doubt.text} ({doubt.key})"


def _stale(forecast: SymbolForecast) -> str:
    symbol = forecast.row.symbol
    if forecast.error:
        return f"{symbol}: {bars_age(forecast.bars_behind or 0)}"
    next_step = f"; stockml data fetch {symbol}" if follows_exchange(forecast.source) else ""
    return (
        f"{symbol}: STALE, its bars end {forecast.bars_behind} complete sessions ago: the session"
        f" forecast is over{next_step}"
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
        "doubts": doubt_trees(forecast.doubts),
        "withheld": forecast.withheld or None,
        "forecast": documents.forecast_tree(forecast.forecast) if forecast.forecast else None,
        "error": documents.error_tree(forecast.error) if forecast.error else None,
    }
