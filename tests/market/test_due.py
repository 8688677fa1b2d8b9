"""The requests of a universe: all on the first day, none on the same, short ones on the next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market import yahoo
from engine.market.due import RequestsDue, requests_due
from engine.market.fetch import fetch_bars
from engine.market.request import BarsRequest
from engine.settings.load import load
from engine.settings.schema import Settings
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market import fake_yahoo as fake

DAYS = fake.sessions(date(2024, 6, 14), 40)
THURSDAY = datetime(2024, 6, 13, 23, 0, tzinfo=UTC)
SYMBOLS = 1000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home", market__request_spacing_s=0)


def names(count: int) -> list[str]:
    return [f"S{number}" for number in range(count)]


def due(home: Home, settings: Settings, symbols: list[str], clock: FakeClock) -> RequestsDue:
    source = parse_source("yahoo")
    return requests_due(BarsRequest(home, settings, source, name, clock) for name in symbols)


@pytest.mark.timeout(300)
def test_a_thousand_symbols_ask_once_a_day(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """First day: a request each, resumed where it stopped. Again that day: none. The day after:
    one each, of the newest sessions alone."""
    settings, clock = load(home, {}), FakeClock(THURSDAY)
    session = fake.FakeSession(fake.chart(DAYS[:-1]))
    monkeypatch.setattr(yahoo, "session", lambda: session)
    symbols = names(SYMBOLS)

    def fetch(some: list[str]) -> list[date]:
        """The first days that were asked for."""
        session.charts.clear()
        for symbol in some:
            fetch_bars(home, settings, "yahoo", symbol, clock)
        return [datetime.fromtimestamp(chart["period1"], UTC).date() for chart in session.charts]

    assert due(home, settings, symbols, clock).count == SYMBOLS
    assert len(fetch(symbols[:400])) == 400
    assert due(home, settings, symbols, clock).count == SYMBOLS - 400
    assert fetch(symbols) == [date(2014, 1, 1)] * (SYMBOLS - 400)
    assert (fetch(symbols), due(home, settings, symbols, clock).count) == ([], 0)
    clock.advance(timedelta(days=1))
    session.answers = [fake.chart(DAYS)]
    assert due(home, settings, symbols, clock).count == SYMBOLS
    assert fetch(symbols) == [DAYS[-6]] * SYMBOLS


def test_the_time_is_that_of_the_pace() -> None:
    """1,000 requests at one every 1.5 s take 25 minutes; a source without network asks for none."""
    assert RequestsDue(1000, 1.5).seconds == 1500.0


def test_a_source_without_network_asks_for_nothing(home: Home) -> None:
    """The simulated market makes its bars itself."""
    clock, source = FakeClock(THURSDAY), parse_source("simulated")
    request = BarsRequest(home, load(home, {}), source, "NVDA", clock)
    assert requests_due([request]) == RequestsDue(0, 0.0)


def test_what_must_be_compared_or_cannot_be_read_is_due(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole series is compared once a week; damaged facts are fetched anew."""
    settings, clock = load(home, {}), FakeClock(THURSDAY)
    monkeypatch.setattr(yahoo, "session", lambda: fake.FakeSession(fake.chart(DAYS[:-1])))
    fetch_bars(home, settings, "yahoo", "NVDA", clock)
    assert due(home, settings, ["NVDA"], clock).count == 0
    (home.market / "yahoo" / "NVDA.json").write_text("{")
    assert due(home, settings, ["NVDA"], clock).count == 1
