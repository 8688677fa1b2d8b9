"""Splits: order, no overlap, enough rows, and words for too short a history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError
from engine.forecast.dataset import build_dataset
from engine.forecast.splits import TRAIN_ROWS, split_rows
from tests.forecast.samples import rules, walk


def test_two_years_of_bars_are_enough() -> None:
    """502 bars with the packaged settings give held-out, validation and training rows."""
    data = build_dataset(walk(502), {})
    split = split_rows(data, rules())
    assert (len(split.train), len(split.validation), len(split.heldout)) == (193, 49, 120)
    assert split.heldout[-1] == len(data) - 2
    assert split.train[0] == 59


@given(
    count=st.integers(300, 900),
    sequence=st.integers(5, 60),
    share=st.floats(0.05, 0.5),
    holdout=st.integers(0, 200),
    most=st.integers(300, 900),
)
def test_parts_follow_each_other(
    count: int, sequence: int, share: float, holdout: int, most: int
) -> None:
    """Train, validation and held-out follow in time without a gap or an overlap, all with an
    outcome and a full window."""
    data = build_dataset(walk(count), {})
    limits = rules(sequence, share, holdout, most)
    try:
        split = split_rows(data, limits)
    except NoDataError:
        assert count < limits.bars_needed or most < limits.bars_needed
        return
    assert np.array_equal(split.scored, np.arange(split.scored[0], len(data) - 1))
    assert len(split.heldout) == holdout
    assert len(split.train) >= TRAIN_ROWS
    assert split.scored[0] >= sequence - 1
    assert len(split.scored) <= most


def test_the_bars_needed_are_exactly_enough() -> None:
    """One bar less than the number in the message fails, the number itself does not."""
    needed = rules().bars_needed
    split_rows(build_dataset(walk(needed), {}), rules())
    with pytest.raises(NoDataError, match=f"ABC: {needed - 1} bars, {needed} are needed") as caught:
        split_rows(build_dataset(walk(needed - 1), {}), rules())
    assert "wait 1 sessions" in caught.value.hint


def test_a_setting_that_leaves_too_little_is_named() -> None:
    """With bars enough it is training.max_sessions that is blamed, with the value that would do."""
    data = build_dataset(walk(800), {})
    with pytest.raises(NoDataError, match=r"training\.max_sessions = 300") as caught:
        split_rows(data, rules(share=0.5, most=300))
    least = int(caught.value.hint.split()[3])
    assert len(split_rows(data, rules(share=0.5, most=least)).train) == TRAIN_ROWS
