"""Scores that can tell a good distribution from a bad one, and the skill of one over another.

All losses are in percent of the last close: the lower the better. CRPS is in calibration.py, where
the quantiles are; the interval score of level a is width + 2 / a times what an outcome lies outside
(Gneiting and Raftery 2007). Sessions of one day move together, so intervals of a skill come from a
circular bootstrap of blocks of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.forecast.calibration import LEVELS, StatedForecasts
from engine.forecast.dataset import Dates
from engine.forecast.members.base import Floats
from engine.forecast.metrics import Booleans, coverage, wilson

DRAWS = 1000
BLOCK = 10
"""Days in a block: two weeks, in which volatility hardly changes."""
SEED = 7
LOSSES = ("crps", "interval_score80", "interval_score95")


@dataclass(frozen=True, slots=True)
class Skill:
    """How much lower a loss is than a baseline's, in percent, with its 95 % interval."""

    value: float
    low: float
    high: float


def interval_scores(forecast: Floats, half: Floats, target: Floats, level: float) -> Floats:
    """[n] the interval score at `level`, the share that may lie outside; log returns."""
    low, high = np.expm1(forecast - half), np.expm1(forecast + half)
    outcome = np.expm1(target)
    outside = np.maximum(low - outcome, 0.0) + np.maximum(outcome - high, 0.0)
    return np.asarray(100.0 * (high - low + 2.0 / level * outside))


def losses_of(stated: StatedForecasts, target: Floats) -> dict[str, Floats]:
    """[n] each of LOSSES; the CRPS is NaN where it is not known."""
    narrow = interval_scores(stated.forecast, stated.half80, target, LEVELS[0])
    wide = interval_scores(stated.forecast, stated.half95, target, LEVELS[1])
    return dict(zip(LOSSES, (stated.crps, narrow, wide), strict=True))


def mean_losses(stated: StatedForecasts, target: Floats) -> dict[str, float | None]:
    """The mean of each of LOSSES; None where it is not known."""
    return {name: finite_mean(losses) for name, losses in losses_of(stated, target).items()}


def finite_mean(values: Floats) -> float | None:
    """The mean; None for nothing, or with one that is not known."""
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


def report_day_figures(
    stated: StatedForecasts, target: Floats, report_day: Booleans
) -> dict[str, Any]:
    """n, coverage with its 95 % interval (percent) and interval score on report days."""
    on = np.asarray(report_day, dtype=bool)
    figures: dict[str, Any] = {"n": int(on.sum())}
    for level, half in (("80", stated.half80), ("95", stated.half95)):
        low, high = stated.forecast - half, stated.forecast + half
        figures[f"coverage{level}"] = coverage(low[on], high[on], target[on])
        hits = int(np.sum((low[on] <= target[on]) & (target[on] <= high[on])))
        ends = wilson(hits, figures["n"])
        for end, share in zip(("low", "high"), ends, strict=True):
            figures[f"coverage{level}_{end}"] = None if share is None else 100.0 * share
    figures["interval_score95"] = finite_mean(losses_of(stated, target)["interval_score95"][on])
    return figures


def skill(losses: Floats, baseline: Floats, dates: Dates) -> Skill | None:
    """100 (1 - sum of losses / sum of the baseline's); None where either is not known."""
    if not len(losses) or not (np.isfinite(losses).all() and np.isfinite(baseline).all()):
        return None
    days, position = np.unique(dates, return_inverse=True)
    mine = np.bincount(position, losses, len(days))
    theirs = np.bincount(position, baseline, len(days))
    if theirs.sum() <= 0.0:
        return None
    draws = _blocks(len(days))
    drawn = 100.0 * (1.0 - mine[draws].sum(axis=1) / theirs[draws].sum(axis=1))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Skill(100.0 * float(1.0 - mine.sum() / theirs.sum()), float(low), float(high))


def _blocks(count: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """[DRAWS, about count] days, block by block round the circle; the same in every run."""
    draw = np.random.default_rng(SEED)
    block = min(BLOCK, count)
    starts = draw.integers(0, count, (DRAWS, -(-count // block)))
    days = (starts[:, :, None] + np.arange(block)) % count
    return np.asarray(days.reshape(DRAWS, -1)[:, :count])


def skills(
    stated: StatedForecasts, baseline: StatedForecasts, target: Floats, dates: Dates
) -> dict[str, Skill | None]:
    """The skill of each of LOSSES over a baseline on the same sessions."""
    mine, theirs = losses_of(stated, target), losses_of(baseline, target)
    return {name: skill(mine[name], theirs[name], dates) for name in LOSSES}
