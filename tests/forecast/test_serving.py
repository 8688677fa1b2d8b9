"""Many stored models asked at once: the same forecasts as one by one, each file of bars read
once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from engine.api import Engine
from engine.core.clock import Clock
from engine.core.errors import ModelError, NoDataError
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.forecast import build_status
from engine.forecast import status as derived
from engine.forecast.fit import fit_symbol
from engine.forecast.inference import Forecaster, forecast_together, load_forecaster
from engine.forecast.members import lstm
from engine.forecast.members.lstm_weights import (
    NetworkShape,
    empty_layers,
    first_weights,
    layers_of,
)
from engine.forecast.model import predict_together
from engine.forecast.serving import (
    StoredBars,
    forecast_stored,
    forecasts_or_errors,
    stored_week,
)
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.home import prepare
from engine.settings.schema import Settings
from engine.watch.ledger import waiting
from tests.fake_clock import FakeClock
from tests.forecast.samples import QUICK, settings
from tests.helpers import ROOT, environment
from tests.vault.files import read_model, write_model

SYMBOLS = ("NVDA", "AAPL", "SPY")
SETTINGS = settings(holdout_sessions=60)
CLOCK = FakeClock(datetime(2024, 8, 31, tzinfo=UTC))


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bars]:
    home = Home(tmp_path_factory.mktemp("bars"))
    return {symbol: stored_bars(home, SETTINGS, "simulated", symbol, CLOCK) for symbol in SYMBOLS}


@pytest.fixture(scope="module")
def home(bars: dict[str, Bars], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a live model of every symbol, trained on the simulated market."""
    found = Home(tmp_path_factory.mktemp("home"))
    found.models.mkdir(parents=True)
    for symbol, each in bars.items():
        candidate = fit_symbol(each, bars, SETTINGS, ("naive", "enhanced"), QUICK)
        write_model(
            found.model(symbol),
            candidate.manifest("2024-08-31T00:00:00Z"),
            candidate.layers,
            candidate.arrays,
        )
    return found


def with_network(forecaster: Forecaster, seed: int) -> Forecaster:
    """The forecaster with a network of its own that has an opinion."""
    shape = NetworkShape(
        steps=forecaster.sequence_length,
        features=len(forecaster.model.names),
        first=6,
        second=4,
        batch=8,
    )
    weights = first_weights(shape, seed) + np.float32(0.05)
    model = forecaster.model
    members = {**model.members, "lstm": lstm.FittedLstm(layers_of(weights, shape))}
    return replace(
        forecaster, model=replace(model, members=members, weights={**model.weights, "lstm": 0.5})
    )


def test_together_equals_one_by_one_bit_for_bit(home: Home, bars: dict[str, Bars]) -> None:
    """Forecasts of models with networks are the same whether asked together or alone, whatever
    news each has to learn."""
    forecasters = [
        with_network(load_forecaster(read_model(home.model(each))), seed)
        for seed, each in enumerate(SYMBOLS)
    ]
    forecasters[1] = replace(forecasters[1], last_bar=bars["AAPL"].dates[-6])
    alone = [each.forecast(bars[each.symbol], bars) for each in forecasters]
    assert (
        forecast_together([each.request(bars[each.symbol], bars) for each in forecasters]) == alone
    )
    assert len({each.next_close / each.last_close for each in alone}) == len(SYMBOLS)


def test_a_cold_predict_loads_numpy_and_h5py_alone(home: Home) -> None:
    """`stockml predict` as a process of its own forecasts without pandas, scikit-learn,
    TensorFlow or Textual."""
    prepare(home)
    words = ["predict", "NVDA", "SPY", "--source", "simulated", "--json", "--home", str(home.root)]
    names = (
        "numpy",
        "h5py",
        "pandas",
        "sklearn",
        "scipy",
        "tensorflow",
        "keras",
        "textual",
        "matplotlib",
        "yfinance",
    )
    script = f"import sys; from engine.cli.main import main; code = main({words}); "
    script += f"print(code, *(name for name in {names} if name in sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "0 numpy h5py", done.stderr
    assert [each["symbol"] for each in json.loads(done.stdout)["forecasts"]] == ["NVDA", "SPY"]


