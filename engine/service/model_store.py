"""What is served: the model and the bars of every symbol, in memory, swapped as one value when a
file changes.

A look compares the file's size, time and inode with those of the last look, so that a look at
nothing new costs a `stat` a symbol. A new file is read, checked and asked for a forecast beside
the one in service; only then one reference changes. A file that fails is refused: the model
before goes on, and the same file is not tried again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from engine.core.clock import Clock
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.records import Forecast, ModelInfo
from engine.core.sources import parse_source
from engine.forecast.inference import Forecaster, load_forecaster
from engine.market.bars import Bars
from engine.market.calendar import last_complete_session
from engine.market.fetch import stored_bars
from engine.market.store import bars_path
from engine.service.metrics import ServiceMetrics
from engine.settings.schema import Settings
from engine.vault.model_file import StatKey, model_info, read_model, stat_key

Error = TypeVar("Error", bound=StockmlError)


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One model in memory."""

    info: ModelInfo
    forecaster: Forecaster
    loaded_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class ServedSymbol:
    """One symbol as it is served now: never changed, only replaced."""

    symbol: str
    source: str
    """Where its bars come from, full name."""
    model: Served | None = None
    bars: Bars | None = None
    context: Mapping[str, Bars] = field(default_factory=dict)
    fault: StockmlError | None = None
    """Why it cannot be forecast; None when it can."""
    refused: str = ""
    """What is wrong with the file on disk while the model before goes on."""

    def forecast(self) -> Forecast:
        """The next session's forecast;
        the slot's fault is raised, ModelError for a number that is none."""
        if self.fault is not None:
            raise self.fault
        if self.model is None or self.bars is None:
            raise NoDataError(f"{self.symbol} has no model", f"stockml train {self.symbol}")
        return checked(self.symbol, self.model.forecaster.forecast(self.bars, self.context))

    def same_as(self, other: ServedSymbol) -> bool:
        """Whether both forecast from the same model and the same bars."""
        mine, theirs = (self.context, other.context)
        return (
            self.model is other.model
            and self.bars is other.bars
            and mine.keys() == theirs.keys()
            and all(mine[name] is theirs[name] for name in mine)
            and str(self.fault or "") == str(other.fault or "")
            and self.refused == other.refused
        )


def checked(symbol: str, forecast: Forecast) -> Forecast:
    """The forecast itself; ModelError when one of its numbers is not finite."""
    if not all(math.isfinite(value) for value in astuple(forecast) if isinstance(value, float)):
        raise ModelError(
            f"the model of {symbol} forecasts a number that is not finite",
            f"stockml train {symbol}",
        )
    return forecast


