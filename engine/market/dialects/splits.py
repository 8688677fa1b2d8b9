"""Splits that a file names beside prices as they were traded: Tiingo, Alpha Vantage, Quandl."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from engine.market.bars import Floats


def adjusted(
    days: Sequence[date], values: Floats, ratios: Sequence[float]
) -> tuple[Floats, tuple[tuple[date, float], ...]]:
    """The rows on the base of the newest one, and the splits that were applied.

    `ratios`: new shares for an old one on each row, 1 or 0 for none. A split that the closes do not
    show was applied by the program already.
    """
    order = sorted(range(len(days)), key=days.__getitem__)
    applied: list[tuple[date, float]] = []
    factors = np.ones(len(days))
    for before, row in pairwise(order):
        ratio = ratios[row]
        move = values[row, 3] / values[before, 3] if values[before, 3] > 0 else np.nan
        if ratio in (0.0, 1.0) or not _is_shown(ratio, float(move)):
            continue
        applied.append((days[row], ratio))
        factors[[place for place in order if days[place] < days[row]]] *= ratio
    if not applied:
        return values, ()
    scale = factors[:, np.newaxis]
    return np.hstack((values[:, :4] / scale, values[:, 4:] * scale)), tuple(applied)


def _is_shown(ratio: float, move: float) -> bool:
    """Whether the close moves as the split makes it: nearer to 1 with the split than without."""
    return move > 0 and ratio > 0 and bool(abs(np.log(move * ratio)) < abs(np.log(move)))
