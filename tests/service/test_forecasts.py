"""The cache: time to live, one computation at a time, nothing kept that should not be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from engine.core.errors import ModelError, StockmlError
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.service.forecasts import Forecasts
from engine.service.metrics import ServiceMetrics, total
from engine.service.model_store import ModelStore
from engine.service.served import ServedSymbol
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.service.homes import NOW, publish


class Bench:
    """A cache over the models of one home, with a count of the computations."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch, ttl_s: float = 300.0) -> None:
        self.clock = FakeClock(NOW)
        self.metrics = ServiceMetrics()
        self.home = home
        self.models = ModelStore(home, self.clock, self.metrics, None)
        self.refresh()
        self.forecasts = Forecasts(self.models, self.clock, self.metrics, lambda: ttl_s)
        self.computed: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False
        real = ServedSymbol.forecast

        def counted(served: ServedSymbol) -> Forecast:
            self.computed.append(served.symbol)
            assert self.gate.wait(60)
            if self.fails:
                raise ModelError("it cannot")
            return real(served)

        monkeypatch.setattr(ServedSymbol, "forecast", counted)

    def refresh(self) -> None:
        self.models.refresh(load(self.home, {}))


def run(bench: Bench, work: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work()

    try:
        return asyncio.run(main())
    finally:
        bench.forecasts.close()


def test_a_forecast_is_cached_for_its_time_to_live(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before the TTL the forecast comes from the cache, at the TTL it is computed again."""
    bench = Bench(home, monkeypatch)

    async def work() -> None:
        first = await bench.forecasts.get("NVDA")
        bench.clock.advance(timedelta(seconds=299))
        second = await bench.forecasts.get("NVDA")
        bench.clock.advance(timedelta(seconds=1))
        third = await bench.forecasts.get("NVDA")
        assert [answer.cached for answer in (first, second, third)] == [False, True, False]
        assert (second.age_s, second.made_at) == (299.0, first.made_at)
        assert first.forecast == third.forecast

    run(bench, work)
    assert bench.computed == ["NVDA", "NVDA"]
    assert (total(bench.metrics.hits), total(bench.metrics.misses)) == (1, 2)


def test_simultaneous_requests_share_one_computation(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty requests for one symbol that is not cached compute it once."""
    bench = Bench(home, monkeypatch)
    bench.gate.clear()

    async def work() -> None:
        tasks = [asyncio.create_task(bench.forecasts.get("NVDA")) for _ in range(50)]
        await asyncio.sleep(0)
        bench.gate.set()
        forecasts = await asyncio.gather(*tasks)
        assert len({id(answer.forecast) for answer in forecasts}) == 1

    run(bench, work)
    assert bench.computed == ["NVDA"]


def test_a_client_that_goes_away_does_not_cancel_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two waiting clients is cancelled; the second gets the same computation."""
    bench = Bench(home, monkeypatch)
    bench.gate.clear()

    async def work() -> None:
        first, second = (asyncio.create_task(bench.forecasts.get("NVDA")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        bench.gate.set()
        assert (await second).forecast.last_bar == "2026-06-30"
        assert first.cancelled()

    run(bench, work)
    assert bench.computed == ["NVDA"]


def test_an_error_is_not_cached(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed computation reaches everyone who waits for it, and the next request tries again."""
    bench = Bench(home, monkeypatch)
    bench.fails = True

    async def work() -> None:
        outcomes = await asyncio.gather(
            *(bench.forecasts.get("NVDA") for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, StockmlError) for outcome in outcomes)
        bench.fails = False
        assert not (await bench.forecasts.get("NVDA")).cached

    run(bench, work)
    assert bench.computed == ["NVDA", "NVDA"]


def test_a_forecast_of_a_replaced_model_is_not_cached(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A computation that began with the old model does not fill the cache of the new one."""
    bench = Bench(home, monkeypatch)
    bench.gate.clear()

    async def work() -> None:
        old = asyncio.create_task(bench.forecasts.get("NVDA"))
        await asyncio.sleep(0)
        publish(home, "NVDA", 2, seed=3)
        bench.gate.set()
        await asyncio.to_thread(bench.refresh)
        new = await bench.forecasts.get("NVDA")
        assert ((await old).served.model, new.cached) != (new.served.model, True)
        assert new.served.model is not None
        assert new.served.model.info.generation == 2

    run(bench, work)


def test_a_ttl_of_zero_caches_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ML_PREDICTION_TTL 0s each request is computed; expired entries are counted as such."""
    bench = Bench(home, monkeypatch, ttl_s=0.0)

    async def work() -> None:
        assert not (await bench.forecasts.get("NVDA")).cached
        assert not (await bench.forecasts.get("NVDA")).cached
        assert bench.forecasts.counts() == (1, 1)
        assert bench.forecasts.clear() == 1

    run(bench, work)


def test_a_symbol_that_the_first_look_has_not_reached_is_loaded_by_its_request(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look ends after one symbol; the request for another reads that one alone."""
    bench = Bench(home, monkeypatch)
    bench.models = ModelStore(home, bench.clock, bench.metrics, None)
    bench.models.refresh(load(home, {}), lambda: False)
    assert bench.models.count == 1
    bench.forecasts = Forecasts(bench.models, bench.clock, bench.metrics, lambda: 300.0)

    async def work() -> None:
        assert (await bench.forecasts.get("TSLA")).forecast.last_bar == "2026-06-30"

    run(bench, work)
    assert bench.models.count == 2
