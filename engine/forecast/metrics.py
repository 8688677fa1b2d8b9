"""Figures of forecasts against outcomes: error against naive, direction, coverage, calibration.

All take log returns: forecast f and outcome t of the same sessions. With the last close L the
forecast close is p = L e^f and the actual a = L e^t, so that |p - a| / a = |e^(f - t) - 1|, and
naive's is |e^-t - 1|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.forecast.members.base import Floats

Z95 = 1.959963984540054
"""The 97.5 % quantile of a normal variable."""


@dataclass(frozen=True, slots=True)
class Score:
    """Point figures over n sessions;
    percent as percent, None without sessions (mase: without a move)."""

    n: int
    mape: float | None
    naive_mape: float | None
    mase: float | None
    direction: float | None
    direction_low: float | None
    direction_high: float | None
    moved: int
    """Sessions whose close moved: the n of direction."""


def relative_errors(forecast: Floats, target: Floats) -> Floats:
    """[n] |p - a| / a."""
    return np.abs(np.expm1(forecast - target))


def score(forecast: Floats, target: Floats) -> Score:
    """MAPE, MASE and direction with its 95 % Wilson interval;
    a forecast of exactly no change counts as wrong."""
    if len(target) == 0:
        return Score(0, None, None, None, None, None, None, 0)
    error, naive = (
        relative_errors(forecast, target).mean(),
        relative_errors(np.zeros(len(target)), target).mean(),
    )
    moved = target != 0.0
    hits, count = int((np.sign(forecast) == np.sign(target))[moved].sum()), int(moved.sum())
    low, high = wilson(hits, count)
    return Score(
        n=len(target),
        mape=100.0 * float(error),
        naive_mape=100.0 * float(naive),
        mase=float(error / naive) if naive > 0.0 else None,
        direction=100.0 * hits / count if count else None,
        direction_low=None if low is None else 100.0 * low,
        direction_high=None if high is None else 100.0 * high,
        moved=count,
    )


def wilson(hits: int, count: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share (Wilson 1927), as fractions;
    (None, None) for nothing counted."""
    if count == 0:
        return None, None
    share, square = hits / count, Z95**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = (
        Z95
        * float(np.sqrt(share * (1 - share) / count + square / (4 * count**2)))
        / (1 + square / count)
    )
    return max(0.0, centre - half), min(1.0, centre + half)


def coverage(low: Floats, high: Floats, target: Floats) -> float | None:
    """Percent of outcomes within [low, high], ends included; all are log returns."""
    return 100.0 * float(np.mean((low <= target) & (target <= high))) if len(target) else None


def brier(stated: Floats, came: NDArray[np.bool_]) -> float | None:
    """Mean squared difference between a stated probability (fraction) and what came (Brier
    1950)."""
    return float(np.mean((stated - came) ** 2)) if len(stated) else None


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: fractions, and how many sessions stand in it."""

    stated: float
    observed: float
    n: int


def reliability(stated: Floats, came: NDArray[np.bool_], bins: int = 10) -> tuple[Bin, ...]:
    """The bins of equal width over [0, 1] that hold something, ascending."""
    place = np.minimum((stated * bins).astype(int), bins - 1)
    found = []
    for index in range(bins):
        inside = place == index
        if inside.any():
            found.append(
                Bin(float(stated[inside].mean()), float(came[inside].mean()), int(inside.sum()))
            )
    return tuple(found)


def expected_calibration_error(
    stated: Floats, came: NDArray[np.bool_], bins: int = 10
) -> float | None:
    """Mean |stated - observed| over the reliability bins, weighted by their sessions (Naeini et
    al. 2015); a fraction."""
    found = reliability(stated, came, bins)
    total = sum(each.n for each in found)
    return (
        sum(each.n * abs(each.stated - each.observed) for each in found) / total if total else None
    )
