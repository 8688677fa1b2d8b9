"""Splits named beside prices as traded."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.market.bars import Floats
from engine.market.dialects.splits import adjusted

DAYS = (date(2024, 6, 6), date(2024, 6, 7), date(2024, 6, 10), date(2024, 6, 11))


def bars(*closes: float) -> Floats:
    return np.array([[close, close + 1, close - 1, close, 1000.0] for close in closes])


def test_rows_before_a_split_come_on_the_base_of_the_newest() -> None:
    """Prices are divided, volumes multiplied; two splits multiply."""
    values, splits = adjusted(DAYS, bars(1200, 1210, 121, 60), [1.0, 1.0, 10.0, 2.0])

    assert values[:, 3] == pytest.approx([60, 60.5, 60.5, 60])
    assert values[:, 4].tolist() == [20_000, 20_000, 2_000, 1_000]
    assert splits == ((DAYS[2], 10.0), (DAYS[3], 2.0))


def test_the_newest_may_stand_first() -> None:
    """The order of the file does not matter."""
    values, _ = adjusted(DAYS[::-1], bars(120, 121, 1210, 1200), [1.0, 10.0, 1.0, 1.0])
    assert values[:, 3].tolist() == [120, 121, 121, 120]


@pytest.mark.parametrize("ratio", [1.0, 0.0, float("nan"), -2.0])
def test_no_split_changes_nothing(ratio: float) -> None:
    """Neither 1 nor 0, which some programs write, nor what is no ratio."""
    values, splits = adjusted(DAYS, bars(120, 121, 122, 123), [ratio] * 4)
    assert (values[:, 3].tolist(), splits) == ([120, 121, 122, 123], ())


def test_a_split_that_the_closes_do_not_show_is_applied_already() -> None:
    """The prices stay."""
    values, splits = adjusted(DAYS, bars(120, 121, 121.5, 120), [1.0, 1.0, 10.0, 1.0])
    assert (values[:, 3].tolist(), splits) == ([120, 121, 121.5, 120], ())
