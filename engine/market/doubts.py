"""Which bars are doubted, and why: pure functions from bars to doubts.

kind             raised when                                                  withholds
unadjusted-jump  `splits` finds a step that no adjustment explains            3:1 in the last 20
flat-tail        the newest 3 rows repeat all their numbers, 5 their prices   all their numbers
weekly-spacing   10 rows in a row, half of them 2 sessions or more apart      at the newest row
long-hole        10 sessions or more are missing in a row                     never
no-volume        the newest 10 rows have no volume                            never
future-date      by `quality`: a row after the next session                   never
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.core.closings import extra_closings
from engine.core.doubts import Doubt, DoubtKind
from engine.market.bars import Bars, Dates, Floats, day
from engine.market.calendar import next_session, previous_session, sessions_between
from engine.market.splits import LARGE, split_jumps

Places = NDArray[np.intp]
RECENT = 20
"""Rows whose moves the width of a forecast still feels; a step back after them is another step."""
_REPEATS, _PRICE_REPEATS = 3, 5
"""Rows alike in prices and volume (true bars: 1), and in their prices alone."""
_SPARSE = 10
_SPACINGS = ((15, "monthly bars"), (4, "weekly bars"), (0, "sessions left out"))
HOLE = 10
"""Missing sessions in a row: the longest closing since 1933 was 4 (September 2001)."""
_NO_VOLUME = 10
_MOST = 20
"""Doubts of one kind that are named, the newest."""


def find_doubts(bars: Bars) -> tuple[Doubt, ...]:
    """Every doubt that the bars raise by themselves, oldest kind of trouble first."""
    if len(bars) < 2:
        return ()
    gaps = session_gaps(bars)
    sparse = _sparse_rows(gaps)
    return (
        *_jumps(bars),
        *_holes(bars, gaps, sparse),
        *_spacing(bars, gaps, sparse),
        *_tail(bars),
    )


def session_gaps(bars: Bars) -> Places:
    """[n - 1] sessions from each row to the next; 1 where none is missing."""
    return np.diff(
        np.searchsorted(_sessions(bars.first_date, bars.last_date, extra_closings()), bars.dates)
    )


@lru_cache(maxsize=8)  # most symbols share first and last day, and the days cost most of the time
def _sessions(first: date, last: date, closed: frozenset[date]) -> Dates:  # noqa: ARG001
    return np.array(sessions_between(first, last), dtype="datetime64[D]")


def _jumps(bars: Bars) -> Iterator[Doubt]:
    """Steps that no adjustment explains; rows that step up and soon back are one doubt."""
    newest = len(bars) - RECENT
    jumps = {
        int(np.searchsorted(bars.dates, np.datetime64(jump.day))): jump
        for jump in split_jumps(bars)
    }
    for first, end in _pairs(list(jumps), bars.close)[-_MOST:]:
        jump = jumps[first]
        text = jump.text if end is None else _slip_text(bars, first, end, jump.factor)
        recent = (first if end is None else end) >= newest
        withholds = recent and not 1 / LARGE < jump.factor < LARGE
        yield _doubt(DoubtKind.JUMP, bars, first, text, withholds)


def _slip_text(bars: Bars, first: int, end: int, factor: float) -> str:
    last = day(bars.dates[end - 1])
    rows = f"close of {last} is"
    if end - first > 1:
        rows = f"closes from {day(bars.dates[first])} to {last} are"
    return f"the {rows} {factor:.3g} times those around: another unit of the price, or a typo?"


def _pairs(places: list[int], close: Floats) -> list[tuple[int, int | None]]:
    """(first row, the row that is back at the level before or None) of each jump."""
    pairs: list[tuple[int, int | None]] = []
    for place in places:
        if pairs and pairs[-1][1] is None and place - pairs[-1][0] <= RECENT:
            back = close[place] / close[pairs[-1][0] - 1]
            if 1 / 1.5 < back < 1.5:
                pairs[-1] = (pairs[-1][0], place)
                continue
        pairs.append((place, None))
    return pairs


def _sparse_rows(gaps: Places) -> NDArray[np.bool_]:
    """[n - 1] whether a gap is in a stretch of `_SPARSE`, half of them 2 sessions or more."""
    sparse = np.zeros(len(gaps), dtype=bool)
    if len(gaps) < _SPARSE:
        return sparse
    wide = np.convolve(gaps >= 2, np.ones(_SPARSE), "valid")
    for start in np.flatnonzero(wide >= _SPARSE / 2):
        sparse[start : start + _SPARSE] = True
    return sparse


def _spacing(bars: Bars, gaps: Places, sparse: NDArray[np.bool_]) -> Iterator[Doubt]:
    """The newest stretch of rows a week or a month apart."""
    if not sparse.any():
        return
    last = int(np.flatnonzero(sparse)[-1])
    dense = np.flatnonzero(~sparse[:last])
    first = int(dense[-1]) + 1 if len(dense) else 0
    first += int(np.argmax(gaps[first:] >= 2))
    usual = float(np.median(gaps[first : last + 1]))
    word = next(word for limit, word in _SPACINGS if usual >= limit)
    text = (
        f"one row in {usual:.0f} sessions from {day(bars.dates[first])} to"
        f" {day(bars.dates[last + 1])}: {word}?"
    )
    yield _doubt(DoubtKind.WEEKLY, bars, first, text, last == len(gaps) - 1)


def _holes(bars: Bars, gaps: Places, sparse: NDArray[np.bool_]) -> Iterator[Doubt]:
    for row in np.flatnonzero((gaps > HOLE) & ~sparse)[-_MOST:]:
        first = next_session(day(bars.dates[row]))
        last = previous_session(day(bars.dates[row + 1]))
        text = f"{gaps[row] - 1} sessions are missing, {first} to {last}"
        yield Doubt(DoubtKind.HOLE, first.isoformat(), text)


def _tail(bars: Bars) -> Iterator[Doubt]:
    """A feed that stands still, or one without volume."""
    prices = np.column_stack((bars.open, bars.high, bars.low, bars.close))
    alike = _run((prices == prices[-1]).all(axis=1))
    repeated = _run((prices == prices[-1]).all(axis=1) & (bars.volume == bars.volume[-1]))
    still = alike if alike >= _PRICE_REPEATS else repeated
    if still >= _REPEATS:
        dead = repeated >= _REPEATS
        since = max(0, len(bars) - still - 1)
        volume = "without volume" if not bars.volume[-1] else "with the same volume"
        volume = volume if dead else "while shares are traded"
        text = (
            f"the feed stands still since {day(bars.dates[since])}: {still} rows repeat"
            f" {bars.close[-1]:.10g} {volume}"
        )
        # Volume that changes comes from a feed that lives: a pegged price may be forecast.
        yield _doubt(DoubtKind.FLAT_TAIL, bars, since, text, dead)
        return
    empty = _run(bars.volume == 0)
    if empty >= _NO_VOLUME:
        text = f"{empty} rows without volume since {day(bars.dates[-empty])}, though prices move"
        yield _doubt(DoubtKind.NO_VOLUME, bars, len(bars) - empty, text)


def _run(flags: NDArray[np.bool_]) -> int:
    """How many of the last flags are set without a gap."""
    off = np.flatnonzero(~flags)
    return len(flags) - (int(off[-1]) + 1 if len(off) else 0)


def _doubt(kind: DoubtKind, bars: Bars, row: int, text: str, withholds: bool = False) -> Doubt:
    return Doubt(kind, day(bars.dates[row]).isoformat(), text, withholds)


def future_doubt(place: str, row_day: date) -> Doubt:
    """The doubt of a left-out row dated after the next session; `place` names file and line."""
    text = f"{place}: {row_day} is still to come, so the row is left out: is its date wrong?"
    return Doubt(DoubtKind.FUTURE_DATE, row_day.isoformat(), text)
