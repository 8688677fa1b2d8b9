"""Calibration: promised coverage on simulated outcomes, strict nesting, honest probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.forecast.calibration import WINDOW, Calibrator, conformal_quantile, roll
from engine.forecast.dataset import build_dataset
from engine.forecast.metrics import expected_calibration_error, relative_errors
from tests.forecast.samples import flat, walk


def rolled(count: int, seed: int, wild: float = 1.0) -> tuple[np.ndarray, ...]:
    """Outcomes of a Student walk whose scale is misjudged by `wild` from the middle on, and what
    was stated of them."""
    random = np.random.default_rng(seed)
    scale = 0.02 * np.exp(0.3 * np.sin(np.arange(count) / 40))
    truth = scale * np.where(np.arange(count) > count // 2, wild, 1.0)
    target = truth * random.standard_t(4, count) / np.sqrt(2.0)
    start = Calibrator(random.standard_t(4, 200) / np.sqrt(2.0))
    stated, _ = roll(start, np.zeros(count), target, scale, 0.02)
    return target, stated.half80, stated.half95, stated.confidence


@pytest.mark.parametrize("wild", [1.0, 1.6, 0.6], ids=["as before", "60 % wilder", "40 % calmer"])
def test_coverage_keeps_its_promise(wild: float) -> None:
    """80 ± 2 % and 95 ± 1 % of simulated outcomes are covered, even after the market changes."""
    runs = [rolled(500, seed, wild) for seed in range(16)]
    target, half80, half95, _ = (np.concatenate(columns) for columns in zip(*runs, strict=True))
    assert 100 * np.mean(np.abs(target) <= half80) == pytest.approx(80.0, abs=2.0)
    assert 100 * np.mean(np.abs(target) <= half95) == pytest.approx(95.0, abs=1.0)


def test_confidence_comes_true() -> None:
    """Of the sessions given p %, about p % land within the tolerance."""
    runs = [rolled(500, seed) for seed in range(16)]
    target, _, _, confidence = (np.concatenate(columns) for columns in zip(*runs, strict=True))
    kept = relative_errors(np.zeros(len(target)), target) <= 0.02
    error = expected_calibration_error(confidence, kept)
    assert error is not None
    assert error < 0.03
    assert confidence.max() - confidence.min() > 0.2


def test_bars_are_covered() -> None:
    """On bars of a walk with volatility clusters, scaled by the volatility forecast, a year is
    covered as promised."""
    shares = []
    for seed in range(8):
        data = build_dataset(walk(700, seed), {})
        rows = np.arange(250, len(data) - 1)
        start = Calibrator(data.scaled_target[:250])
        stated, _ = roll(start, np.zeros(len(rows)), data.target[rows], data.scale[rows], 0.05)
        shares.append(np.mean(np.abs(data.target[rows]) <= stated.half80))
    assert 100 * np.mean(shares) == pytest.approx(80.0, abs=2.0)
    assert all(0.75 <= share <= 0.85 for share in shares)


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=300),
    st.floats(0.01, 0.6),
    st.floats(0.002, 0.3),
)
def test_intervals_are_strictly_nested(residuals: list[float], first: float, second: float) -> None:
    """0 < half of 80 % < half of 95 %, whatever the residuals and the levels."""
    narrow, wide = Calibrator(np.array(residuals), (first, second)).half_widths()
    assert 0.0 < narrow < wide


@given(st.floats(-0.1, 0.1), st.floats(1e-4, 0.3), st.floats(0.001, 2.0))
def test_probabilities_are_never_certain(forecast: float, scale: float, tolerance: float) -> None:
    """Confidence and P(up) stay strictly between 0 and 1, a constant series included."""
    for residuals in (np.zeros(250), np.random.default_rng(1).normal(size=100)):
        calibrator = Calibrator(residuals)
        assert 0.0 < calibrator.confidence(scale, tolerance) < 1.0
        assert 0.0 < calibrator.p_up(forecast, scale) < 1.0


def test_probabilities_are_plain_numbers() -> None:
    """msgspec, which writes the service's answers, takes no number of numpy's."""
    calibrator = Calibrator(np.array([0.5, -0.5, 1.0]))
    assert type(calibrator.confidence(0.02, 0.05)) is float
    assert type(calibrator.p_up(0.0, 0.02)) is float


def test_a_rising_forecast_and_history_lift_p_up() -> None:
    """P(up) grows with the forecast and with the share of rising sessions."""
    even, rising = Calibrator(np.linspace(-2, 2, 200)), Calibrator(np.linspace(-1, 3, 200))
    assert even.p_up(0.005, 0.02) > even.p_up(0.0, 0.02) > even.p_up(-0.005, 0.02)
    assert rising.p_up(0.0, 0.02) > even.p_up(0.0, 0.02)


def test_a_statement_does_not_depend_on_its_outcome() -> None:
    """Another outcome on day t changes what is stated after t, and nothing at or before it."""
    random = np.random.default_rng(2)
    start, scale, target = (
        Calibrator(random.normal(size=100)),
        np.full(50, 0.02),
        random.normal(0, 0.02, 50),
    )
    other = target.copy()
    other[30] = 0.9
    first, second = (
        roll(start, np.zeros(50), values, scale, 0.05)[0] for values in (target, other)
    )
    assert np.array_equal(first.half80[:31], second.half80[:31])
    assert np.array_equal(first.confidence[:31], second.confidence[:31])
    assert first.half80[31] < second.half80[31]


def test_the_window_forgets_and_arrays_keep_everything() -> None:
    """At most WINDOW residuals are kept, and a stored calibrator states the same."""
    random = np.random.default_rng(3)
    _, found = roll(
        Calibrator(random.normal(size=240)),
        np.zeros(60),
        random.normal(0, 0.02, 60),
        np.full(60, 0.02),
        0.05,
    )
    assert len(found.residuals) == WINDOW
    assert Calibrator.load(found.arrays()).half_widths() == found.half_widths()


def test_a_constant_series_gets_a_narrow_interval() -> None:
    """Nothing moves: the interval is thin and still an interval."""
    data = build_dataset(flat(200), {})
    narrow, wide = Calibrator(data.scaled_target[:100]).half_widths()
    assert 0.0 < narrow < wide < 0.3


def test_the_conformal_rank() -> None:
    """Of 9 scores the 80 % quantile is the 8th: (9 + 1) × 0.8; of 3 scores it is the largest."""
    assert conformal_quantile(np.arange(1.0, 10.0), 0.2) == 8.0
    assert conformal_quantile(np.arange(1.0, 4.0), 0.2) == 3.0


def test_a_forecast_never_contradicts_its_own_chances() -> None:
    """Where P(up) is at least 50 % the blend is not below the last close, where it is less not
    above; agreement is kept."""
    random = np.random.default_rng(5)
    target, scale = random.normal(0.001, 0.02, 400), np.full(400, 0.02)
    blend = random.normal(0.0, 0.002, 400)
    start = Calibrator(random.normal(-0.2, 1.0, size=250))
    stated, _ = roll(start, blend, target, scale, 0.05, agree=True)
    kept, _ = roll(start, blend, target, scale, 0.05)

    moved = stated.forecast != blend
    assert 20 < moved.sum() < 380
    assert np.array_equal(stated.p_up >= 0.5, stated.forecast > 0.0)
    assert np.array_equal(np.abs(stated.forecast[moved]), 1e-3 * scale[moved])
    assert np.array_equal(kept.forecast, blend)


def test_p_up_tells_something_only_beyond_noise() -> None:
    """250 draws of the base rate move P(up) by less than 1.8 points in 95 of 100 cases."""
    calibrator = Calibrator(np.ones(250))

    assert not calibrator.p_up_tells(0.525)
    assert not calibrator.p_up_tells(0.541)
    assert calibrator.p_up_tells(0.543)
    assert calibrator.p_up_tells(0.505)
