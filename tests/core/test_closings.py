"""Closings beyond the table, one set a process."""

from __future__ import annotations

from datetime import date

from engine.core.closings import extra_closings, use_closings


def test_the_last_set_counts() -> None:
    """A new set replaces the one before."""
    use_closings([date(2027, 1, 9), date(2027, 1, 11)])
    use_closings([date(2027, 1, 11)])
    try:
        assert extra_closings() == {date(2027, 1, 11)}
    finally:
        use_closings(())
