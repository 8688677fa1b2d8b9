"""One symbol as it is served: its model and its bars in memory, and whether it can be forecast."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime

from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.records import Forecast, ModelInfo
from engine.forecast.inference import Forecaster, check_withheld
from engine.service.bar_cache import HeldBars
from engine.service.memory import Held


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """One model in service, its numbers in memory while there is room."""

    info: ModelInfo
    held: Held[Forecaster]
    context: tuple[str, ...]
    """The other symbols whose bars it needs."""
    loaded_at: datetime

    @property
    def forecaster(self) -> Forecaster:
        """Its numbers; ModelError when they must be read again and the file is another one."""
        return self.held.get()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServedSymbol:
    """One symbol as it is served now: never changed, only replaced."""

    symbol: str
    source: str
    """The full name of the source of its bars."""
    model: LoadedModel | None = None
    bars: HeldBars | None = None
    context: Mapping[str, HeldBars] = field(default_factory=dict)
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
        bars = self.bars.get()
        check_withheld(bars)
        context = {name: held.get() for name, held in self.context.items()}
        return check_finite(self.symbol, self.model.forecaster.forecast(bars, context))

    def ends_before(self, session: date) -> bool:
        """Whether its bars lack the session `session`."""
        return self.symbol in self.late_names(session)

    def late_names(self, session: date) -> Iterator[str]:
        """The symbol and its model's context, as far as their bars lack `session`."""
        held = {**self.context, self.symbol: self.bars}
        for name in (self.symbol, *(self.model.context if self.model else ())):
            bars = held.get(name)
            if bars is None or bars.last_date is None or bars.last_date < session:
                yield name

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
