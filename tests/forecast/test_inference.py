"""Serving: the stored model forecasts what the training said, learns from outcomes, and says
what it lacks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.core.errors import ModelError, NoDataError
from engine.forecast.dataset import build_dataset
from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.inference import Forecaster, load_forecaster
from engine.market.bars import Bars
from engine.market.calendar import next_session
from engine.vault.model_file import StoredModel
from tests.forecast.samples import QUICK, settings, walk
from tests.helpers import ROOT
from tests.vault.files import read_model, write_model

ALL, MARKET = walk(440), walk(440, 9, "SPY")
KNOWN: Bars = ALL._rows(slice(0, 420))


def stored_of(candidate: Candidate, folder: Path) -> StoredModel:
    path = folder / f"{candidate.bars.symbol.lower()}_lstm_model.h5"
    write_model(
        path, candidate.manifest("2024-08-01T00:00:00Z"), candidate.layers, candidate.arrays
    )
    return read_model(path)


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Candidate, StoredModel, Forecaster]]:
    members = ("naive", "enhanced", "sklearn")
    candidate = fit_symbol(KNOWN, {"SPY": MARKET}, settings(holdout_sessions=60), members, QUICK)
    stored = stored_of(candidate, tmp_path_factory.mktemp("model"))
    yield candidate, stored, load_forecaster(stored)


def test_the_stored_model_forecasts_what_the_training_did(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """On the bars of the training the served forecast is bit-equal to the candidate's own."""
    candidate, _, forecaster = trained
    assert forecaster.forecast(KNOWN, {"SPY": MARKET}) == candidate.forecast
    assert candidate.forecast.last_bar == str(KNOWN.last_date)
    assert candidate.forecast.target_session == str(next_session(KNOWN.last_date))


def test_only_the_newest_bars_matter(trained: tuple[Candidate, StoredModel, Forecaster]) -> None:
    """Served from long or from short history, the forecast is bit-equal."""
    _, _, forecaster = trained
    short = forecaster.forecast(KNOWN.tail(120), {"SPY": MARKET.tail(200)})
    assert short == forecaster.forecast(KNOWN, {"SPY": MARKET})


def test_outcomes_since_the_training_teach_the_calibration(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """After twenty sessions in which nothing moved the interval is narrower than the same
    model's without them."""
    _, _, forecaster = trained
    calm = [
        np.append(values, np.full(20, KNOWN.close[-1]))
        for values in (KNOWN.open, KNOWN.high, KNOWN.low, KNOWN.close)
    ]
    later = replace(ALL, open=calm[0], high=calm[1], low=calm[2], close=calm[3])
    fresh = replace(forecaster, last_bar=later.dates[-1])
    learned, unlearned = (
        forecaster.forecast(later, {"SPY": MARKET}),
        fresh.forecast(later, {"SPY": MARKET}),
    )
    assert learned.high80 - learned.low80 < unlearned.high80 - unlearned.low80
    assert learned.next_close == unlearned.next_close


def test_the_forecast_is_ordered_and_in_percent(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """Intervals are strictly nested around the forecast; chances are percent."""
    found = trained[2].forecast(ALL, {"SPY": MARKET})
    assert found.low95 < found.low80 < found.next_close < found.high80 < found.high95
    assert 0.0 < found.p_up < 100.0
    assert 0.0 < found.confidence < 100.0


def test_a_wider_tolerance_is_met_more_often(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """The operator's max_mape replaces the one of the training."""
    _, stored, forecaster = trained
    narrow = load_forecaster(stored, 0.5).forecast(ALL, {"SPY": MARKET})
    assert narrow.confidence < forecaster.forecast(ALL, {"SPY": MARKET}).confidence


def test_missing_bars_and_arrays_are_reported(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """Bars that end too early, are too few, lack the context or are another symbol's are refused
    with the reason."""
    _, _, forecaster = trained
    assert forecaster.context == ("SPY",)
    with pytest.raises(NoDataError, match="before the model's last bar"):
        forecaster.forecast(KNOWN.until(date(2023, 6, 1)), {"SPY": MARKET})
    with pytest.raises(NoDataError, match="bars of SPY"):
        forecaster.forecast(KNOWN, {})
    with pytest.raises(NoDataError, match="fetch more history"):
        forecaster.forecast(KNOWN.tail(85), {"SPY": MARKET})
    with pytest.raises(ModelError, match="given bars of SPY"):
        forecaster.forecast(MARKET, {"SPY": MARKET})


def test_other_features_are_refused(trained: tuple[Candidate, StoredModel, Forecaster]) -> None:
    """A model trained on other columns is not served on these."""
    _, stored, forecaster = trained
    names = (*stored.manifest.feature_names[:-1], "market_moon")
    manifest = msgspec.structs.replace(stored.manifest, feature_names=names)
    with pytest.raises(ModelError, match="market_moon"):
        load_forecaster(replace(stored, manifest=manifest)).forecast(KNOWN, {"SPY": MARKET})
    incomplete = {name: array for name, array in stored.arrays.items() if name != "scaler/mean"}
    with pytest.raises(ModelError, match="lacks 'mean'"):
        load_forecaster(replace(stored, arrays=incomplete))
    assert forecaster.model.names == build_dataset(KNOWN, {"SPY": MARKET}).names


def test_a_gap_of_many_sessions_is_bridged(
    trained: tuple[Candidate, StoredModel, Forecaster],
) -> None:
    """A model a year old still forecasts from the bars at hand, learning from the newest
    outcomes."""
    _, _, forecaster = trained
    old = replace(forecaster, last_bar=ALL.dates[100])
    assert np.isfinite(old.forecast(ALL, {"SPY": MARKET}).next_close)


def test_serving_needs_numpy_alone() -> None:
    """Loading the forecaster brings in no TensorFlow, Keras, scikit-learn or pandas."""
    heavy = ("tensorflow", "keras", "sklearn", "pandas")
    script = (
        f"import sys, engine.forecast.inference; print([name for name in {heavy} if name in"
        " sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]", done.stderr