class ModelStore:
    """The slots of all configured symbols;
    `look` is for one background thread, reading is for everybody."""

    def __init__(
        self, home: Home, clock: Clock, metrics: ServiceMetrics, source: str | None
    ) -> None:
        self._home, self._clock, self._metrics, self._source = home, clock, metrics, source
        self._slots: dict[str, ServedSymbol] = {}
        self._tried: dict[str, StatKey] = {}
        self._bars: dict[tuple[str, str], tuple[Hashable, Bars | NoDataError]] = {}
        self._lock = threading.Lock()
        self.refusals: list[Callable[[str, str], None]] = []
        """Called with symbol and words when a file is refused, with no words when that is over."""

    def slot(self, symbol: str) -> ServedSymbol | None:
        """The symbol's slot; None before the first look at it."""
        return self._slots.get(symbol)

    @property
    def slots(self) -> tuple[ServedSymbol, ...]:
        """All slots, in the order of the settings."""
        return tuple(self._slots.values())

    def look(self, settings: Settings) -> None:
        """Take up what changed on disk since the last look."""
        for symbol in settings.names:
            with self._lock:
                self._look_at(symbol, settings)
        with self._lock:
            for gone in self._slots.keys() - set(settings.names):
                del self._slots[gone]
                self._tried.pop(gone, None)  # a symbol that comes back finds its file unread

    def reload(self, symbol: str, settings: Settings) -> ServedSymbol:
        """Read the symbol's model again, whatever was seen before; a refusal stands in the slot."""
        with self._lock:
            self._tried.pop(symbol, None)
            return self._look_at(symbol, settings)

    def _look_at(self, symbol: str, settings: Settings) -> ServedSymbol:
        before = self._slots.get(symbol) or ServedSymbol(
            symbol, self._source or settings.market.source
        )
        model, refused = self._newest_model(before)
        slot = self._filled(symbol, model, settings)
        if model is not before.model and model is not None and isinstance(slot.fault, ModelError):
            # Readable, but it cannot forecast: as bad as a broken file.
            model, refused = before.model, str(slot.fault)
            slot = self._filled(symbol, model, settings)
        slot = replace(slot, refused=refused)
        if slot.model is None and refused:
            slot = replace(slot, fault=ModelError(refused))
        self._count(before, slot)
        if symbol not in self._slots or not slot.same_as(before):
            self._slots[symbol] = slot
        return self._slots[symbol]

    def _newest_model(self, before: ServedSymbol) -> tuple[Served | None, str]:
        """The model of the file on disk, or the one before and why the file is refused."""
        path = self._home.model(before.symbol)
        try:
            key = stat_key(path.stat())
        except OSError:
            self._tried.pop(before.symbol, None)
            return before.model, "its file is gone" if before.model else ""
        if key == self._tried.get(before.symbol):
            return before.model, before.refused
        self._tried[before.symbol] = key
        return self._read(path, before)

    def _read(self, path: Path, before: ServedSymbol) -> tuple[Served | None, str]:
        try:
            stored = read_model(path)
            if before.model is not None and before.model.info.digest == stored.manifest.digest:
                return (
                    before.model,
                    "",
                )  # the same contents: a copy in its place, or a reload that found nothing new
            info = model_info(stored.manifest, stored.size_bytes)
            return Served(info, load_forecaster(stored), self._clock.now()), ""
        except FileNotFoundError:
            return before.model, "its file is gone" if before.model else ""
        except StockmlError as error:
            return before.model, str(self._placeless(error))

    def _filled(self, symbol: str, model: Served | None, settings: Settings) -> ServedSymbol:
        """The slot of a model with its bars, tried once."""
        source = self._source or (model.info.source if model else settings.market.source)
        try:
            bars = self.bars(source, symbol, settings)
            context = (
                {name: self.bars(source, name, settings) for name in model.forecaster.context}
                if model
                else {}
            )
            slot = ServedSymbol(symbol, source, model, bars, context)
        except StockmlError as error:
            return ServedSymbol(symbol, source, model, fault=error if model else _no_model(symbol))
        before = self._slots.get(symbol)
        if (
            before is not None
            and before.fault is None
            and slot.same_as(replace(before, refused=""))
        ):
            return slot
        try:
            slot.forecast()
        except StockmlError as error:
            return replace(slot, fault=error if model else _no_model(symbol))
        return slot

    def bars(self, source: str, symbol: str, settings: Settings) -> Bars:
        """The stored bars, read again only when their file changed or a session ended;
        NoDataError without them."""
        key = self._bars_key(source, symbol, settings)
        held = self._bars.get((source, symbol))
        if held is None or held[0] != key:
            try:
                found: Bars | NoDataError = stored_bars(
                    self._home, settings, source, symbol, self._clock
                )
            except NoDataError as error:
                found = self._placeless(error, parse_source(source).folder)
            held = (key, found)
            self._bars[source, symbol] = held
        if isinstance(held[1], NoDataError):
            raise held[1].with_traceback(None)  # else each raise keeps the frames of all before
        return held[1]

    def _placeless(self, error: Error, folder: str = "") -> Error:
        """The error with home and source folder shortened to a slash, however they are called:
        it is shown to clients."""
        for place in filter(None, (str(self._home.root), folder)):
            error.message, error.hint = (
                text.replace(f"{place}/", "/") for text in (error.message, error.hint)
            )
        return error

    def _bars_key(self, source: str, symbol: str, settings: Settings) -> Hashable:
        name = parse_source(source)
        newest = last_complete_session(self._clock.now(), settings.market.settle_minutes)
        path = (
            Path(name.folder) / f"{symbol}.csv"
            if name.folder
            else bars_path(self._home, source, symbol)
        )
        stands = name.needs_network or bool(
            name.folder
        )  # the simulated market has no file of its own
        try:
            return newest, settings.market, stat_key(path.stat()) if stands else None
        except OSError:
            return newest, settings.market, None

    def _count(self, before: ServedSymbol, slot: ServedSymbol) -> None:
        metrics, symbol = self._metrics, slot.symbol
        metrics.answering.labels(symbol).set(slot.fault is None)
        metrics.unusable.labels(symbol).set(bool(slot.refused))
        if slot.model is not None and slot.model is not before.model:
            metrics.loads.labels(symbol).inc()
            metrics.generation.labels(symbol).set(slot.model.info.generation)
        if slot.refused and slot.refused != before.refused:
            metrics.load_failures.labels(symbol).inc()
        if slot.refused != before.refused:
            for tell in self.refusals:
                tell(symbol, slot.refused)


def _no_model(symbol: str) -> NoDataError:
    return NoDataError(f"{symbol} has no model", f"stockml train {symbol}")
