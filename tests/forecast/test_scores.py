"""Scores of distributions: right by hand, proper, and skill with an honest interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.forecast.calibration import GRID, StatedForecasts, crps
from engine.forecast.members.base import Floats
from engine.forecast.scores import (
    finite_mean,
    interval_scores,
    mean_losses,
    report_day_figures,
    skill,
    skills,
)

DATES = np.datetime64("2024-01-02", "D") + np.arange(200)


def stated(half80: Floats, half95: Floats, loss: Floats) -> StatedForecasts:
    nothing = np.zeros(len(loss))
    return StatedForecasts(
        forecast=nothing, half80=half80, half95=half95, confidence=nothing, p_up=nothing, crps=loss
    )


def normal(scale: float) -> Floats:
    """The quantiles of GRID of a normal of this scale, from a large sample."""
    draw = np.random.default_rng(3).standard_normal(200_000)
    return scale * np.quantile(draw, GRID)


def test_the_crps_of_a_normal_is_known() -> None:
    """At its centre 0.2337 standard deviations (Gneiting and Raftery 2007); 1 off, 0.6024."""
    size = 0.001
    assert crps(normal(size), 0.0) == pytest.approx(100 * 0.2337 * size, rel=0.02)
    assert crps(normal(size), size) == pytest.approx(100 * 0.6024 * size, rel=0.02)


def test_the_crps_prefers_the_truth() -> None:
    """Outcomes of one normal score best under it, worse under a narrower or a wider one."""
    outcomes = 0.02 * np.random.default_rng(1).standard_normal(2000)
    means = {
        scale: np.mean([crps(normal(0.02 * scale), each) for each in outcomes])
        for scale in (0.7, 1.0, 1.4)
    }
    assert means[1.0] < min(means[0.7], means[1.4])


def test_an_interval_score_is_width_and_misses() -> None:
    """Inside it is the width; outside at 80 % ten times the way to the interval more."""
    half, up, down = 0.02, 0.03, -0.03
    target = np.array([0.0, up, down])
    low, high = np.expm1(-half), np.expm1(half)
    width = 100 * (high - low)
    scores = interval_scores(np.zeros(3), np.full(3, half), target, 0.20)

    assert scores == pytest.approx(
        [width, width + 1000 * (np.expm1(up) - high), width + 1000 * (low - np.expm1(down))]
    )


def test_report_days_are_counted_by_themselves() -> None:
    """n, coverage with its binomial interval, and the score."""
    half = np.full(6, 0.01)
    target = np.array([0.0, 0.02, 0.0, 0.005, 0.05, 0.0])
    on = np.array([False, True, False, True, True, False])
    figures = report_day_figures(stated(half, 3 * half, half), target, on)

    assert figures["n"] == 3
    assert figures["coverage80"] == pytest.approx(100 / 3)
    assert figures["coverage95"] == pytest.approx(200 / 3)
    assert figures["coverage80_low"] < figures["coverage80"] < figures["coverage80_high"]
    empty = report_day_figures(stated(half, half, half), target, np.zeros(6, dtype=bool))
    assert (empty["n"], empty["coverage80"], empty["interval_score95"]) == (0, None, None)


def test_skill_is_told_from_noise() -> None:
    """A tenth less loss each day has an interval above zero; mere noise one around it."""
    draw = np.random.default_rng(5)
    losses = np.exp(draw.normal(0.0, 0.3, 200))
    better = skill(0.9 * losses, losses, DATES)
    same = skill(losses * np.exp(draw.normal(0.0, 0.05, 200)), losses, DATES)

    assert better is not None
    assert same is not None
    assert (better.value, better.low, better.high) == pytest.approx((10.0, 10.0, 10.0))
    assert same.low < 0.0 < same.high


def test_days_are_drawn_whole() -> None:
    """Thirteen copies of one symbol know no more than one: their interval is as wide."""
    draw = np.random.default_rng(6)
    losses, baseline = np.exp(draw.normal(0, 0.3, (2, 200)))
    alone = skill(losses, baseline, DATES)
    copied = skill(np.tile(losses, 13), np.tile(baseline, 13), np.tile(DATES, 13))

    assert alone is not None
    assert copied is not None
    assert (copied.value, copied.low) == pytest.approx((alone.value, alone.low))


def test_what_is_not_known_has_no_score() -> None:
    """A record of 0.1.0 has no CRPS: none is invented."""
    half = np.full(3, 0.01)
    old = stated(half, half, np.full(3, np.nan))

    assert mean_losses(old, np.zeros(3))["crps"] is None
    assert skills(old, old, np.zeros(3), DATES[:3])["crps"] is None
    assert finite_mean(np.array([])) is None
    assert skill(np.array([]), np.array([]), DATES[:0]) is None


@given(st.integers(1, 60), st.integers(0, 9))
def test_any_number_of_sessions_has_an_interval_around_its_value(count: int, seed: int) -> None:
    """One session too."""
    losses, baseline = np.random.default_rng(seed).uniform(0.5, 1.5, (2, count))
    gained = skill(losses, baseline, DATES[:count])

    assert gained is not None
    assert gained.low <= gained.high
