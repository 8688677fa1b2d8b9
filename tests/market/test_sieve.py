"""Which rows of a network source are stored, which are left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import quality
from engine.market.sieve import HAIR, is_nonsense, sieve
from tests.market.samples import DAYS, some_rows

NAN = float("nan")
HOLIDAY = date(2024, 2, 19)


def test_good_rows_pass_as_they_are() -> None:
    """Nothing is left out, no price is changed."""
    good, left_out = sieve(some_rows())
    assert (good.days, left_out) == (DAYS, ())
    assert np.array_equal(good.values, some_rows().values)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([110.6, 112.0, 111.1, 111.5, 5.0], "low 111.1 above open 110.6"),
        ([13.0, 12.0, 10.0, 11.0, 5.0], "open 13 above high 12"),
        ([0.0, 12.0, 10.0, 11.0, 5.0], "open 0 is not a positive price"),
        ([11.0, 12.0, -3.0, 11.0, 5.0], "low -3 is not a positive price"),
        ([11.0, NAN, 10.0, 11.0, 5.0], "high is missing"),
        ([11.0, float("inf"), 10.0, 11.0, 5.0], "high inf is not finite"),
        ([11.0, 12.0, 10.0, 11.0, -5.0], "volume -5 is negative"),
    ],
)
@pytest.mark.parametrize("place", [0, 4, len(DAYS) - 1])
def test_a_row_that_cannot_be_is_left_out(row: list[float], words: str, place: int) -> None:
    """It is named with its day and reason wherever it is; every other row stays."""
    good, left_out = sieve(some_rows(changed={place: row}))
    assert left_out == ((DAYS[place], words),)
    assert good.days == tuple(day for day in DAYS if day != DAYS[place])


def test_a_row_of_a_holiday_is_left_out() -> None:
    """A flat row that Yahoo makes up for a holiday is named with its weekday."""
    good, left_out = sieve(some_rows(tuple(sorted((*DAYS, HOLIDAY)))))
    assert good.days == DAYS
    assert left_out == ((HOLIDAY, "a Monday without a session"),)


def test_a_hair_of_rounding_is_clamped() -> None:
    """A low above the open by less than a thousandth becomes the open; the close above the high
    becomes the high."""
    low_high = [10.0, 12.0, 10.0 * (1 + HAIR / 2), 12.0 * (1 + HAIR / 2), 5.0]
    good, left_out = sieve(some_rows(changed={3: low_high}))
    assert left_out == ()
    assert good.values[3].tolist() == [10.0, low_high[3], 10.0, low_high[3], 5.0]


def test_the_later_of_two_rows_of_a_day_is_used() -> None:
    """A day given twice is stored once."""
    again = some_rows().take([0, 1, 2, 2])
    later = replace(again, values=again.values + np.array([0.0, 0.0, 0.0, 1.0])[:, None] * 0.25)
    good, _ = sieve(later)
    assert good.days == DAYS[:3]
    assert good.values[2, 3] == later.values[3, 3]


@given(st.lists(st.lists(st.floats(allow_nan=True), min_size=5, max_size=5), max_size=10))
def test_whatever_passes_is_believed(table: list[list[float]]) -> None:
    """No row, however wild, passes the sieve and is refused after it."""
    rows = some_rows(DAYS[: len(table)])
    good, left_out = sieve(replace(rows, values=np.array(table).reshape(-1, 5)))
    assert len(good) + len(left_out) == len(table)
    if len(good):
        assert len(quality.checked_bars(good, newest=DAYS[-1])) == len(good)


def test_days_of_another_zone_are_nonsense() -> None:
    """Every fifth row on a Sunday is another zone; one row on a holiday is a slip."""
    assert not is_nonsense(some_rows(tuple(sorted((*DAYS, HOLIDAY)))))
    shifted = some_rows(tuple(date.fromordinal(day.toordinal() - 1) for day in DAYS))
    assert is_nonsense(shifted)
