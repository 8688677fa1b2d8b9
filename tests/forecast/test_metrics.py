"""Metrics: the definitions, checked against hand-made numbers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.forecast.metrics import (
    brier,
    coverage,
    expected_calibration_error,
    reliability,
    score,
    wilson,
)


def test_errors_are_those_of_prices() -> None:
    """MAPE and MASE from log returns equal those computed from prices."""
    last, actual, forecast = (
        np.array([100.0, 50.0, 20.0]),
        np.array([110.0, 49.0, 20.5]),
        np.array([105.0, 50.5, 19.0]),
    )
    found = score(np.log(forecast / last), np.log(actual / last))
    mape, naive = (
        np.mean(np.abs(forecast - actual) / actual),
        np.mean(np.abs(last - actual) / actual),
    )
    assert found.mape == pytest.approx(100 * mape)
    assert found.naive_mape == pytest.approx(100 * naive)
    assert found.mase == pytest.approx(mape / naive)


def test_direction_counts_sessions_that_moved() -> None:
    """An unchanged close is left out; a forecast of no change counts as wrong."""
    found = score(np.array([0.1, 0.0, -0.1, 0.1]), np.array([0.2, 0.3, -0.1, 0.0]))
    assert found.moved == 3
    assert found.direction == pytest.approx(200 / 3)
    assert found.direction_low is not None
    assert found.direction_high is not None
    assert found.direction_low < 200 / 3 < found.direction_high


def test_nothing_is_invented_without_data() -> None:
    """No sessions, or none that moved, give None and not a number."""
    empty, still = score(np.zeros(0), np.zeros(0)), score(np.zeros(5), np.zeros(5))
    assert (empty.n, empty.mape, empty.direction) == (0, None, None)
    assert (still.n, still.mape, still.mase, still.direction) == (5, 0.0, None, None)
    assert coverage(np.zeros(0), np.zeros(0), np.zeros(0)) is None
    assert brier(np.zeros(0), np.zeros(0, bool)) is None
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) is None


def test_wilson_interval() -> None:
    """20 of 40: 35.2 to 64.8 % (the tables' value); 0 of 10 stays within 0 and 1."""
    assert wilson(20, 40) == pytest.approx((0.3520, 0.6480), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (None, None)


def test_coverage_counts_the_ends() -> None:
    """An outcome on the edge is inside."""
    assert coverage(np.array([0.0, 0.0]), np.array([1.0, 1.0]), np.array([1.0, 1.1])) == 50.0


def test_calibration_error_is_the_weighted_gap() -> None:
    """Two bins, 3 sessions stated 0.95 and 1 stated 0.25: the gaps weigh 3 to 1."""
    stated, came = np.array([0.95, 0.95, 0.95, 0.25]), np.array([True, True, False, True])
    assert [found.n for found in reliability(stated, came)] == [1, 3]
    assert expected_calibration_error(stated, came) == pytest.approx(
        0.75 * abs(0.95 - 2 / 3) + 0.25 * 0.75
    )
    assert brier(stated, came) == pytest.approx((2 * 0.05**2 + 0.95**2 + 0.75**2) / 4)
    assert [found.n for found in reliability(np.array([0.0, 1.0]), np.array([False, True]))] == [
        1,
        1,
    ]
