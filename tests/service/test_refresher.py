"""Fresh bars in the background: only when a session is missing, one child at a time, one backoff
for all."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.core.clock import Clock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.market import fetch as market_fetch
from engine.market.bars import Bars
from engine.market.store import BarStore
from engine.service import fetch, refresher
from engine.service.metrics import ServiceMetrics, total
from engine.service.refresher import Backoff, Refresher, behind
from engine.settings.schema import Settings
from tests.fake_clock import FakeClock
from tests.helpers import wait_for
from tests.service.homes import NOW, bars_of, serving

LAST = date(2026, 6, 30)
NVDA, SPY = ("yahoo", "NVDA"), ("yahoo", "SPY")


class KeptText(io.BytesIO):
    """A pipe whose text can be read after it was closed."""

    def close(self) -> None:
        """Keep the text."""


class FakeChild:
    """A child that ends when told; `argv` is what it was started with."""

    started: ClassVar[list[FakeChild]] = []

    def __init__(self, argv: list[str], **_: Any) -> None:
        self.argv = argv
        self.stdin = KeptText()
        self.ended = False
        self.code: int | None = None
        self.started.append(self)

    @property
    def asked(self) -> list[list[str]]:
        """The bars that it was asked for."""
        keys: list[list[str]] = json.loads(self.stdin.getvalue())
        return keys

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.ended = True
        self.code = -15

    kill = terminate

    def wait(self, seconds: float | None = None) -> int | None:
        return self.code


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[FakeChild]:
    FakeChild.started = []
    monkeypatch.setattr(subprocess, "Popen", FakeChild)
    return FakeChild.started


def test_only_network_sources_that_lack_a_session_are_behind(home: Home, tmp_path: Path) -> None:
    """Bars up to the newest session are not asked for; csv and simulated never are;
    what is missing is."""
    keys = [NVDA, NVDA, ("yahoo", "META"), ("simulated", "NVDA"), (f"csv:{tmp_path}", "NVDA")]
    assert behind(home, keys, LAST) == (("yahoo", "META"),)
    assert behind(home, keys, date(2026, 7, 1)) == (NVDA, ("yahoo", "META"))


def test_the_backoff_doubles_up_to_an_hour_and_ends_with_success() -> None:
    """2, 4, 8 … 60 minutes; one good round forgets it."""
    backoff, waits = Backoff(), []
    for _ in range(8):
        backoff = backoff.after(True, NOW)
        assert backoff.until is not None
        waits.append((backoff.until - NOW).total_seconds() / 60)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert not backoff.allows(NOW + timedelta(minutes=59))
    assert backoff.allows(NOW + timedelta(minutes=60))
    assert backoff.after(False, NOW) == Backoff()


def test_one_child_asks_for_all_that_is_due(home: Home, children: list[FakeChild]) -> None:
    """Nothing is asked while bars are complete;
    once a session is missing one child gets every symbol, and no second runs."""
    worker = Refresher(home, FakeClock(NOW), ServiceMetrics())
    worker.poll([NVDA, SPY], LAST)
    assert children == []
    for _ in range(3):
        worker.poll([NVDA, SPY], date(2026, 7, 1))
    assert [child.asked for child in children] == [[["yahoo", "NVDA"], ["yahoo", "SPY"]]]
    worker.close()
    assert children[0].ended
    assert not worker.running


def test_a_round_that_leaves_symbols_behind_waits_for_all(
    home: Home, children: list[FakeChild]
) -> None:
    """One symbol fetched and one not: both are counted, and the next child starts only after the
    backoff, for the rest."""
    clock, metrics = FakeClock(NOW), ServiceMetrics()
    worker = Refresher(home, clock, metrics)
    newest = date(2026, 7, 1)
    worker.poll([NVDA, SPY], newest)
    bars = bars_of(home, "NVDA")
    BarStore(home).write(replace(bars, dates=bars.dates + 1))
    children[0].code = 1
    worker.poll([NVDA, SPY], newest)
    assert (total(metrics.fetches), total(metrics.fetch_errors)) == (2, 1)
    worker.poll([NVDA, SPY], newest)
    clock.advance(timedelta(seconds=119))
    worker.poll([NVDA, SPY], newest)
    assert len(children) == 1
    clock.advance(timedelta(seconds=1))
    worker.poll([NVDA, SPY], newest)
    assert [child.asked for child in children[1:]] == [[["yahoo", "SPY"]]]


def test_a_child_that_hangs_is_killed(
    home: Home, children: list[FakeChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that brings no symbol further in time is killed, and the round counts as failed."""
    worker = Refresher(home, FakeClock(NOW), ServiceMetrics())
    worker.poll([NVDA], date(2026, 7, 1))
    monkeypatch.setattr(refresher, "IDLE_LIMIT_S", 0.0)
    worker.poll([NVDA], date(2026, 7, 1))
    assert children[0].ended
    worker.poll([NVDA], date(2026, 7, 1))
    assert worker.backoff.failures == 1


