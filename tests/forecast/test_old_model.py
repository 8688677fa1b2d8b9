"""A model of 0.1.0 is served and scored as it was, with its own scale, until it is trained again.

tests/data/model_0_1_0 holds one as that version wrote it, its bars, and what it forecast.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.paths import Home
from engine.forecast.dataset import build_dataset
from engine.forecast.evaluate import held_out, live_record
from engine.forecast.inference import load_forecaster
from engine.forecast.record import figures_of
from engine.market.bars import Bars
from engine.market.csv_file import read_rows
from engine.vault.model_reader import read_model
from tests.helpers import ROOT, new_home

KEPT = ROOT / "tests" / "data" / "model_0_1_0"
FORECASTS: list[dict[str, Any]] = json.loads((KEPT / "forecasts.json").read_text())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = new_home(tmp_path / "home")
    home.models.mkdir(parents=True)
    shutil.copy(KEPT / "nvda_lstm_model.h5", home.model("NVDA"))
    return home


def bars(symbol: str) -> Bars:
    """The kept bars; weekdays, not sessions."""
    rows = read_rows(KEPT / "bars" / f"{symbol}.csv", symbol, "csv:/tests")
    columns = np.ascontiguousarray(rows.values.T)
    return Bars(symbol, "csv:/tests", np.array(rows.days, dtype="datetime64[D]"), *columns)


@pytest.mark.parametrize("kept", FORECASTS, ids=lambda kept: str(kept["last_bar"]))
def test_forecasts_equal(home: Home, kept: dict[str, Any]) -> None:
    """On the day of its training, ten sessions later, and thirty."""
    forecaster = load_forecaster(read_model(home, home.model("NVDA")))
    last = datetime.fromisoformat(kept["last_bar"]).date()
    context = {"SPY": bars("SPY").until(last)}
    forecast = asdict(forecaster.forecast(bars("NVDA").until(last), context))

    for name, value in kept.items():
        # The matrix library of another processor adds in another order: 6e-13 apart was seen.
        expected = pytest.approx(value, rel=1e-11) if isinstance(value, float) else value
        assert forecast[name] == expected, name


def test_its_record_has_its_own_figures(home: Home) -> None:
    """What a record of that version lacks is unknown, not zero."""
    stored = read_model(home, home.model("NVDA"))
    figures = figures_of(held_out(stored), 0.05)
    kept = json.loads((KEPT / "figures.json").read_text())

    assert {name: figures[name] for name in kept} == pytest.approx(kept)
    assert figures["crps"] is None


def test_it_is_scored_with_its_own_scale(home: Home) -> None:
    """`evaluate` states the later sessions as it stated them then."""
    forecaster = load_forecaster(read_model(home, home.model("NVDA")))
    data = build_dataset(bars("NVDA"), {"SPY": bars("SPY")}, forecaster.calibrator.scale)
    record = live_record(forecaster, data)
    row = int(np.searchsorted(record.dates, np.datetime64(FORECASTS[1]["target_session"])))
    before = FORECASTS[1]["last_close"]
    low = before * np.exp(record.forecast[row] - record.half80[row])

    assert low == pytest.approx(FORECASTS[1]["low80"], rel=1e-12)
