"""Where time comes from."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from engine.core.clock import (
    SKEW,
    SystemClock,
    days_since,
    is_ahead,
    is_within,
    iso,
    parse_duration,
    parse_iso,
)
from engine.core.errors import UsageError
from tests.fake_clock import FakeClock

MOMENT = datetime(2025, 8, 13, 12, 0, 0, 123456, tzinfo=UTC)


def test_iso_is_utc_to_the_millisecond() -> None:
    """A moment of any zone is written in UTC and read back, to the millisecond."""
    eastern = MOMENT.astimezone(timezone(timedelta(hours=-4)))

    assert "2025-08-13T12:00:00.123Z" == iso(eastern)
    assert MOMENT.replace(microsecond=123000) == parse_iso(iso(eastern))
    assert MOMENT.replace(microsecond=0) == parse_iso("2025-08-13T08:00:00-04:00")


def test_a_time_without_a_zone_is_refused() -> None:
    """Neither direction guesses a zone."""
    with pytest.raises(ValueError, match="naive"):
        iso(datetime(2025, 8, 13))
    with pytest.raises(ValueError, match="zone"):
        parse_iso("2025-08-13T12:00:00")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-05:00"])
def test_a_time_out_of_range_is_refused(text: str) -> None:
    """A stamp whose UTC moment lies before year 1 or after 9999 is refused like any other that
    is no time."""
    with pytest.raises(ValueError, match="out of range"):
        parse_iso(text)


def test_a_fake_clock_moves_only_by_advance() -> None:
    """Both clocks of the fake stand still until advanced, and move together."""
    clock = FakeClock(MOMENT)
    clock.advance(timedelta(minutes=2))

    assert (MOMENT + timedelta(minutes=2), 120.0) == (clock.now(), clock.monotonic())
    assert clock.now() == clock.now()


def test_the_systems_clock_is_aware() -> None:
    """The real clock speaks UTC."""
    assert timedelta(0) == SystemClock().now().utcoffset()
    assert SystemClock().monotonic() <= SystemClock().monotonic()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), (" 2h ", 7200), ("1.5d", 129_600), ("3650d", 315_360_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours and days; at most ten years, so that no date overflows."""
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "h", "-1h", "0m", "2 h", "1e9d", "99999999d", "inf", "2h30m", "\x1b[2Jh"]
)
def test_other_durations_are_refused(text: str) -> None:
    """The message shows what was typed, cleaned, and how to write it."""
    with pytest.raises(UsageError, match="not a span of time") as caught:
        parse_duration(text)
    assert "\x1b" not in str(caught.value)
    assert "2h" in caught.value.hint or "6h" in caught.value.hint


def test_what_is_ahead_has_no_age() -> None:
    """A moment ahead of now has no age and was not lately; seconds ahead are as now."""
    hour = timedelta(hours=1)
    assert is_ahead(MOMENT + hour, MOMENT)
    assert days_since(MOMENT + hour, MOMENT) is None
    assert not is_within(MOMENT + hour, MOMENT, hour)
    near = MOMENT + SKEW
    assert not is_ahead(near, MOMENT)
    assert days_since(near, MOMENT) == 0.0
    assert is_within(near, MOMENT, hour)
    assert days_since(MOMENT - 36 * hour, MOMENT) == 1.5
    assert is_within(MOMENT - 0.9 * hour, MOMENT, hour)
    assert not is_within(MOMENT - hour, MOMENT, hour)
