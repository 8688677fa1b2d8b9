"""The held-out record: complete, cut by dates, the same after storage, and figures that are its
own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.forecast.calibration import COLUMNS as STATED
from engine.forecast.dataset import build_dataset
from engine.forecast.fit import first_calibrator
from engine.forecast.metrics import relative_errors
from engine.forecast.model import fit_model
from engine.forecast.record import COLUMNS, ForecastRecord, figures_of, metrics_of, score_rows
from engine.forecast.splits import split_rows
from tests.forecast.samples import QUICK, rules, walk

DATA = build_dataset(walk(420), {"SPY": walk(420, 9, "SPY")})
SPLIT = split_rows(DATA, rules(10, 0.2, 80))
MODEL = fit_model(DATA, SPLIT, ("naive", "enhanced"), QUICK)
RECORD, _ = score_rows(MODEL, DATA, SPLIT.heldout, first_calibrator(DATA, SPLIT), 0.02)


def test_each_forecast_is_dated_by_its_target_session() -> None:
    """The date is the session after the row, the outcome is its return, the forecast the model's
    own where P(up) agrees."""
    assert np.array_equal(RECORD.dates, DATA.dates[SPLIT.heldout + 1])
    assert RECORD.dates[-1] == DATA.dates[-1]
    np.testing.assert_allclose(
        np.exp(RECORD.target), DATA.close[SPLIT.heldout + 1] / DATA.close[SPLIT.heldout]
    )
    blended = MODEL.predict(DATA, SPLIT.heldout).blended
    agrees = (blended > 0.0) == (RECORD.p_up >= 0.5)
    assert np.array_equal(RECORD.forecast[agrees], blended[agrees])
    assert np.array_equal(RECORD.forecast > 0.0, RECORD.p_up >= 0.5)


def test_a_stored_record_is_the_same() -> None:
    """Arrays and back, column by column."""
    again = ForecastRecord.load(RECORD.arrays())
    for name in ("dates", *COLUMNS):
        assert np.array_equal(getattr(again, name), getattr(RECORD, name)), name
    assert list(again.members) == ["naive", "enhanced"]
    assert list(again.baselines) == ["range_ewma", "constant"]
    for name, stated in RECORD.baselines.items():
        for column in STATED:
            assert np.array_equal(getattr(again.baselines[name], column), getattr(stated, column))


def test_a_part_by_dates() -> None:
    """Any dates of the record, and the rows that belong to them."""
    dates = RECORD.dates[[3, 40, 79]]
    assert np.array_equal(RECORD.on(dates).forecast, RECORD.forecast[[3, 40, 79]])
    assert np.array_equal(
        RECORD.on(dates).members["enhanced"], RECORD.members["enhanced"][[3, 40, 79]]
    )


def test_figures_are_counted_from_the_record() -> None:
    """Coverage, width, confidence and Brier score recounted from what was stated and what came."""
    found = figures_of(RECORD, 0.02)
    inside = np.abs(RECORD.target - RECORD.forecast) <= RECORD.half80
    kept = relative_errors(RECORD.forecast, RECORD.target) <= 0.02
    assert found["coverage80"] == pytest.approx(100 * inside.mean())
    assert found["width80"] == pytest.approx(
        100 * np.mean(2 * np.exp(RECORD.forecast) * np.sinh(RECORD.half80))
    )
    assert found["brier"] == pytest.approx(np.mean((RECORD.confidence - kept) ** 2))
    assert found["confidence"] == pytest.approx(100 * RECORD.confidence.mean())
    assert found["n_scored"] == 80
    assert found["mase_naive"] == 1.0


def test_an_empty_record_has_no_figures() -> None:
    """Without a session every figure is None and n is 0."""
    nothing = RECORD.on(RECORD.dates[:0])
    assert metrics_of(nothing).n_scored == 0
    assert {value for name, value in figures_of(nothing, 0.02).items() if name != "n_scored"} == {
        None
    }


def test_calibration_error_separates_a_sure_forecaster_from_a_guesser() -> None:
    """Knowing every outcome gives MASE 0 and direction 100 %;
    the figures follow the forecasts, not the model."""
    oracle = metrics_of(replace(RECORD, forecast=RECORD.target))
    assert (oracle.mase, oracle.direction_accuracy) == (0.0, 100.0)
