"""On which base stored bars and an answer are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import calendar
from engine.market.bars import Bars
from engine.market.rebase import Bases, bases, scaled, shared, with_own_splits
from tests.market.samples import DAYS, some_bars

LONG = calendar.sessions_between(calendar.session_table().first, DAYS[-1])[-60:]
SPLIT = 40


def steady(days: tuple[object, ...] = LONG) -> Bars:
    """Bars that move by a percent or two."""
    bars = some_bars(LONG)
    close = np.array(50.0 + np.arange(len(bars)) % 5 * 0.4, dtype=np.float64)
    level = replace(bars, open=close - 0.1, high=close + 1, low=close - 1, close=close)
    return level.where(np.isin(level.dates, np.array(days, dtype="datetime64[D]")))


def before_split(bars: Bars, factor: float, split: int = SPLIT) -> Bars:
    """The bars with the rows before the split's session `factor` times as high."""
    return scaled(bars, np.where(bars.dates < np.datetime64(LONG[split]), factor, 1.0))


def compared(held: Bars, fresh: Bars) -> Bases:
    return bases(held, fresh, shared(held, fresh))


@given(st.sampled_from([1.5, 2.0, 4.0, 10.0, 0.5, 0.05]), st.integers(1, 59))
def test_a_split_that_waits_is_applied(ratio: float, at: int) -> None:
    """Rows before the source's own split that it has not re-based yet are, and that is told."""
    truth = steady()
    late = replace(before_split(truth, ratio, at), splits=((LONG[at], ratio),))
    mended, notes = with_own_splits(late)
    assert mended.close == pytest.approx(truth.close)
    assert mended.volume == pytest.approx(truth.volume, abs=6.0)
    assert len(notes) == 1
    assert f"the {at} bars before its split" in notes[0]


def test_a_split_that_is_applied_is_left() -> None:
    """A continuous series with an event is adjusted already, and a small ratio tells nothing."""
    bars = replace(steady(), splits=((LONG[20], 10.0), (LONG[30], 1.05)))
    mended, notes = with_own_splits(bars)
    assert (mended.close.tolist(), notes) == (bars.close.tolist(), ())


def test_two_splits_that_wait_are_both_applied() -> None:
    """The rows before both are adjusted for both."""
    truth = steady()
    late = before_split(before_split(truth, 2.0, 20), 3.0, 50)
    mended, notes = with_own_splits(replace(late, splits=((LONG[20], 2.0), (LONG[50], 3.0))))
    assert mended.close == pytest.approx(truth.close)
    assert len(notes) == 2


@pytest.mark.parametrize("ratio", [10.0, 1.5, 0.05, 1.05])
def test_a_split_explains_its_factor(ratio: float) -> None:
    """Stored rows before a split the store does not know are the ratio away: they follow it."""
    held = before_split(steady(), ratio)
    based = compared(held, replace(steady(), splits=((LONG[SPLIT], ratio),)))
    assert based.unexplained is None
    assert scaled(held, based.factors).close == pytest.approx(steady().close)


def test_a_split_of_a_day_to_come_explains_the_whole_history() -> None:
    """Before its first session a split has re-based every bar."""
    held = before_split(steady(LONG[:SPLIT]), 4.0)
    fresh = replace(steady(LONG[:SPLIT]), splits=((LONG[SPLIT], 4.0),))
    assert compared(held, fresh).factors == pytest.approx(np.full(SPLIT, 0.25))


def test_a_factor_without_a_split_is_unexplained() -> None:
    """The whole history four times as high is not taken for anything, with its factor."""
    based = compared(steady(), scaled(steady(), np.full(len(LONG), 4.0)))
    assert based.unexplained == pytest.approx(4.0)


def test_new_rows_on_another_base_are_unexplained() -> None:
    """The newest five rows at a tenth are a seam in the answer, though most rows agree."""
    fresh = scaled(steady(), np.where(np.arange(len(LONG)) >= len(LONG) - 5, 0.1, 1.0))
    assert compared(steady(), fresh).unexplained == pytest.approx(0.1)


def test_single_corrections_are_no_base() -> None:
    """Two corrected rows, by a third, leave everything on one base."""
    fresh = scaled(steady(), np.where(np.isin(np.arange(len(LONG)), [7, 58]), 1.3, 1.0))
    based = compared(steady(), fresh)
    assert (based.unexplained, set(based.factors.tolist())) == (None, {1.0})


def test_without_a_shared_session_nothing_is_known() -> None:
    """No row in common: not a number."""
    unexplained = compared(steady(LONG[:20]), steady(LONG[30:])).unexplained
    assert unexplained is not None
    assert np.isnan(unexplained)


def test_scaling_keeps_dollars_and_dividends() -> None:
    """Half the price is twice the shares and half the dividend."""
    bars = replace(some_bars(), dividends=((DAYS[2], 0.5),))
    half = scaled(bars, np.full(len(bars), 0.5))
    assert (half.close * half.volume) == pytest.approx(bars.close * bars.volume)
    assert half.dividends == ((DAYS[2], 0.25),)