def test_a_child_may_take_as_long_as_its_symbols_need(
    home: Home, children: list[FakeChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No limit ends a child that brought a symbol further, and the next wait is the first one."""
    worker = Refresher(home, FakeClock(NOW), ServiceMetrics())
    worker.backoff = Backoff(5)
    newest = date(2026, 7, 1)
    worker.poll([NVDA, SPY], newest)
    monkeypatch.setattr(refresher, "IDLE_LIMIT_S", 0.0)
    bars = bars_of(home, "NVDA")
    BarStore(home).write(replace(bars, dates=bars.dates + 1))
    worker.poll([NVDA, SPY], newest)
    assert not children[0].ended
    children[0].code = 1
    worker.poll([NVDA, SPY], newest)
    assert worker.backoff == Backoff(1, NOW + refresher.FIRST_WAIT)


def test_the_service_asks_after_the_close_only(home: Home, children: list[FakeChild]) -> None:
    """With bars of the last complete session nothing is asked, before and during market hours;
    after the close all is."""
    clock = FakeClock(NOW)
    with serving(home, clock) as served:
        service = served.running.service
        service.fetching = True
        for hours in (
            0,
            3,
            4,
        ):  # 12:00, 15:00 and 19:00 UTC: the exchange is open from 13:30 to 20:00
            clock.advance(timedelta(hours=hours))
            service.refresh()
        assert children == []
        clock.advance(timedelta(hours=2))
        wait_for(lambda: children, what="a child")
        assert len(children[0].asked) == 13


def test_a_symbol_that_brings_nothing_keeps_none_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a symbol without bars nor one that the source knows no more, so that stored ones
    stand in, stops the child."""
    asked: list[str] = []

    def fake(_home: Home, _settings: Settings, _source: str, symbol: str, clock: Clock) -> Bars:
        asked.append(symbol)
        if symbol == "META":
            raise NoDataError("none")
        bars = bars_of(home, "NVDA")
        return replace(bars, fetched_at=clock.now() - timedelta(days=symbol == "SMR"))

    monkeypatch.setattr(market_fetch, "fetch_bars", fake)
    keys = [("yahoo", name) for name in ("META", "SMR", "NVDA", "SPY")]
    assert fetch.fetch_all(home, keys, FakeClock(NOW)) == 2
    assert asked == ["META", "SMR", "NVDA", "SPY"]


def test_the_real_child_ends_with_its_parent(home: Home) -> None:
    """The real child, its stdin closed before it asked anything, ends by itself and leaves the
    stored bars as they are."""
    before = (home.market / "yahoo" / "NVDA.csv").read_bytes()
    worker = Refresher(home, FakeClock(NOW), ServiceMetrics())
    worker.poll([NVDA], date(2026, 7, 1))
    child = worker._child
    assert child is not None
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(120) == 1
    assert (home.market / "yahoo" / "NVDA.csv").read_bytes() == before


def test_a_wait_that_a_wrong_clock_began_is_over() -> None:
    """A clock that was a year ahead when a round failed does not stop fetching for a year."""
    waiting = Backoff().after(True, NOW + timedelta(days=365))
    assert waiting.allows(NOW)
    assert not Backoff().after(True, NOW).allows(NOW + timedelta(minutes=1))
