"""Forecasts cached per ServedSymbol with a time to live; one computation at a time per symbol."""

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
from engine.service.model_store import ModelStore
from engine.service.served import ServedSymbol

THREADS = 2
"""Concurrent computations; numpy uses one core each, and a cold one takes milliseconds."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CachedForecast:
    """One computed forecast; `monotonic_s` is when it was computed."""

    served: ServedSymbol
    forecast: Forecast
    made_at: datetime
    monotonic_s: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServedForecast:
    """The forecast that a request gets."""

    served: ServedSymbol
    forecast: Forecast
    made_at: datetime
    age_s: float
    cached: bool


class Forecasts:
    """The cache; all methods are for the event loop's thread."""

    def __init__(
        self, models: ModelStore, clock: Clock, metrics: ServiceMetrics, ttl_s: Callable[[], float]
    ) -> None:
        self._models = models
        self._clock = clock
        self._metrics = metrics
        self._ttl_s = ttl_s
        self._cache: dict[str, CachedForecast] = {}
        self._running: dict[str, tuple[ServedSymbol, asyncio.Future[CachedForecast]]] = {}
        self._pool = ThreadPoolExecutor(THREADS, "forecast")

    async def get(self, symbol: str) -> ServedForecast:
        """The symbol's forecast, cached or computed; StockmlError says why there is none."""
        served = self._models.get(symbol)
        if served is None:
            loop = asyncio.get_running_loop()
            served = await loop.run_in_executor(self._pool, self._models.load, symbol)
        if served is None:
            raise NoDataError(f"the model of {symbol} is being loaded", "ask again in a second")
        if served.fault is not None:
            self._metrics.prediction_errors.labels(symbol).inc()
            raise served.fault.with_traceback(None)
        fresh = self._fresh(symbol, served)
        (self._metrics.hits if fresh else self._metrics.misses).inc()
        forecast = fresh or await self._computed(symbol, served)
        self._metrics.predictions.labels(symbol).inc()
        return ServedForecast(
            served=forecast.served,
            forecast=forecast.forecast,
            made_at=forecast.made_at,
            age_s=max(0.0, self._clock.monotonic() - forecast.monotonic_s),
            cached=fresh is not None,
        )

    def clear(self) -> int:
        """Clear the cache; return how many forecasts it had."""
        count = len(self._cache)
        self._cache.clear()
        self._running.clear()
        return count

    def counts(self) -> tuple[int, int]:
        """How many forecasts are cached, and how many of them have expired."""
        expired = sum(
            self._fresh(symbol, self._models.get(symbol)) is None for symbol in self._cache
        )
        return len(self._cache), expired

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fresh(self, symbol: str, served: ServedSymbol | None) -> CachedForecast | None:
        cached = self._cache.get(symbol)
        if cached is None or cached.served is not served:
            return None
        expired = self._clock.monotonic() - cached.monotonic_s >= self._ttl_s()
        return None if expired else cached

    async def _computed(self, symbol: str, served: ServedSymbol) -> CachedForecast:
        """The forecast from the running computation for this model and bars, or from a new one."""
        running = self._running.get(symbol)
        if running is None or running[0] is not served:
            future = asyncio.get_running_loop().run_in_executor(self._pool, self._compute, served)
            running = (served, future)
            self._running[symbol] = running
            future.add_done_callback(lambda done: self._store(symbol, served, done))
        try:
            # A client that goes away must not cancel the computation for the others.
            return await asyncio.shield(running[1])
        except StockmlError as error:
            self._metrics.prediction_errors.labels(symbol).inc()
            raise error.with_traceback(None) from None

    def _store(
        self, symbol: str, served: ServedSymbol, done: asyncio.Future[CachedForecast]
    ) -> None:
        """Cache the forecast, unless the model, the bars or the cache changed meanwhile."""
        running = self._running.get(symbol)
        if running is None or running[1] is not done:
            if not done.cancelled():
                done.exception()
            return
        del self._running[symbol]
        if not done.cancelled() and done.exception() is None and self._models.get(symbol) is served:
            self._cache[symbol] = done.result()
            self._metrics.cached.set(len(self._cache))

    def _compute(self, served: ServedSymbol) -> CachedForecast:
        start = time.perf_counter()
        forecast = served.forecast()
        self._metrics.computing.observe(time.perf_counter() - start)
        return CachedForecast(
            served=served,
            forecast=forecast,
            made_at=self._clock.now(),
            monotonic_s=self._clock.monotonic(),
        )
