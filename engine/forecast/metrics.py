"""Figures of forecasts against outcomes: error against naive, direction, coverage, calibration.

All take log returns of the same sessions, forecast f and outcome t. With the last close L, the
closes are p = L e^f and a = L e^t: |p - a| / a = |e^(f - t) - 1|, and naive's is |e^-t - 1|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.forecast.members.base import Floats

Booleans = NDArray[np.bool_]
Z95 = 1.959963984540054
"""The 97.5 % quantile of a normal variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Point figures over n sessions; percent as percent, None where nothing was scored."""

    n: int = 0
    mape: float | None = None
    naive_mape: float | None = None
    mase: float | None = None
    """None also when the close never moved."""
    direction: float | None = None
    direction_low: float | None = None
    direction_high: float | None = None
    moved: int = 0
    """Sessions whose close moved: the n of direction."""


def relative_errors(forecast: Floats, target: Floats) -> Floats:
    """[n] |p - a| / a."""
    return np.abs(np.expm1(forecast - target))


def within_tolerance(forecast: Floats, target: Floats, tolerance: float) -> Booleans:
    """[n] whether each close landed within the relative error `tolerance` of its forecast."""
    return relative_errors(forecast, target) <= tolerance


def score(forecast: Floats, target: Floats) -> Score:
    """MAPE, MASE and direction with its 95 % Wilson interval; a forecast of no change is wrong."""
    if len(target) == 0:
        return Score()
    error = relative_errors(forecast, target).mean()
    naive_error = relative_errors(np.zeros(len(target)), target).mean()
    moved = target != 0.0
    hits = int((np.sign(forecast) == np.sign(target))[moved].sum())
    count = int(moved.sum())
    low, high = wilson(hits, count)
    return Score(
        n=len(target),
        mape=100.0 * float(error),
        naive_mape=100.0 * float(naive_error),
        mase=float(error / naive_error) if naive_error > 0.0 else None,
        direction=100.0 * hits / count if count else None,
        direction_low=None if low is None else 100.0 * low,
        direction_high=None if high is None else 100.0 * high,
        moved=count,
    )


def wilson(hits: int, count: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share (Wilson 1927) as fractions; (None, None) without a count."""
    if count == 0:
        return None, None
    share = hits / count
    square = Z95**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    variance = share * (1 - share) / count + square / (4 * count**2)
    half = Z95 * float(np.sqrt(variance)) / (1 + square / count)
    return max(0.0, centre - half), min(1.0, centre + half)


def coverage(low: Floats, high: Floats, target: Floats) -> float | None:
    """Percent of outcomes within [low, high], ends included; all are log returns."""
    return 100.0 * float(np.mean((low <= target) & (target <= high))) if len(target) else None


def interval_width(forecast: Floats, half: Floats) -> float | None:
    """Mean width of an interval in percent of the last close."""
    if not len(half):
        return None
    return 100.0 * float(np.mean(np.exp(forecast + half) - np.exp(forecast - half)))


def brier(stated: Floats, came_true: Booleans) -> float | None:
    """Mean squared difference of a stated probability (fraction) and the outcome (Brier 1950)."""
    return float(np.mean((stated - came_true) ** 2)) if len(stated) else None


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: fractions, and the number of its sessions."""

    stated: float
    observed: float
    n: int


def reliability(stated: Floats, came_true: Booleans, count: int = 10) -> tuple[Bin, ...]:
    """The non-empty ones of `count` bins of equal width over [0, 1], ascending."""
    positions = np.minimum((stated * count).astype(int), count - 1)
    bins = []
    for position in range(count):
        inside = positions == position
        if inside.any():
            bins.append(
                Bin(
                    stated=float(stated[inside].mean()),
                    observed=float(came_true[inside].mean()),
                    n=int(inside.sum()),
                )
            )
    return tuple(bins)


def expected_calibration_error(
    stated: Floats, came_true: Booleans, count: int = 10
) -> float | None:
    """Mean |stated - observed| over the bins by their sessions, a fraction (Naeini et al. 2015)."""
    bins = reliability(stated, came_true, count)
    sessions = sum(part.n for part in bins)
    if not sessions:
        return None
    return sum(part.n * abs(part.stated - part.observed) for part in bins) / sessions
