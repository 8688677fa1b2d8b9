"""Steps between two closes that look like a split nobody adjusted for: pure, from the bars alone.

the source has a split event     within REACH sessions a step near its ratio, either way, is certain
a dividend explains the step     no jump
no event, near a split ratio     a jump where the opening already stands there and the volume is
                                 ordinary: a true move of that size draws a crowd
beyond EXTREME                   a jump whatever the volume: another unit of the currency
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import log

import numpy as np

from engine.market.bars import Bars, day

REACH = 15
"""Sessions around a split event: wrong rows were seen six sessions before it."""
SMALLEST_EVENT = log(1.2)
"""An ordinary day moves as far as a smaller ratio does."""
SMALL_RATIOS = (1.5, 2.0, 2.5)
LARGE = 2.75
"""From here on every factor is near some ratio in use."""
EXTREME = 20.0
NEAR = 0.08
"""Of a log: what the day itself moved beside the split."""
CROWD = 3.0
"""Times the usual volume: true moves of this size drew 3.6 to 22 times, wrong ones below 1.1."""
_BEFORE = 20
_LONG_HOLE_DAYS = 10
_FEW_TICKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitJump:
    """A close that a split, or another unit, may explain, and no adjustment does."""

    day: date
    factor: float
    """The close over the one before."""
    event: tuple[date, float] | None = None
    """The source's own split that the step repeats."""

    @property
    def text(self) -> str:
        """One clause that names day, factor and what it may be."""
        step = f"the close of {self.day} is {self.factor:.3g} times the one before"
        if self.event:
            when, ratio = self.event
            return f"{step}, as the split {ratio_words(ratio)} of {when}: not adjusted for it"
        return f"{step}, and so was its opening: a split or a unit that is not adjusted for?"


def ratio_words(ratio: float) -> str:
    """A split ratio as it is spoken: 10:1, 3:2, 1:20."""
    for old in range(1, 21):
        if abs(ratio * old - round(ratio * old)) < 1e-3 * ratio * old and ratio * old >= 0.999:
            return f"{round(ratio * old)}:{old}"
    return f"1:{1 / ratio:.4g}" if ratio < 1 else f"{ratio:.4g}:1"


def split_jumps(bars: Bars) -> tuple[SplitJump, ...]:
    """Every step of `bars` that no adjustment explains, oldest first."""
    return tuple(jump for row in _steps(bars) if (jump := _jump(bars, row)))


def _jump(bars: Bars, row: int) -> SplitJump | None:
    if _is_dividend(bars, row):
        return None
    event = _event_near(bars, row)
    if event is None and not _is_unexplained(bars, row):
        return None
    factor = float(bars.close[row] / bars.close[row - 1])
    return SplitJump(day=day(bars.dates[row]), factor=factor, event=event)


def _steps(bars: Bars) -> list[int]:
    """The rows whose close moved by at least the smallest ratio that is looked at."""
    moves = np.abs(np.diff(np.log(bars.close)))
    return [int(row) + 1 for row in np.flatnonzero(moves >= SMALLEST_EVENT - NEAR)]


def _logs(bars: Bars, row: int) -> tuple[float, float]:
    """Close and opening of a row over the close before, as logs."""
    before = float(bars.close[row - 1])
    return log(float(bars.close[row]) / before), log(float(bars.open[row]) / before)


def _is_dividend(bars: Bars, row: int) -> bool:
    """Whether the dividend of the day alone makes the step: a return of capital halves a price."""
    paid = dict(bars.dividends).get(day(bars.dates[row]), 0.0)
    left = 1.0 - paid / float(bars.close[row - 1])
    return 0.0 < left < 0.95 and abs(_logs(bars, row)[0] - log(left)) < NEAR


def _event_near(bars: Bars, row: int) -> tuple[date, float] | None:
    """The split event around `row` whose ratio the step repeats, up or down."""
    for when, ratio in bars.splits:
        at = int(np.searchsorted(bars.dates, np.datetime64(when, "D")))
        size = log(ratio) if ratio > 0 else 0.0
        near = abs(at - row) <= REACH and abs(size) >= SMALLEST_EVENT
        if near and (_both_near(bars, row, size) or _both_near(bars, row, -size)):
            return when, ratio
    return None


def _both_near(bars: Bars, row: int, size: float) -> bool:
    return all(abs(move - size) < NEAR for move in _logs(bars, row))


def _is_unexplained(bars: Bars, row: int) -> bool:
    step, gap = _logs(bars, row)
    if _is_few_ticks(bars, row) or abs(gap - step) > max(NEAR, 0.25 * abs(step)):
        return False
    if abs(step) >= log(EXTREME):
        return True
    shares, dollars = _crowd(bars, row)
    if abs(step) >= log(LARGE):
        return min(shares, dollars) < CROWD
    known = next((size for size in map(log, SMALL_RATIOS) if abs(abs(step) - size) < NEAR), None)
    if known is None or not _both_near(bars, row, known if step > 0 else -known):
        return False
    hole = (day(bars.dates[row]) - day(bars.dates[row - 1])).days
    return hole <= _LONG_HOLE_DAYS and shares < CROWD


def _crowd(bars: Bars, row: int) -> tuple[float, float]:
    """The volume over the median of the sessions before: in shares, and in dollars."""
    usual = float(np.median(bars.volume[max(0, row - _BEFORE) : row]))
    if usual <= 0:
        return 1.0, 1.0  # without volume it cannot tell
    shares = float(bars.volume[row]) / usual
    return shares, shares * float(bars.close[row] / bars.close[row - 1])


def _is_few_ticks(bars: Bars, row: int) -> bool:
    """Whether the price is so few of its smallest moves that each is a large step: 2 cents to 1."""
    rows = slice(max(0, row - _BEFORE), row + 1)
    prices = np.unique(np.stack((bars.open, bars.high, bars.low, bars.close))[:, rows])
    if len(prices) < 2:
        return False
    ticks = prices / np.diff(prices).min()
    return bool(ticks[-1] < _FEW_TICKS and (np.abs(ticks - np.round(ticks)) < 1e-3).all())
