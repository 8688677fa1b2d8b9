"""The market that does not exist: repeatable, growing bar by bar, and shaped like the real one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.market import calendar, simulated
from engine.market.bars import Bars, Floats, data_hash
from engine.market.fetch import fetch_bars
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def market(home: Home, symbol: str, now: datetime = NOW) -> Bars:
    return fetch_bars(home, load(home, {}), "simulated", symbol, FakeClock(now))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home", market__simulated_sessions=2500)


def returns(bars: Bars) -> Floats:
    return np.diff(np.log(bars.close))


def correlation(first: Floats, other: Floats) -> float:
    return float(np.asarray(np.corrcoef(first, other))[0, 1])


def test_bars_are_sessions_up_to_the_clock(home: Home) -> None:
    """Every bar is a session of the calendar, the last one complete, as many as the settings ask
    for."""
    bars = market(home, "NVDA")
    days = bars.dates.tolist()
    assert days == list(calendar.sessions_between(days[0], date(2026, 11, 20)))
    assert (len(days), bars.source) == (2500, "simulated")
    assert market(home, "NVDA", datetime(2026, 11, 23, 21, 30, tzinfo=UTC)).last_date == date(
        2026, 11, 23
    )


def test_the_same_seed_gives_the_same_market(home: Home, tmp_path: Path) -> None:
    """Two homes with one seed agree bit by bit; another seed or symbol gives other bars."""
    other = new_home(tmp_path / "other", market__simulated_sessions=2500)
    seeded = new_home(
        tmp_path / "seeded", market__simulated_sessions=2500, market__simulated_seed=8
    )
    assert data_hash(market(home, "NVDA")) == data_hash(market(other, "NVDA"))
    hashes = {
        data_hash(market(home, "NVDA")),
        data_hash(market(seeded, "NVDA")),
        data_hash(market(home, "AAPL")),
    }
    assert len(hashes) == 3


def test_a_later_clock_only_adds_bars(home: Home) -> None:
    """What was once shown never changes: tomorrow's series begins with today's."""
    today, later = market(home, "TSM"), market(home, "TSM", datetime(2027, 3, 1, 15, 0, tzinfo=UTC))
    shared = later.until(today.last_date)
    assert len(shared) == 2500 - len(later.since(date(2026, 11, 23)))
    assert data_hash(shared) == data_hash(today.tail(len(shared)))


def test_a_longer_table_changes_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a new release knows more sessions, the bars of the old ones stay bit by bit what they
    were."""
    who = simulated.character("NVDA", "Technology (Semiconductors)", "tech", 7)
    whole, days = simulated.simulate("NVDA", who, 7), simulated._days()
    monkeypatch.setattr(simulated, "_days", lambda: days[:-300])
    shorter = simulated.simulate.__wrapped__("NVDA", who, 7)
    assert len(shorter) == len(days) - 300
    assert data_hash(shorter) == data_hash(whole.until(shorter.last_date))


def test_simulated_bars_pass_the_quality_checks(home: Home) -> None:
    """Low ≤ open, close ≤ high, prices and volumes above zero, for every configured symbol and
    8,000 sessions."""
    home.settings.write_text(
        home.settings.read_text().replace("simulated_sessions = 2500", "simulated_sessions = 8000")
    )
    for symbol in ("NVDA", "SMCI", "SPY", "AUR"):
        bars = market(home, symbol)
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert (bars.low > 0).all()
        assert (bars.volume > 0).all()


def test_returns_resemble_a_real_market(home: Home) -> None:
    """Volatility by symbol, fat tails, volatility clusters, gaps, correlation with the market
    and within a sector."""
    markets = {symbol: market(home, symbol) for symbol in ("NVDA", "AAPL", "TSLA", "SMCI", "SPY")}
    moves = {symbol: returns(bars) for symbol, bars in markets.items()}
    sd = {symbol: float(values.std()) for symbol, values in moves.items()}
    assert sd["SPY"] < sd["AAPL"] < sd["SMCI"]
    assert 0.008 < sd["SPY"] < 0.015
    for values in moves.values():
        normal = (values - values.mean()) / values.std()
        assert (normal**4).mean() > 4.5
        assert correlation(np.abs(normal[1:]), np.abs(normal[:-1])) > 0.05
    with_market, same_sector, other_sector = (
        correlation(moves["NVDA"], moves[name]) for name in ("SPY", "AAPL", "TSLA")
    )
    assert with_market > 0.4
    assert same_sector > other_sector
    gaps = markets["NVDA"].open[1:] / markets["NVDA"].close[:-1] - 1
    assert np.abs(gaps).mean() > 0.003


def test_the_past_does_not_predict_the_next_direction(home: Home) -> None:
    """Yesterday's move and today's are uncorrelated, so that no honest model shines here."""
    values = np.concatenate(
        [
            returns(market(home, symbol)) / returns(market(home, symbol)).std()
            for symbol in ("NVDA", "MSFT", "MP")
        ]
    )
    assert abs(correlation(values[1:], values[:-1])) < 0.05
    assert 0.46 < (values > 0).mean() < 0.54


def test_min_date_cuts_the_start(home: Home) -> None:
    """A symbol with a min_date begins there; a clock before it leaves nothing, exit 4."""
    assert market(home, "SMR").first_date == date(2022, 5, 3)
    with pytest.raises(NoDataError, match="SMR"):
        market(home, "SMR", datetime(2022, 4, 1, 15, 0, tzinfo=UTC))
