"""Ages, durations and moments as text."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.words import times

NOW = datetime(2026, 10, 21, 14, 34, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_missing_time_is_a_dash(value: float | None) -> None:
    """What is not a finite number shows as absent, in every form."""
    assert ["-"] * 3 == [times.age(value), times.duration(value), times.latency(value)]


def test_a_missing_moment_is_a_dash() -> None:
    """A moment that never was shows as absent, in every form."""
    assert ["-"] * 4 == [
        times.moment(None),
        times.brief_moment(None, NOW),
        times.slot(None),
        times.age_since(None, NOW),
    ]


@given(st.floats(min_value=0, max_value=9000))
def test_an_age_fits_its_column(days: float) -> None:
    """An age never takes more than four characters up to 999 days."""
    assert 2 <= len(times.age(days)) <= (5 if days >= 1000 else 4)


@pytest.mark.parametrize(
    ("days", "text"),
    [(0.0, "0m"), (0.02, "28m"), (0.5, "12h"), (1.9, "45h"), (2.0, "2d"), (45.9, "45d")],
)
def test_an_age_is_never_rounded_up(days: float, text: str) -> None:
    """Minutes within the hour, hours within two days, then days."""
    assert text == times.age(days)


def test_an_age_is_counted_from_its_moment() -> None:
    """An age is the days between two moments."""
    assert "3d" == times.age_since(NOW - timedelta(days=3, hours=2), NOW)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (8.4, "8s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),
        (187, "3m 07s"),
        (605, "10m 05s"),
        (3605, "1h 00m"),
        (7800, "2h 10m"),
        (359_999, "99h 59m"),
        (360_000, "4d"),
        (-1, "-"),
    ],
)
def test_a_duration_has_two_units(seconds: float, text: str) -> None:
    """Seconds, then minutes and seconds, then hours and minutes, days alone from 100 hours on."""
    assert text == times.duration(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0042, "4.2 ms"), (0.12, "120 ms"), (1.5, "1.5 s"), (12.3, "12 s")]
)
def test_a_latency_below_a_second_is_in_milliseconds(seconds: float, text: str) -> None:
    """How long an answer took, in the unit that fits."""
    assert text == times.latency(seconds)


def test_a_moment_is_local() -> None:
    """A moment is shown with its date in the terminal's time zone."""
    local = NOW.astimezone()
    assert local.strftime("%Y-%m-%d %H:%M") == times.moment(NOW)
    assert local.strftime("%Y-%m-%d %H:%M:%S") == times.moment(NOW, seconds=True)
    assert local.strftime("%H:%M:%S") == times.time_of_day(NOW)
    assert local.strftime("%H:%M") == times.time_of_day(NOW, seconds=False)


def test_a_brief_moment_leaves_out_what_is_plain_or_has_no_room() -> None:
    """Within a day the time alone, within ten months no year, and no time where it has no room."""
    week, year = NOW - timedelta(days=10), NOW - timedelta(days=400)
    assert NOW.astimezone().strftime("%H:%M") == times.brief_moment(NOW, NOW)
    assert week.astimezone().strftime("%m-%d %H:%M") == times.brief_moment(week, NOW)
    assert "10-11" == times.brief_moment(week, NOW, 7)
    assert "2025-09-16" == times.brief_moment(year, NOW)
    assert "2025-09" == times.brief_moment(year, NOW, 7)


def test_another_year_is_shown() -> None:
    """A moment of last year shows it however near, and one of next year too, where it has room."""
    new_year = datetime(2026, 1, 4, 12, 0, tzinfo=UTC)
    assert "2025-12-20" == times.brief_moment(new_year - timedelta(days=15), new_year)
    assert "2025-12" == times.brief_moment(new_year - timedelta(days=15), new_year, 7)
    assert "2027-01-04" == times.brief_moment(new_year + timedelta(days=365), new_year)
    assert times.brief_moment(new_year + timedelta(days=365), new_year, 16).startswith(
        "2027-01-04 "
    )


def test_what_is_ahead_has_no_age() -> None:
    """The age of a moment that a wrong clock wrote is absent, not nought."""
    assert "-" == times.age_since(NOW + timedelta(days=400), NOW)
    assert "-" == times.age(-1.0)
    assert "0m" == times.age_since(NOW + timedelta(seconds=30), NOW)


def test_a_slot_is_in_its_own_zone() -> None:
    """The schedule's moments carry their weekday and their zone."""
    assert "Wed 2026-10-21 14:34 UTC" == times.slot(NOW)
    assert "Wed 10-21 14:34 UTC" == times.brief_slot(NOW)
