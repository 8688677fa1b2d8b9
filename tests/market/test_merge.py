"""How stored bars and an answer become one series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.market.bars import Bars
from engine.market.merge import MergedBars, join, merge
from engine.market.rebase import scaled
from tests.market.samples import DAYS, some_bars
from tests.market.test_rebase import LONG, SPLIT, before_split, steady


def merged(held: Bars | None, answer: Bars, whole: bool = True, accept: bool = False) -> MergedBars:
    return merge(held, answer, whole=whole, accept_rebase=accept)


def times(factor: float, rows: slice) -> Bars:
    """The steady bars with some rows `factor` times as high."""
    factors = np.ones(len(LONG))
    factors[rows] = factor
    return scaled(steady(), factors)


def closes(result: MergedBars) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    assert result.bars is not None
    return result.bars.close


def test_join_prefers_fresh_bars_and_fills_from_stored_ones() -> None:
    """Shared sessions are the fresh ones, lost ones come from the store, new ones are added,
    events follow."""
    held = replace(some_bars(DAYS[:8]), splits=((DAYS[0], 2.0),), dividends=((DAYS[6], 0.1),))
    fresh = replace(some_bars(scale=1.001).since(DAYS[5]), dividends=((DAYS[6], 0.2),))
    whole = join(held, fresh)
    assert tuple(whole.dates.tolist()) == DAYS
    assert np.array_equal(whole.close[:5], held.close[:5])
    assert np.array_equal(whole.close[5:], fresh.close)
    assert (whole.splits, whole.dividends) == (((DAYS[0], 2.0),), ((DAYS[6], 0.2),))


def test_left_out_rows_are_named_while_they_are_missing() -> None:
    """A day that a stored bar fills is not left out; an older one stays named."""
    held = replace(some_bars(DAYS[1:8]), left_out=((DAYS[0], "old"), (DAYS[8], "mended")))
    fresh = replace(
        some_bars(DAYS[5:9]), left_out=((DAYS[4], "stored"), (DAYS[9], "low above open"))
    )
    whole = join(held, fresh)
    assert whole.left_out == ((DAYS[0], "old"), (DAYS[9], "low above open"))


def test_an_answer_that_agrees_says_nothing() -> None:
    """The same closes again give the same series and no word."""
    result = merged(steady(), steady(LONG[-5:]), whole=False)
    assert (closes(result).tolist(), result.notes) == (steady().close.tolist(), ())


def test_corrections_are_counted_with_the_largest() -> None:
    """Three closes a third too high are taken as they are now, in one sentence."""
    result = merged(times(1.3, slice(20, 23)), steady())
    assert closes(result) == pytest.approx(steady().close)
    assert len(result.notes) == 1
    assert f"3 closes corrected by the source, largest 30 %: {LONG[20]}" in result.notes[0]
    one = merged(times(1.3, slice(57, 60)), steady())
    assert closes(one) == pytest.approx(steady().close)


def test_a_doubtful_window_asks_for_everything() -> None:
    """A close off by more than a correction, or no shared session, is for the whole history."""
    assert merged(steady(), times(1.02, slice(57, 58)).tail(5), whole=False).needs_whole
    assert merged(steady(LONG[:20]), steady(LONG[30:]), whole=False).needs_whole
    assert not merged(steady(), times(1.005, slice(57, 58)).tail(5), whole=False).needs_whole


def test_an_explained_rebase_is_taken_in_one_line() -> None:
    """The stored rows that the source lost follow the split as well."""
    held = before_split(steady(), 10.0)
    answer = replace(steady((*LONG[:5], *LONG[9:])), splits=((LONG[SPLIT], 10.0),))
    result = merged(held, answer)
    assert closes(result) == pytest.approx(steady().close)
    assert result.notes == (
        f"MP: the source re-based {SPLIT} stored bars by its split 10:1 of {LONG[SPLIT]}: taken",
    )


@pytest.mark.parametrize("ratio", [1.5, 2.0, 4.0])
def test_a_late_source_never_leaves_two_bases(ratio: float) -> None:
    """While the source has the split and not the old rows, both are adjusted here."""
    late = replace(before_split(steady(), ratio), splits=((LONG[SPLIT], ratio),))
    stored = before_split(steady(LONG[:SPLIT]), ratio)
    first = merged(stored, late)
    assert closes(first) == pytest.approx(steady().close)
    again = merged(first.bars, late.tail(40), whole=False)
    assert not again.needs_whole
    assert closes(again) == pytest.approx(steady().close)


def test_an_unexplained_factor_leaves_the_store() -> None:
    """Told with the factor and the way to take it; taken when the operator says so."""
    answer = times(4.0, slice(None))
    refused = merged(steady(LONG[:50]), answer)
    assert refused.bars is None
    assert "4 times the stored ones" in refused.notes[0]
    assert "stockml data fetch --accept-rebase MP" in refused.notes[0]
    taken = merged(steady(LONG[:50]), answer, accept=True)
    assert closes(taken) == pytest.approx(answer.close)
    assert "re-based by 4, as accepted" in taken.notes[0]


def test_newest_rows_on_another_base_leave_the_store() -> None:
    """A seam in the answer is no correction."""
    assert merged(steady(LONG[:57]), times(0.1, slice(50, None))).bars is None


def test_a_store_that_was_wrong_is_mended() -> None:
    """A seam that the store has and the answer has not goes away without the operator."""
    result = merged(times(0.1, slice(52, None)), steady())
    assert closes(result) == pytest.approx(steady().close)
    assert "8 closes corrected by the source, largest 900 %" in result.notes[0]


def test_a_row_in_another_unit_does_not_replace_a_good_one() -> None:
    """A stored close stays where the source's fits its neighbours worse, and that is told."""
    result = merged(steady(), times(100.0, slice(30, 31)))
    assert closes(result) == pytest.approx(steady().close)
    assert "gives 100 times what is stored" in result.notes[0]
    wrong_first = merged(times(100.0, slice(30, 31)), steady())
    assert closes(wrong_first) == pytest.approx(steady().close)


def test_a_first_answer_is_taken_as_it_is() -> None:
    """Nothing is stored: nothing to compare with."""
    assert merged(None, steady()).bars is not None
