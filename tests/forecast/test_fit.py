"""Fitting a symbol: honest figures, determinism, and states that are designed instead of met."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.core.errors import ModelError, NoDataError
from engine.forecast.dataset import build_dataset
from engine.forecast.fit import Candidate, fit_symbol, symbol_seed
from engine.forecast.members.base import Cancelled, FitOptions
from engine.forecast.model import fit_model
from engine.forecast.splits import split_rows
from engine.market.bars import Bars, data_hash
from tests.forecast.samples import QUICK, flat, rules, scaled_from, settings, walk

MEMBERS = ("naive", "enhanced", "sklearn")
SMALL = settings(holdout_sessions=60)
SPY = walk(420, 9, "SPY")


def fitted(bars: Bars, **changes: Any) -> Candidate:
    return fit_symbol(bars, {"SPY": SPY}, SMALL, MEMBERS, replace(QUICK, **changes))


def test_figures_come_from_the_last_sessions() -> None:
    """The held-out record ends on the last bar, and its figures are those of the forecasts in
    it."""
    found = fitted(walk(420))
    assert len(found.record) == found.metrics.n_scored == 60
    assert str(found.record.dates[-1]) == str(found.bars.last_date)
    error, naive = (
        np.abs(np.expm1(found.record.forecast - found.record.target)),
        np.abs(np.expm1(-found.record.target)),
    )
    assert found.metrics.mase == pytest.approx(error.mean() / naive.mean())
    assert found.metrics.naive_mape == pytest.approx(100 * naive.mean())
    assert found.figures["mase_naive"] == 1.0
    assert sum(found.weights.values()) == pytest.approx(1.0)


def test_nothing_that_is_fitted_depends_on_held_out_sessions() -> None:
    """Other bars at the end change figures, never scaler, members, weights or what was stated
    before those bars."""
    bars = walk(420)
    first, second = fitted(bars), fitted(scaled_from(bars, 400, 1.3))
    kept = [name for name in first.arrays if name.startswith(("scaler/", "members/"))]
    assert kept
    assert all(np.array_equal(first.arrays[name], second.arrays[name]) for name in kept)
    assert first.weights == second.weights
    assert first.metrics.mape != second.metrics.mape
    before = first.record.dates < bars.dates[400]
    assert before.sum() == 40
    for name in ("forecast", "half80", "half95", "confidence", "p_up"):
        one, two = getattr(first.record, name), getattr(second.record, name)
        assert np.array_equal(one[before], two[before]), name
        assert name == "p_up" or not np.array_equal(one, two), (
            name
        )  # one leap upwards turns no share of rises round


def test_the_same_bars_and_seed_give_the_same_model() -> None:
    """Twice the same arrays, figures and forecast; another seed, other trees."""
    first, again, other = fitted(walk(420)), fitted(walk(420)), fitted(walk(420), seed=8)
    assert all(np.array_equal(array, again.arrays[name]) for name, array in first.arrays.items())
    assert (first.figures, first.forecast) == (again.figures, again.forecast)
    assert data_hash(first.bars) == data_hash(again.bars)
    assert not np.array_equal(
        first.arrays["members/sklearn/forest/value"], other.arrays["members/sklearn/forest/value"]
    )
    assert symbol_seed(7, "NVDA") != symbol_seed(7, "TSLA")


@pytest.mark.parametrize(
    "bars",
    [
        scaled_from(walk(420), 330, 1.51),
        scaled_from(walk(420), 400, 0.1),
        scaled_from(walk(420), 419, 1.51),
    ],
    ids=["+51 % in training", "10:1 split held out", "+51 % on the last day"],
)
def test_a_wild_day_is_survived(bars: Bars) -> None:
    """One enormous move leaves a model with finite figures that is hardly worse than naive."""
    found = fitted(bars)
    assert found.metrics.mase is not None
    assert found.metrics.mase < 1.02
    assert np.isfinite(
        [found.forecast.low95, found.forecast.high95, found.forecast.next_close]
    ).all()
    assert (
        found.forecast.low95
        < found.forecast.low80
        < found.forecast.next_close
        < found.forecast.high80
        < found.forecast.high95
    )


def test_a_constant_series_has_no_direction() -> None:
    """Nothing ever moves: no error, no ratio, no direction, and a forecast at the price itself."""
    found = fit_symbol(flat(420), {"SPY": SPY}, SMALL, MEMBERS, QUICK)
    assert (found.metrics.mase, found.metrics.direction_accuracy) == (None, None)
    assert found.forecast.next_close == pytest.approx(10.0, rel=1e-4)
    assert found.forecast.confidence > 99.0
    assert found.figures["coverage80"] == 100.0


def test_volume_zero_and_no_market_context() -> None:
    """A series without volume, and a symbol without SPY beside it, are trained all the same."""
    bars = walk(420)
    found = fit_symbol(replace(bars, volume=np.zeros(420)), {}, SMALL, MEMBERS, QUICK)
    assert found.metrics.mase is not None
    assert not any(name.startswith("market") for name in found.feature_names)


def test_too_short_a_history_says_how_much_is_needed() -> None:
    """The bars needed and the bars there stand in the message."""
    with pytest.raises(NoDataError, match=r"ABC: 200 bars, \d+ are needed"):
        fitted(walk(200))


def test_a_member_that_nobody_knows_is_named() -> None:
    """An unknown member is an error with the known ones."""
    with pytest.raises(ModelError, match="unknown member 'oracle'"):
        fit_symbol(walk(420), {}, SMALL, ("oracle",), QUICK)


def test_a_fit_reports_progress_and_stops_when_cancelled() -> None:
    """Each phase and member is reported; a cancel asked for ends the fit."""
    told: list[tuple[str, dict[str, Any]]] = []
    fitted(walk(420), report=lambda kind, values: told.append((kind, values)))
    assert [values["name"] for kind, values in told if kind == "phase"] == [
        "features",
        "fit",
        "score",
    ]
    assert [values["member"] for kind, values in told if kind == "member"] == list(MEMBERS)
    with pytest.raises(Cancelled):
        fitted(walk(420), cancelled=lambda: True)


def test_without_an_lstm_the_network_is_empty() -> None:
    """The file still holds a valid network, one that forecasts no change."""
    found = fitted(walk(420))
    assert found.layers[0].config["batch_shape"][1:] == [
        QUICK.sequence_length,
        len(found.feature_names),
    ]
    assert all((weight == 0.0).all() for layer in found.layers for weight in layer.weights)


def test_walk_forward_fits_on_rows_and_forecasts_later_ones() -> None:
    """One dataset serves every fold: fit up to a row, forecast the next ones, the same as on the
    shorter bars."""
    bars = walk(420)
    whole, short = (
        build_dataset(bars, {"SPY": SPY}),
        build_dataset(bars._rows(slice(0, 400)), {"SPY": SPY}),
    )
    assert np.array_equal(whole.until(len(short) - 1).features, short.features)
    split = split_rows(whole.until(len(short) - 1), rules(10, 0.2, 0))
    options = FitOptions(sequence_length=10)
    first, second = (fit_model(each, split, MEMBERS, options) for each in (whole, short))
    row = np.array([len(short) - 1])
    assert np.array_equal(first.predict(whole, row).blended, second.predict(short, row).blended)
