"""Bars as the market really delivers them, through `train` and `predict`: designed states, never
crashes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.load import load
from tests.forecast.samples import scaled_from, write_csv
from tests.helpers import new_home, stockml

BARS = 460
EVENT = 430
"""The row of the event: inside the held-out sessions, the hardest place for figures and
calibration."""


def without_row(bars: Bars, row: int) -> Bars:
    keep = np.arange(len(bars)) != row
    return replace(
        bars,
        **{
            name: getattr(bars, name)[keep]
            for name in ("dates", "open", "high", "low", "close", "volume")
        },
    )


def constant(bars: Bars) -> Bars:
    still = np.full(len(bars), 10.0)
    return replace(bars, open=still, high=still, low=still, close=still)


def true_move(bars: Bars, row: int) -> Bars:
    """The bars with +51 % from `row` on, on many times the usual volume."""
    volume = bars.volume.copy()
    volume[row] *= 10
    return scaled_from(replace(bars, volume=volume), row, 1.51)


# The symbol that plays each state.
STATES: dict[str, tuple[str, Callable[[Bars], Bars]]] = {
    "+51 % in one day": ("NVDA", lambda bars: true_move(bars, EVENT)),
    "a 10:1 split overnight": ("TSLA", lambda bars: scaled_from(bars, EVENT, 0.1)),
    "a missing session": ("AAPL", lambda bars: without_row(bars, EVENT)),
    "a constant series": ("MSFT", constant),
    "volume 0": ("GOOGL", lambda bars: replace(bars, volume=np.zeros(len(bars)))),
    "+51 % on the last day": ("AMZN", lambda bars: true_move(bars, len(bars) - 1)),
    "too little history": ("TSM", lambda bars: bars.tail(200)),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One real run over all of them, and what `predict`, `evaluate` and `runs show` say
    afterwards."""
    root = tmp_path_factory.mktemp("states")
    home = new_home(
        root / "home",
        market__simulated_sessions=BARS,
        training__holdout_sessions=60,
        training__sequence_length=20,
    )
    settings = load(home, {})
    bars = {
        symbol: stored_bars(home, settings, "simulated", symbol, SystemClock())
        for symbol, _ in STATES.values()
    }
    for symbol, change in STATES.values():
        write_csv(root / "bars", change(bars[symbol]))
    write_csv(root / "bars", stored_bars(home, settings, "simulated", "SPY", SystemClock()))
    places = ("--source", f"csv:{root / 'bars'}", "--home", str(home.root))
    names = [symbol for symbol, _ in STATES.values()]
    train = stockml("train", *names, "--members", "naive,enhanced,sklearn", *places, timeout=240)
    assert train.returncode == 4, train.stdout + train.stderr
    told = {
        verb: json.loads(stockml(verb, *names, "--json", *places).stdout)
        for verb in ("predict", "evaluate")
    }
    status = json.loads(stockml("status", "--json", *places).stdout)
    found = {
        row["symbol"]: {"status": row, "predict": predict}
        for predict in told["predict"]["forecasts"]
        for row in status["symbols"]
        if row["symbol"] == predict["symbol"]
    }
    for entry in told["evaluate"]["symbols"]:
        found[entry["symbol"]]["evaluate"] = entry
    yield {"symbols": found, "said": train.stdout + train.stderr, "root": root, "home": home}


def of(trained: dict[str, Any], state: str) -> dict[str, Any]:
    found: dict[str, Any] = trained["symbols"][STATES[state][0]]
    return found


@pytest.mark.parametrize("state", [name for name in STATES if name != "too little history"])
def test_it_ends_in_a_model_that_forecasts(trained: dict[str, Any], state: str) -> None:
    """Trained, published, evaluated;
    finite nested intervals around the forecast and hardly worse than naive."""
    found = of(trained, state)
    assert found["status"]["last_run"]["state"] == "done"
    forecast = found["predict"]["forecast"]
    ladder = [forecast[name] for name in ("low95", "low80", "next_close", "high80", "high95")]
    assert all(math.isfinite(value) and value > 0 for value in ladder)
    assert ladder == sorted(set(ladder))
    ours = found["evaluate"]["rows"]["ensemble"]
    assert found["evaluate"]["part"] == "held-out"
    assert ours["mase"] is None or ours["mase"] < 1.02


def test_a_constant_series_has_no_ratio_and_no_direction(trained: dict[str, Any]) -> None:
    """Nothing moves: absent figures, and the forecast is the price itself."""
    found = of(trained, "a constant series")
    ours = found["evaluate"]["rows"]["ensemble"]
    assert (ours["mase"], ours["direction"], ours["mape"]) == (
        None,
        None,
        pytest.approx(0.0, abs=0.01),
    )
    assert found["predict"]["forecast"]["next_close"] == pytest.approx(10.0, rel=1e-4)


def test_a_wild_day_costs_one_miss_not_the_year(trained: dict[str, Any]) -> None:
    """A day of +51 % widens the interval for a while and leaves the year's coverage standing."""
    ours = of(trained, "+51 % in one day")["evaluate"]["rows"]["ensemble"]
    assert 70.0 < ours["coverage80"] < 95.0
    wild = of(trained, "+51 % on the last day")
    assert wild["predict"]["forecast"]["width80"] > wild["evaluate"]["rows"]["ensemble"]["width80"]


def test_what_is_odd_is_said(trained: dict[str, Any]) -> None:
    """The training log warns of the missing session and of the split, with symbol and day;
    true moves are no fault."""
    warned = [
        line
        for line in trained["home"].training_log.read_text().splitlines()
        if "[WARNING]" in line
    ]
    assert any("AAPL: 1 session missing" in line for line in warned)
    assert any(
        "TSLA: doubt: the close of" in line
        and "a split or a unit that is not adjusted for?" in line
        for line in warned
    )
    assert not any("NVDA" in line or "AMZN" in line for line in warned)


def test_too_little_history_says_how_many_bars_are_needed(trained: dict[str, Any]) -> None:
    """Exit 4, no model, and a sentence with the bars there and the bars needed."""
    found = of(trained, "too little history")
    last = found["status"]["last_run"]
    assert last["state"] == "failed"
    assert "TSM: 200 bars, " in last["message"]
    assert "are needed" in last["message"]
    assert found["predict"]["forecast"] is None
    assert found["status"]["model"] is None
