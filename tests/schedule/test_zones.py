"""Zones as a daemon may be given them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schedule.zones import fixed_zone, is_zone, offset_of, zone_of_text

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes", "known"),
    [
        ("America/New_York", -240, True),
        (":Asia/Tokyo", 540, True),
        ("EST5EDT,M3.2.0,M11.1.0", -240, True),
        ("UTC+5", -300, True),
        ("/usr/share/zoneinfo/Europe/Berlin", 120, True),
        ("Foo/Bar", 0, False),
        ("", 0, True),
        ("../../etc/passwd", 0, False),
    ],
)
def test_a_tz_text_is_read_as_the_c_library_reads_it(text: str, minutes: int, known: bool) -> None:
    """By name, path or POSIX text; UTC for any other."""
    assert offset_of(zone_of_text(text), SUMMER) == timedelta(minutes=minutes)
    assert is_zone(text) is known


@given(st.integers(-14 * 4, 14 * 4))
def test_a_fixed_zone_keeps_its_offset(quarters: int) -> None:
    """All offsets there are, in quarters of an hour."""
    offset = timedelta(minutes=15 * quarters)
    assert offset_of(fixed_zone(offset), SUMMER) == offset


@given(st.text(max_size=200))
def test_any_text_is_some_zone(text: str) -> None:
    """Nothing raises."""
    assert offset_of(zone_of_text(text), SUMMER) is not None
