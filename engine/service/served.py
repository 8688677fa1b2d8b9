"""One symbol as it is served: its model and its bars in memory, and whether it can be forecast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime

from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.records import Forecast, ModelInfo
from engine.forecast.inference import Forecaster, check_withheld
from engine.market.bars import Bars


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """One model in memory."""

    info: ModelInfo
    forecaster: Forecaster
    loaded_at: datetime


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServedSymbol:
    """One symbol as it is served now: never changed, only replaced."""

    symbol: str
    source: str
    """The full name of the source of its bars."""
    model: LoadedModel | None = None
    bars: Bars | None = None
    context: Mapping[str, Bars] = field(default_factory=dict)
    fault: StockmlError | None = None
    """Why it cannot be forecast; None when it can."""
    refused: str = ""
    """The problem with the file on disk while the previous model stays in service."""
    unreachable: str = ""
    """Why the file on disk cannot be read at this moment; it is tried again."""

    def forecast(self) -> Forecast:
        """The next session's forecast.

        Raises `fault`, WithheldError for doubtful bars, ModelError for a number not finite.
        """
        if self.fault is not None:
            raise self.fault
        if self.model is None or self.bars is None:
            raise no_model(self.symbol)
        check_withheld(self.bars)
        return check_finite(self.symbol, self.model.forecaster.forecast(self.bars, self.context))

    def ends_before(self, session: date) -> bool:
        """Whether its bars lack the session `session`."""
        return self.bars is None or not len(self.bars) or self.bars.last_date < session

    def same_as(self, other: ServedSymbol) -> bool:
        """Whether both forecast from the same model and the same bars."""
        return (
            self.model is other.model
            and self.bars is other.bars
            and self.context.keys() == other.context.keys()
            and all(self.context[name] is other.context[name] for name in self.context)
            and str(self.fault or "") == str(other.fault or "")
            and self.refused == other.refused
            and self.unreachable == other.unreachable
        )


def check_finite(symbol: str, forecast: Forecast) -> Forecast:
    """The forecast itself; ModelError when one of its numbers is not finite."""
    if not all(math.isfinite(number) for number in astuple(forecast) if isinstance(number, float)):
        raise ModelError(
            f"the model of {symbol} forecasts a number that is not finite",
            f"stockml train {symbol}",
        )
    return forecast


def no_model(symbol: str) -> NoDataError:
    """The error of a symbol that was never trained."""
    return NoDataError(f"{symbol} has no model", f"stockml train {symbol}")
