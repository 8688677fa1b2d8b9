"""The ledger: forecasts kept before their outcome, scored once a session, on one basis."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.core.paths import Home
from engine.core.records import Forecast
from engine.market.bars import Bars
from engine.watch import ledger
from engine.watch.ledger import KeptForecast, accuracy_of, live_of, record, resolve, scored, waiting

# Friday's bar, Monday's session: it opens at 13:30 and closes at 20:00 UTC.
FORECAST = Forecast("2025-08-08", 100.0, 101.0, 98.0, 104.0, 95.0, 107.0, 55.0, 90.0, "2025-08-11")
SUNDAY = datetime(2025, 8, 10, 12, tzinfo=UTC)
AFTER = datetime(2025, 8, 12, 6, tzinfo=UTC)


def made(forecast: Forecast = FORECAST, at: datetime = SUNDAY, digest: str = "d1") -> KeptForecast:
    """A forecast of NVDA."""
    return KeptForecast("NVDA", forecast, "csv:/b", "check", 1, digest, at)


def bars(closes: dict[str, float]) -> Bars:
    """Bars with these closes."""
    days, close = np.array(list(closes), dtype="datetime64[D]"), np.array(list(closes.values()))
    return Bars("NVDA", "csv:/b", days, close, close, close, close, np.ones(len(days)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_forecast_is_scored_by_the_next_complete_bar(home: Home) -> None:
    """It waits until its session has closed, then has one outcome, however often it is asked
    for."""
    assert 1 == record(home, [made()])
    assert 0 == resolve(home, bars({"2025-08-08": 100.0}), AFTER)
    assert (0, 1) == (len(scored(home, "NVDA", "csv:/b")), waiting(home, "NVDA", "csv:/b"))
    assert 1 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 102.0}), AFTER)
    assert 0 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 102.0}), AFTER)
    (found,) = scored(home, "NVDA", "csv:/b")
    assert (102.0, 1.0, 0) == (found.actual, found.rebase, waiting(home, "NVDA", "csv:/b"))


def test_no_look_ahead(home: Home) -> None:
    """A forecast whose session has closed, or that claims to know its own target's bar, is not
    kept."""
    late = made(at=datetime(2025, 8, 11, 20, 0, tzinfo=UTC))
    knowing = made(replace(FORECAST, last_bar="2025-08-11"))

    assert 0 == record(home, [late, knowing])
    assert not home.history.exists()


def test_an_open_session_has_no_outcome(home: Home) -> None:
    """A bar of a session that has not closed scores nothing, whoever brought it."""
    record(home, [made()])

    assert 0 == resolve(
        home,
        bars({"2025-08-08": 100.0, "2025-08-11": 102.0}),
        datetime(2025, 8, 11, 15, tzinfo=UTC),
    )


def test_the_last_one_before_the_open_counts(home: Home) -> None:
    """n counts sessions: of three forecasts for one session the last made before it opened is
    scored, the rest are kept."""
    early, retrained = (
        made(digest="d0"),
        made(replace(FORECAST, next_close=99.0), datetime(2025, 8, 11, 6, tzinfo=UTC), "d2"),
    )
    during = made(replace(FORECAST, next_close=105.0), datetime(2025, 8, 11, 15, tzinfo=UTC), "d3")
    assert 3 == record(home, [early, retrained, during])
    assert 0 == record(home, [early])
    resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 98.0}), AFTER)

    (found,) = scored(home, "NVDA", "csv:/b")
    assert 99.0 == found.next_close


def test_a_split_rebases_and_does_not_score_falsely(home: Home) -> None:
    """After ten for one the closes are tenths: error and direction stay those of the returns."""
    record(home, [made()])
    resolve(home, bars({"2025-08-08": 10.0, "2025-08-11": 10.2}), AFTER)
    found = scored(home, "NVDA", "csv:/b")
    figures = accuracy_of("NVDA", found, 0, 5.0)

    assert found[0].rebase == pytest.approx(0.1)
    assert figures.mape == pytest.approx(100 * abs(101.0 / 102.0 - 1))
    assert figures.naive_mape == pytest.approx(100 * abs(100.0 / 102.0 - 1))
    assert (100.0, 100.0, 100.0) == (figures.direction_accuracy, figures.coverage80, figures.kept)
    assert live_of(found, 250).mape == pytest.approx(figures.mape)


def test_a_corrected_bar_appends_a_new_outcome(home: Home) -> None:
    """The newest outcome counts, the older one stays in the file, the forecast is never touched."""
    record(home, [made()])
    resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 102.0}), AFTER)
    assert 1 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 99.5}), AFTER)

    assert [99.5] == [each.actual for each in scored(home, "NVDA", "csv:/b")]
    with closing(sqlite3.connect(home.history)) as connection:
        assert [(102.0,), (99.5,)] == connection.execute(
            "SELECT actual FROM watch_outcomes ORDER BY id"
        ).fetchall()
        assert [(101.0,)] == connection.execute(
            "SELECT next_close FROM watch_predictions"
        ).fetchall()


def test_a_correction_that_is_taken_back_counts_again(home: Home) -> None:
    """A close that a source gave, corrected and gave again scores by what it says now, and is
    then settled."""
    record(home, [made()])
    for close in (102.0, 99.5, 102.0):
        assert 1 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": close}), AFTER)
        assert [close] == [each.actual for each in scored(home, "NVDA", "csv:/b")]
    assert 0 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-11": 102.0}), AFTER)


def test_sources_do_not_meet(home: Home) -> None:
    """A forecast made from one source is neither scored by nor counted with another's bars."""
    record(home, [made()])

    assert 0 == resolve(
        home, replace(bars({"2025-08-08": 100.0, "2025-08-11": 102.0}), source="yahoo"), AFTER
    )
    assert () == scored(home, "NVDA", "yahoo")


def test_a_session_without_bars_scores_nothing(home: Home) -> None:
    """When the target's bar never came, or the one it was made from is gone, there is no
    outcome."""
    record(home, [made()])

    assert 0 == resolve(home, bars({"2025-08-08": 100.0, "2025-08-12": 102.0}), AFTER)
    assert 0 == resolve(home, bars({"2025-08-11": 100.0}), AFTER)


def test_no_ledger_is_no_figures(home: Home) -> None:
    """Before the first forecast there is nothing, and nothing is created by looking."""
    assert ((), 0) == (scored(home, "NVDA", "x"), waiting(home, "NVDA", "x"))
    assert accuracy_of("NVDA", (), 0, 5.0).mape is None
    assert 0 == live_of((), 250).n
    assert not home.history.exists()
    assert ledger.REVISED < 1e-4