def test_networks_run_as_one_recursion(
    home: Home, bars: dict[str, Bars], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two networks are one call of the stacked forward pass; a model without one does without."""
    calls: list[int] = []
    stacked = lstm.predict_stacked

    def counted(members: Sequence[lstm.FittedLstm], *rest: Any) -> Any:
        calls.append(len(members))
        return stacked(members, *rest)

    monkeypatch.setattr(lstm, "predict_stacked", counted)
    plain = load_forecaster(read_model(home.model("NVDA")))
    request = plain.request(bars["NVDA"], bars)
    models = [with_network(plain, 1).model, plain.model, with_network(plain, 2).model]
    found = predict_together(models, [request.data] * 3, [request.rows] * 3)
    assert calls == [2]
    assert ["lstm" in each.members for each in found] == [True, False, True]


def test_missing_bars_cost_one_forecast(home: Home, bars: dict[str, Bars]) -> None:
    """A model without bars has its reason; the others have the forecast they have alone."""
    asked = {symbol: (read_model(home.model(symbol)), "simulated") for symbol in SYMBOLS}
    asked["AAPL"] = (asked["AAPL"][0], f"csv:{home.root / 'nowhere'}")
    found = forecast_stored(StoredBars(home, SETTINGS, CLOCK), asked)
    assert list(found) == list(SYMBOLS)
    assert isinstance(found["AAPL"], NoDataError)
    for symbol in ("NVDA", "SPY"):
        assert found[symbol] == load_forecaster(asked[symbol][0]).forecast(bars[symbol], bars)


def test_a_network_that_does_not_fit_costs_one_forecast(home: Home) -> None:
    """A network that reads other windows than its model makes has its reason;
    the others have their forecast."""
    shared_bars = StoredBars(home, SETTINGS, CLOCK)
    requests = [
        shared_bars.request(read_model(home.model(symbol)), "simulated")
        for symbol in ("NVDA", "SPY")
    ]
    good = with_network(requests[0].forecaster, 1)
    narrow = lstm.FittedLstm(empty_layers(good.sequence_length, 3))
    wrong = replace(good, model=replace(good.model, members={**good.model.members, "lstm": narrow}))
    answers = forecasts_or_errors([replace(requests[0], forecaster=wrong), requests[1]])
    assert isinstance(answers[0], ModelError)
    assert answers[1] == forecast_together(requests[1:])[0]


def test_bars_are_read_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building every status reads the bars of the common context once, not once for every
    symbol."""
    read: list[str] = []

    def counted(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> Bars:
        read.append(symbol)
        return stored_bars(home, settings, source, symbol, clock)

    monkeypatch.setattr("engine.forecast.serving.stored_bars", counted)
    statuses = build_status.build_all(home, SETTINGS, (*SYMBOLS, "TSLA"), CLOCK)
    assert sorted(read) == sorted(SYMBOLS)
    assert statuses["TSLA"] is None
    assert statuses["NVDA"] == derived.read(home.status("NVDA"))
    assert all(
        status and status.forecast for symbol, status in statuses.items() if symbol != "TSLA"
    )


def test_models_are_read_in_chunks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more models in memory than a chunk has, and the statuses are those of all at once."""
    whole = build_status.build_all(home, SETTINGS, SYMBOLS, CLOCK)
    sizes: list[int] = []
    real = build_status._live_models

    def counted(home: Home, symbols: tuple[str, ...]) -> Any:
        sizes.append(len(symbols))
        return real(home, symbols)

    monkeypatch.setattr(build_status, "CHUNK", 2)
    monkeypatch.setattr(build_status, "_live_models", counted)
    assert build_status.build_all(home, SETTINGS, SYMBOLS, CLOCK) == whole
    assert (max(sizes), sum(sizes)) == (2, len(SYMBOLS))


def test_a_week_is_forecast_and_kept_in_no_ledger(home: Home) -> None:
    """The range of five sessions is wider than tomorrow's; only tomorrow's is scored later."""
    prepare(home)
    engine = Engine(home, CLOCK)
    kept = [waiting(home, symbol, "simulated") for symbol in SYMBOLS]
    weeks = engine.models.predict([*SYMBOLS, "TSLA"], horizon=5)
    assert [waiting(home, symbol, "simulated") for symbol in SYMBOLS] == kept
    days = engine.models.predict(SYMBOLS)

    for symbol, made in days.items():
        week = weeks[symbol]
        assert isinstance(week, Forecast) and isinstance(made, Forecast)
        assert (week.horizon, made.horizon) == (5, 1)
        assert week.last_bar == made.last_bar
        assert week.target_session > made.target_session
        assert week.range80 > 1.3 * made.range80
    assert isinstance(weeks["TSLA"], NoDataError)


def test_a_week_needs_its_own_bars(home: Home) -> None:
    """Without the market's there is one all the same; without the symbol's the fault is named."""
    bars = StoredBars(home, SETTINGS, CLOCK)
    assert isinstance(stored_week(bars, "NVDA", "csv:/nowhere", 5.0), NoDataError)
    made = stored_week(bars, "NVDA", "simulated", None)
    assert isinstance(made, Forecast)
    assert made.tolerance == 5.0
