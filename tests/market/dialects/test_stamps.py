"""The time behind a date, and the session of a moment."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.dialects.stamps import day_of_stamp, split_time

DAY = date(2024, 2, 20)


@pytest.mark.parametrize(
    ("text", "rest", "clock"),
    [
        ("2024-02-20", "2024-02-20", None),
        ("2024-02-20 16:00", "2024-02-20", time(16)),
        ("2024-02-20T14:30:00.000Z", "2024-02-20", time(14, 30)),
        ("20240220  00:00:00", "20240220", time()),
        ("20240220-09:30:00", "20240220", time(9, 30)),
        ("20240220 093000", "20240220", time(9, 30)),
        ("Feb 20, 2024, 4:05 p.m.", "Feb 20, 2024", time(16, 5)),
        ("2/20/2024 12:00:00 AM", "2/20/2024", time()),
        ("2024-02-20 25:00", "2024-02-20 25:00", None),
        ("20240220 990000", "20240220 990000", None),
    ],
)
def test_the_time_is_cut_off(text: str, rest: str, clock: time | None) -> None:
    """With 12 or 24 hours, seconds or none; what is no time of day stays."""
    day, stamp = split_time(text)
    assert (day, stamp and stamp[0]) == (rest, clock)


@pytest.mark.parametrize(
    ("text", "session"),
    [
        ("2024-02-20 23:30 UTC", DAY),
        ("2024-02-20 00:00:00+09:00", DAY),
        ("2024-02-20 01:30+11:00", date(2024, 2, 19)),
        ("2024-02-20 01:30 Australia/Sydney", date(2024, 2, 19)),
        ("2024-02-20 01:30 GMT+1100", date(2024, 2, 19)),
        ("2024-02-20 01:30 -05", DAY),
        ("2024-02-20 01:30 Nowhere/Land", DAY),
        ("2024-02-20 01:30 Europe", DAY),
        ("2024-02-20 01:30 +99:00", DAY),
        ("2024-02-20 01:30", DAY),
    ],
)
def test_a_moment_belongs_to_a_session(text: str, session: date) -> None:
    """By New York's day where its zone is known, else by its own."""
    _, stamp = split_time(text)
    assert stamp is not None
    assert day_of_stamp(DAY, stamp) == session


@given(st.from_regex(r"[0-9T :.+-]{0,20}( ?[A-Za-z/_]{0,12})?"), st.dates())
def test_any_text_is_split(text: str, day: date) -> None:
    """Whatever stands behind the date, and at the ends of the calendar."""
    _, stamp = split_time(text)
    if stamp:
        assert abs((day_of_stamp(day, stamp) - day).days) <= 1
