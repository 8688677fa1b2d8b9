"""Whether stored bars and an answer are on one base, and what puts them there: pure functions.

the answer has a split, and the step at its day is still there   the rows before it are adjusted
the answer's old rows are a split's ratio from the stored ones   its events explain it: taken
they are any other factor away                                   nothing explains it: not taken
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from math import log, nan

import numpy as np
from numpy.typing import NDArray

from engine.market.bars import Bars, Dates, Floats
from engine.market.splits import SMALLEST_EVENT, ratio_words

Places = NDArray[np.intp]
REBASED = 0.01
"""Corrections of a final bar are cents; a split of 21 for 20, the smallest in use, is 5 %."""
BIG = log(1.38)
"""Of a log: below the smallest split ratio that is looked for, above a correction."""
_NEAR = 0.25
_ENOUGH = 3
"""Rows that make a base; fewer that differ are corrections."""
_TAIL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The sessions that both series have."""

    days: Dates
    held: Places
    fresh: Places
    ratios: Floats
    """The closes of the answer over the stored ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What each stored row is multiplied with to be on the base of the answer."""

    factors: Floats
    """[n] one a stored row."""
    unexplained: float | None = None
    """The factor that no split explains; `factors` then follow the answer row by row. NaN where no
    session is shared."""


def shared(held: Bars, fresh: Bars) -> Shared:
    """The sessions that both have, and how far apart their closes are."""
    days, mine, theirs = np.intersect1d(held.dates, fresh.dates, return_indices=True)
    ratios = fresh.close[theirs] / held.close[mine]
    return Shared(days=days, held=mine, fresh=theirs, ratios=ratios)


def with_own_splits(bars: Bars) -> tuple[Bars, tuple[str, ...]]:
    """The bars with the source's own splits applied to the rows that it has not re-based yet."""
    notes = []
    for when, ratio in sorted(bars.splits, reverse=True):
        row = int(np.searchsorted(bars.dates, np.datetime64(when, "D")))
        if 0 < row < len(bars) and _is_pending(bars, row, ratio):
            bars = scaled(bars, np.where(np.arange(len(bars)) < row, 1.0 / ratio, 1.0))
            notes.append(
                f"{bars.symbol}: the source has not adjusted the {row} bars before its split"
                f" {ratio_words(ratio)} of {when}: adjusted here"
            )
    return bars, tuple(notes)


def _is_pending(bars: Bars, row: int, ratio: float) -> bool:
    """Whether opening and close of a split's day still stand a ratio from the close before."""
    size = log(ratio) if ratio > 0 else 0.0
    if abs(size) < SMALLEST_EVENT:
        return False
    before = bars.close[row - 1]
    limit = min(abs(size) / 2, _NEAR)
    return all(
        abs(log(price / before) + size) < limit for price in (bars.open[row], bars.close[row])
    )


def bases(held: Bars, fresh: Bars, both: Shared) -> Bases:
    """The factor of each stored row, by the splits that either series has."""
    splits = _ratios(held.splits, fresh.splits)
    bounds = np.array(sorted(splits), dtype="datetime64[D]")
    part = np.searchsorted(bounds, held.dates, side="right")
    factors = np.ones(len(held))
    if not len(both.days):
        return Bases(factors=factors, unexplained=nan)
    candidates = [1.0]
    for segment in range(len(bounds), -1, -1):
        if segment < len(bounds):
            candidates = _with_split(candidates, splits[bounds[segment].item()])
        ratios = both.ratios[part[both.held] == segment]
        if len(ratios):
            level = _level(ratios)
            base = min(candidates, key=lambda factor: abs(log(level / factor)))
            if len(ratios) >= _ENOUGH and abs(level / base - 1.0) > REBASED:
                return Bases(factors=_nearest(held, both), unexplained=level / candidates[0])
            candidates = [base if abs(level / base - 1.0) <= REBASED else candidates[0]]
        factors[part == segment] = candidates[0]
    return Bases(factors=factors)


def _ratios(*events: Iterable[tuple[date, float]]) -> dict[date, set[float]]:
    ratios: dict[date, set[float]] = {}
    for pairs in events:
        for when, ratio in pairs:
            if ratio > 0:
                ratios.setdefault(when, set()).add(ratio)
    return ratios


def _with_split(candidates: list[float], ratios: set[float]) -> list[float]:
    """The factors possible before a split: as after it, adjusted for it, or no longer so."""
    steps = [1.0, *(1 / ratio for ratio in ratios), *ratios]
    return list(dict.fromkeys(factor * step for factor in candidates for step in steps))[:64]


def _level(ratios: Floats) -> float:
    """The factor of a stretch, or of its newest rows where these are on a base of their own."""
    level, tail = float(np.median(ratios)), float(np.median(ratios[-_TAIL:]))
    return tail if abs(log(tail / level)) >= BIG else level


def _nearest(held: Bars, both: Shared) -> Floats:
    """[n] the ratio of the shared row nearest to each stored one."""
    places = np.searchsorted(both.held, np.arange(len(held)))
    ratios: Floats = both.ratios[np.minimum(places, len(both.held) - 1)]
    return ratios


def scaled(bars: Bars, factors: Floats) -> Bars:
    """The bars with every row's prices times its factor, its volume by it, dividends alike."""
    of_day = dict(zip(bars.dates.tolist(), factors.tolist(), strict=True))
    volume = np.where(factors == 1.0, bars.volume, np.round(bars.volume / factors))
    return replace(
        bars,
        open=bars.open * factors,
        high=bars.high * factors,
        low=bars.low * factors,
        close=bars.close * factors,
        volume=volume,
        dividends=tuple((when, paid * of_day.get(when, 1.0)) for when, paid in bars.dividends),
    )
