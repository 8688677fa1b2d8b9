"""The statistical member: shrunk drift, drag, signal."""

from __future__ import annotations

import numpy as np
import pytest

from engine.forecast.dataset import build_dataset
from engine.forecast.members import enhanced, naive
from engine.forecast.members.base import Cancelled, FitOptions
from engine.forecast.scaler import Scaler
from tests.forecast.samples import QUICK, flat, walk

DATA = build_dataset(walk(600), {"SPY": walk(600, 9, "SPY")})
TRAIN, VALIDATION = np.arange(300), np.arange(300, 380)
ROWS = np.arange(380, 500)


def test_a_stored_member_forecasts_the_same_bit_for_bit() -> None:
    """Rows one at a time from stored arrays equal all rows at once from the fit."""
    found = enhanced.fit(DATA, TRAIN, VALIDATION, QUICK)
    again = enhanced.load(found.arrays())
    alone = np.concatenate([again.predict(DATA, np.array([row])) for row in ROWS])
    assert np.array_equal(found.predict(DATA, ROWS), alone)


def test_the_drift_is_drawn_to_the_market() -> None:
    """Little evidence leaves rho × MARKET, much of it the symbol's own median."""
    assert enhanced.shrunk_drift(np.full(1, 1.0), 0.5) == pytest.approx(
        0.5 * enhanced.MARKET, abs=1e-3
    )
    assert enhanced.shrunk_drift(np.full(1_000_000, 1.0), 0.5) == pytest.approx(1.0, abs=1e-2)


def test_correlation_with_the_market() -> None:
    """The market correlates with itself by 1, a symbol without context by the assumed half."""
    spy = build_dataset(walk(300, 9, "SPY"), {})
    assert enhanced.correlation(spy, np.arange(100)) == pytest.approx(1.0)
    assert enhanced.correlation(build_dataset(walk(300), {}), np.arange(100)) == enhanced.LONE
    assert (
        enhanced.correlation(build_dataset(flat(300), {"SPY": flat(300, "SPY")}), np.arange(100))
        == enhanced.LONE
    )


def test_ridge_is_the_closed_form() -> None:
    """Without a penalty it recovers the true coefficients, with a heavy one it shrinks them."""
    random = np.random.default_rng(1)
    inputs = random.normal(size=(500, 3))
    outcome = inputs @ np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(enhanced.ridge(inputs, outcome, 0.0), [1.0, -2.0, 0.5])
    assert np.abs(enhanced.ridge(inputs, outcome, 10.0)).max() < 0.25


def test_one_wild_outcome_hardly_moves_it() -> None:
    """A jump of 50 volatilities in one training row changes the forecasts by less than a
    fiftieth of a volatility."""
    scaled = Scaler.fit(DATA, TRAIN).apply(DATA)
    target = scaled.target.copy()
    target[150] = 50 * scaled.scale[150]
    from dataclasses import replace

    calm, wild = (
        enhanced.fit(each, TRAIN, VALIDATION, QUICK)
        for each in (scaled, replace(scaled, target=target))
    )
    moved = (calm.predict(scaled, ROWS) - wild.predict(scaled, ROWS)) / scaled.scale[ROWS]
    assert 0.0 < np.abs(moved).max() < 0.02


def test_naive_forecasts_no_change() -> None:
    """Zero, and nothing to store."""
    found = naive.fit(DATA, TRAIN, VALIDATION, QUICK)
    assert (naive.load(found.arrays()).predict(DATA, ROWS) == 0.0).all()


@pytest.mark.parametrize("module", [naive, enhanced])
def test_a_cancelled_fit_stops(module: object) -> None:
    """Asked to stop, a member raises Cancelled instead of returning half a fit."""
    with pytest.raises(Cancelled):
        module.fit(DATA, TRAIN, VALIDATION, FitOptions(cancelled=lambda: True))  # type: ignore[attr-defined]
