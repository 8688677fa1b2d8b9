"""Every symbol's model and bars, replaced as one value when a file changes.

A refresh compares size, time and inode, so an unchanged file costs one `stat`. A new file must load
and forecast before it is swapped in; a damaged one is refused and not tried again, one that cannot
be reached is tried again and again. The old model stays in service meanwhile. Numbers and bars are
in memory while there is room (`MemoryRoom`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import FaultKind, ModelError, StockmlError, fault_kind
from engine.core.paths import Home
from engine.core.reading import unreachable
from engine.forecast.inference import Forecaster, load_forecaster
from engine.service.bar_cache import OWN_BYTES, StoredBarCache, without_places
from engine.service.memory import Held, MemoryRoom
from engine.service.metrics import ServiceMetrics
from engine.service.retries import Retries
from engine.service.served import LoadedModel, ServedSymbol, no_model
from engine.settings.schema import Settings
from engine.vault.manifest import model_info
from engine.vault.model_file import StatKey, StoredModel, stat_key
from engine.vault.model_reader import ModelReader

FILE_GONE = "its file is gone"


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at a model file ends with; at most one of both words is there."""

    model: LoadedModel | None
    refused: str = ""
    unreachable: str = ""


class ModelStore:
    """All configured symbols as served; one background thread refreshes, any thread reads."""

    def __init__(
        self, home: Home, clock: Clock, metrics: ServiceMetrics, source: str | None
    ) -> None:
        self._home = home
        self._clock = clock
        self._metrics = metrics
        self._source = source
        self._served: dict[str, ServedSymbol] = {}
        self._tried: dict[str, StatKey] = {}
        """The files with a verdict."""
        self._retries = Retries()
        self._settings: Settings | None = None
        self.room = MemoryRoom(self._limit_bytes)
        self._bars = StoredBarCache(home, clock, self.room)
        self._lock = threading.Lock()
        self.on_refusal: list[Callable[[str, str], None]] = []
        """Called with symbol and reason when a file is refused, and with '' when that ends."""

    def get(self, symbol: str) -> ServedSymbol | None:
        """The symbol as served now; None before it was first loaded."""
        return self._served.get(symbol)

    @property
    def served(self) -> tuple[ServedSymbol, ...]:
        """All symbols, in the order of the settings."""
        names = self._settings.names if self._settings else ()
        return tuple(self._served[name] for name in names if name in self._served)

    @property
    def count(self) -> int:
        """How many symbols were loaded so far."""
        return len(self._served)

    def refresh(self, settings: Settings, went_on: Callable[[], bool] = lambda: True) -> None:
        """Load what changed on disk; `went_on` is called after each symbol, False ends the look."""
        self._settings = settings
        with ModelReader(self._home) as reader:
            for symbol in settings.names:
                with self._lock:
                    self._refresh(symbol, settings, reader)
                if not went_on():
                    return
        with self._lock:
            for symbol in self._served.keys() - set(settings.names):
                del self._served[symbol]
                self._tried.pop(symbol, None)  # a symbol that comes back finds its file unread

    def load(self, symbol: str) -> ServedSymbol | None:
        """The symbol as served; loaded now where the first look has not come to it."""
        settings = self._settings
        if symbol in self._served or settings is None:
            return self._served.get(symbol)
        with self._lock, ModelReader(self._home) as reader:
            return self._served.get(symbol) or self._refresh(symbol, settings, reader)

    def reload(self, symbol: str, settings: Settings) -> ServedSymbol:
        """Read the symbol's model again, even if already tried; `refused` says what is wrong."""
        with self._lock, ModelReader(self._home) as reader:
            self._tried.pop(symbol, None)
            self._retries.clear(symbol)
            return self._refresh(symbol, settings, reader)

    def _limit_bytes(self) -> int:
        return self._settings.service.memory_mb * 1_000_000 if self._settings else 0

    def _refresh(self, symbol: str, settings: Settings, reader: ModelReader) -> ServedSymbol:
        before = self._served.get(symbol) or ServedSymbol(
            symbol=symbol, source=self._source or settings.market.source
        )
        look = self._look(before, reader)
        model, refused = look.model, look.refused
        served = self._with_bars(symbol, model, settings)
        if model is not before.model and model is not None and isinstance(served.fault, ModelError):
            # Readable, but it cannot forecast: as bad as a broken file.
            model = before.model
            refused = str(served.fault)
            served = self._with_bars(symbol, model, settings)
        served = replace(served, refused=refused, unreachable=look.unreachable)
        if served.model is None and refused:
            served = replace(served, fault=ModelError(refused))
        elif served.model is None and look.unreachable:
            served = replace(served, fault=StockmlError(look.unreachable))
        if symbol not in self._served or not served.same_as(before):
            self._count(before, served)
            self._served[symbol] = served
        return self._served[symbol]

    def _look(self, before: ServedSymbol, reader: ModelReader) -> _Look:
        """The model on disk, or the previous one and what is wrong with the file."""
        symbol = before.symbol
        path = self._home.model(symbol)
        if not self._retries.due(symbol):
            return _Look(before.model, before.refused, before.unreachable)
        try:
            key = stat_key(path.stat())
            if key == self._tried.get(symbol):
                return _Look(before.model, before.refused)
            look = self._read(path, before, reader)
        except FileNotFoundError:
            self._tried.pop(symbol, None)
            look = _Look(before.model, FILE_GONE if before.model else "")
        except Exception as error:  # noqa: BLE001 - one symbol's fault never ends another's look
            look = self._fault(path, before, error)
            if look.unreachable:
                self._retries.failed(symbol)
                return look
            self._tried[symbol] = key
        else:
            self._tried[symbol] = key
        self._retries.clear(symbol)
        return look

    def _read(self, path: Path, before: ServedSymbol, reader: ModelReader) -> _Look:
        stored = reader.read(path)
        if before.model is not None and before.model.info.digest == stored.manifest.digest:
            # The same contents: a copy in its place, or a reload that found nothing new.
            return _Look(before.model)
        return _Look(self._loaded(stored))

    def _loaded(self, stored: StoredModel) -> LoadedModel:
        forecaster = load_forecaster(stored)
        digest, symbol = stored.manifest.digest, stored.manifest.symbol
        size_bytes = OWN_BYTES + 2 * sum(array.nbytes for array in stored.arrays.values())
        size_bytes += 2 * sum(weight.nbytes for layer in stored.layers for weight in layer.weights)
        return LoadedModel(
            model_info(stored.manifest, stored.size_bytes),
            Held(self.room, forecaster, size_bytes, partial(self._again, symbol, digest)),
            forecaster.context,
            self._clock.now(),
        )

    def _again(self, symbol: str, digest: str) -> Forecaster:
        """The numbers of a model that memory was too short for; ModelError for another file."""
        path = self._home.model(symbol)
        try:
            with ModelReader(self._home) as reader:
                stored = reader.read(path)
        except OSError as error:
            raise ModelError(f"{symbol}: {error.strerror}") from error
        except StockmlError as error:
            without_places(error, str(self._home.root))
            raise
        if stored.manifest.digest != digest:
            raise ModelError(f"the model of {symbol} is being replaced", "ask again in a second")
        return load_forecaster(stored)

    def _fault(self, path: Path, before: ServedSymbol, error: Exception) -> _Look:
        """Whether the file is refused, or was out of reach for this moment."""
        passing = fault_kind(error) is FaultKind.UNREACHABLE
        if isinstance(error, OSError):
            error = unreachable(path, error)
        elif not isinstance(error, StockmlError):
            words = str(error) or "out of memory" if passing else f"{type(error).__name__}: {error}"
            error = ModelError(f"{path} cannot be used: {words}")
        text = str(without_places(error, str(self._home.root)))
        return _Look(before.model, unreachable=text) if passing else _Look(before.model, text)

    def _with_bars(
        self, symbol: str, model: LoadedModel | None, settings: Settings
    ) -> ServedSymbol:
        """The symbol with this model and its bars, after one trial forecast."""
        source = self._source or (model.info.source if model else settings.market.source)
        served = ServedSymbol(symbol=symbol, source=source, model=model)
        try:
            bars = self._bars.get(source, symbol, settings)
            names = model.context if model else ()
            context = {name: self._bars.get(source, name, settings) for name in names}
            served = replace(served, bars=bars, context=context)
            before = self._served.get(symbol)
            tried = before is not None and before.fault is None
            if before is None or not tried or not served.same_as(replace(before, refused="")):
                served.forecast()
        except StockmlError as error:
            return replace(served, fault=error if model else no_model(symbol))
        except Exception as error:  # noqa: BLE001 - one symbol's fault never ends another's look
            words = f"{type(error).__name__}: {error}"
            return replace(served, fault=ModelError(f"{symbol} cannot be forecast: {words}"))
        return served

    def _count(self, before: ServedSymbol, served: ServedSymbol) -> None:
        metrics = self._metrics
        symbol = served.symbol
        metrics.answering.labels(symbol).set(served.fault is None)
        metrics.unusable.labels(symbol).set(bool(served.refused))
        if served.model is not None and served.model is not before.model:
            metrics.loads.labels(symbol).inc()
            metrics.generation.labels(symbol).set(served.model.info.generation)
        if served.refused and served.refused != before.refused:
            metrics.load_failures.labels(symbol).inc()
        if served.refused != before.refused:
            for callback in self.on_refusal:
                callback(symbol, served.refused)
