"""Forecasts for requests: a cache with a time to live, and one computation at a time for each
symbol.

An entry belongs to one slot (engine.service.model_store), so it dies with the model generation
or the bars it was made from.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from engine.core.clock import Clock
from engine.core.errors import NoDataError, StockmlError
from engine.core.records import Forecast
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore, ServedSymbol

THREADS = 2
"""Forecasts computed at once; numpy holds one core each, and a cold one takes milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedForecast:
    """One computed forecast; `at` in monotonic seconds."""

    slot: ServedSymbol
    forecast: Forecast
    made_at: datetime
    at: float


@dataclass(frozen=True, slots=True, eq=False)
class ServedForecast:
    """What a request gets."""

    slot: ServedSymbol
    forecast: Forecast
    made_at: datetime
    age_s: float
    cached: bool


class Forecasts:
    """The cache; all methods are for the event loop's thread."""

    def __init__(
        self, shelf: ModelStore, clock: Clock, metrics: ServiceMetrics, ttl_s: Callable[[], float]
    ) -> None:
        self._shelf, self._clock, self._metrics, self._ttl_s = shelf, clock, metrics, ttl_s
        self._entries: dict[str, CachedForecast] = {}
        self._flights: dict[str, tuple[ServedSymbol, asyncio.Future[CachedForecast]]] = {}
        self._pool = ThreadPoolExecutor(THREADS, "forecast")

    async def get(self, symbol: str) -> ServedForecast:
        """The symbol's forecast, cached or computed;
        StockmlError in the words of what is missing."""
        slot = self._shelf.slot(symbol)
        if slot is None:
            raise NoDataError(f"the model of {symbol} is being loaded", "ask again in a second")
        if slot.fault is not None:
            self._metrics.prediction_errors.labels(symbol).inc()
            raise slot.fault.with_traceback(None)
        entry = self._fresh(symbol, slot)
        cached = entry is not None
        (self._metrics.hits if cached else self._metrics.misses).inc()
        if entry is None:
            entry = await self._computed(symbol, slot)
        self._metrics.predictions.labels(symbol).inc()
        age_s = max(0.0, self._clock.monotonic() - entry.at)
        return ServedForecast(entry.slot, entry.forecast, entry.made_at, age_s, cached)

    def clear(self) -> int:
        """Forget everything; returns how many forecasts that were."""
        count = len(self._entries)
        self._entries.clear()
        self._flights.clear()
        return count

    def counts(self) -> tuple[int, int]:
        """How many forecasts are kept, and how many of them have outlived their time."""
        stale = sum(
            self._fresh(symbol, self._shelf.slot(symbol)) is None for symbol in self._entries
        )
        return len(self._entries), stale

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fresh(self, symbol: str, slot: ServedSymbol | None) -> CachedForecast | None:
        entry = self._entries.get(symbol)
        if (
            entry is None
            or entry.slot is not slot
            or self._clock.monotonic() - entry.at >= self._ttl_s()
        ):
            return None
        return entry

    async def _computed(self, symbol: str, slot: ServedSymbol) -> CachedForecast:
        """The forecast of a flight: the one under way for this slot, or a new one."""
        flight = self._flights.get(symbol)
        if flight is None or flight[0] is not slot:
            future = asyncio.get_running_loop().run_in_executor(self._pool, self._compute, slot)
            flight = (slot, future)
            self._flights[symbol] = flight
            future.add_done_callback(lambda done: self._landed(symbol, slot, done))
        try:
            # A client that goes away must not cancel the flight of the others.
            return await asyncio.shield(flight[1])
        except StockmlError as error:
            self._metrics.prediction_errors.labels(symbol).inc()
            raise error.with_traceback(None) from None

    def _landed(
        self, symbol: str, slot: ServedSymbol, done: asyncio.Future[CachedForecast]
    ) -> None:
        flight = self._flights.get(symbol)
        if flight is None or flight[1] is not done:
            if not done.cancelled():
                done.exception()
            return
        del self._flights[symbol]
        if not done.cancelled() and done.exception() is None and self._shelf.slot(symbol) is slot:
            self._entries[symbol] = done.result()
            self._metrics.cached.set(len(self._entries))

    def _compute(self, slot: ServedSymbol) -> CachedForecast:
        start = time.perf_counter()
        forecast = slot.forecast()
        self._metrics.forecasting.observe(time.perf_counter() - start)
        return CachedForecast(slot, forecast, self._clock.now(), self._clock.monotonic())
