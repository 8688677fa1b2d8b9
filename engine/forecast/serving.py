"""Forecasts of stored models on stored bars: many at once, each file of bars read once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from engine.core.clock import Clock
from engine.core.doubts import Doubt
from engine.core.errors import ModelError, NoDataError, StockmlError, symbol_fault
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.forecast.dataset import CONTEXT
from engine.forecast.inference import (
    DEFAULT_TOLERANCE,
    ForecastRequest,
    check_withheld,
    forecast_together,
    load_forecaster,
)
from engine.forecast.week import week_forecast
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel

ForecastOrError = Forecast | StockmlError


@dataclass(slots=True)
class StoredBars:
    """The stored bars of one moment, each symbol's read once: SPY is the context of all others."""

    home: Home
    settings: Settings
    clock: Clock
    accept_doubts: bool = False
    """Whether a doubt that makes a forecast meaningless does not withhold it."""
    _bars: dict[tuple[str, str], Bars] = field(default_factory=dict)

    def bars(self, source: str, symbol: str) -> Bars:
        """The bars of `symbol` from `source`, never the network; NoDataError without them."""
        if (source, symbol) not in self._bars:
            self._bars[source, symbol] = stored_bars(
                self.home, self.settings, source, symbol, self.clock
            )
        return self._bars[source, symbol]

    def doubts(self, source: str, symbol: str, forecast: ForecastOrError) -> tuple[Doubt, ...]:
        """The doubts about the bars, also where a fault left them without a forecast."""
        if isinstance(forecast, Forecast):
            return forecast.doubts
        bars = self._bars.get((source, symbol))
        return bars.doubts if bars else ()

    def request(self, stored: StoredModel, source: str) -> ForecastRequest:
        """What the model must forecast; errors as `Forecaster.request`, or WithheldError."""
        forecaster = load_forecaster(stored)
        bars = self.bars(source, stored.manifest.symbol)
        if not self.accept_doubts:
            check_withheld(bars)
        context = {name: self.bars(source, name) for name in forecaster.context}
        return forecaster.request(bars, context)


def forecast_stored(
    bars: StoredBars, models: Mapping[str, tuple[StoredModel, str]]
) -> dict[str, ForecastOrError]:
    """The next session's forecast of every (model, source of its bars), or why there is none."""
    requests: dict[str, ForecastRequest] = {}
    forecasts: dict[str, ForecastOrError] = {}
    for name, (stored, source) in models.items():
        try:
            requests[name] = bars.request(stored, source)
        except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
            forecasts[name] = symbol_fault(name, error)
    forecasts |= zip(requests, forecasts_or_errors(list(requests.values())), strict=True)
    return {name: forecasts[name] for name in models}


def stored_week(
    bars: StoredBars, symbol: str, source: str, tolerance: float | None
) -> ForecastOrError:
    """The range of five sessions on stored bars; the market's are left out where there are none."""
    context = {}
    for name in CONTEXT:
        with suppress(NoDataError):
            context[name] = bars.bars(source, name)
    near = DEFAULT_TOLERANCE if tolerance is None else tolerance
    try:
        return week_forecast(bars.bars(source, symbol), context, near / 100.0)
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        return symbol_fault(symbol, error)


def forecasts_or_errors(requests: Sequence[ForecastRequest]) -> list[ForecastOrError]:
    """All together, or one by one when a model fails, so that the others have their forecast."""
    try:
        return [_finite(forecast) for forecast in forecast_together(requests)]
    except Exception as error:  # noqa: BLE001 - alone, each symbol has its own
        if len(requests) == 1:
            return [symbol_fault(requests[0].forecaster.symbol, error)]
        return [forecasts_or_errors([request])[0] for request in requests]


def _finite(forecast: Forecast) -> Forecast:
    """The forecast; ModelError for one that is no number."""
    prices = (forecast.next_close, forecast.low95, forecast.high95, forecast.confidence)
    if not all(math.isfinite(price) for price in prices):
        raise ModelError(f"the model forecasts {forecast.next_close}", "train it again")
    return forecast
