"""From which day a source is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from engine.market import calendar, refresh
from tests.market.samples import DAYS, some_bars

TODAY = date(2024, 2, 27)
LONG = calendar.sessions_between(date(2022, 6, 1), date(2024, 2, 26))


def test_resume_day_goes_back_over_sessions() -> None:
    """Five sessions are asked again, holidays not counted, and never a day before the first bar."""
    assert refresh.resume_day(some_bars(), 5, TODAY) == DAYS[-5]
    assert refresh.resume_day(some_bars(), 1, TODAY) == DAYS[-1]
    assert refresh.resume_day(some_bars(), 50, TODAY) == DAYS[0]


def test_the_oldest_hole_of_a_year_is_asked_again() -> None:
    """Of holes 30 and 200 sessions ago the older is reached, with sessions before it to compare."""
    holes = {LONG[-30], LONG[-200]}
    held = some_bars(tuple(day for day in LONG if day not in holes))
    assert refresh.resume_day(held, 5, TODAY) == LONG[-203]


def test_a_hole_older_than_a_year_is_left() -> None:
    """The source had its year; the weekly comparison asks for it with everything else."""
    held = some_bars(tuple(day for day in LONG if day != LONG[-280]))
    assert refresh.resume_day(held, 5, TODAY) == LONG[-5]


def test_a_split_of_the_last_month_is_asked_with_days_before_it() -> None:
    """The seam of a young split is in every answer; an older one is settled."""
    held = some_bars(LONG)
    young = replace(held, splits=((LONG[-15], 2.0),))
    assert refresh.resume_day(young, 5, TODAY) == LONG[-18]
    assert refresh.resume_day(replace(held, splits=((LONG[-30], 2.0),)), 5, TODAY) == LONG[-5]


@pytest.mark.parametrize(
    ("days", "due"), [(0.0, False), (6.0, False), (6.99, True), (8.0, True), (-1.0, True)]
)
def test_the_whole_series_is_compared_once_a_week(days: float, due: bool) -> None:
    """On the seventh night, or when the time of the last comparison cannot be."""
    now = datetime(2024, 6, 15, 2, tzinfo=UTC)
    assert refresh.is_compare_due(now - timedelta(days=days), now) is due
    assert refresh.is_compare_due(None, now)
