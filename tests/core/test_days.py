"""Days as people type them."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.days import parse_day
from engine.core.errors import StockmlError, UsageError

MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-04", date(2026, 12, 4)),
        ("fri", date(2026, 12, 4)),
        ("Friday", date(2026, 12, 4)),
        ("mon", date(2026, 12, 7)),
        ("3d", date(2026, 12, 3)),
        ("2w", date(2026, 12, 14)),
    ],
)
def test_a_date_a_weekday_and_a_span_are_days(text: str, day: date) -> None:
    """A weekday is the next one after today, never today."""
    assert parse_day(text, MONDAY) == day


@pytest.mark.parametrize("text", ["", "fr", "3x", "31.12.2026", "frid4y", "-3d", "2026-13-01"])
def test_what_is_no_day_is_refused_with_the_forms(text: str) -> None:
    """The error shows the text and what can be written."""
    with pytest.raises(UsageError) as refused:
        parse_day(text, MONDAY)
    assert "3d" in refused.value.hint


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    """Nothing else escapes."""
    with contextlib.suppress(StockmlError):
        assert isinstance(parse_day(text, MONDAY) - MONDAY, timedelta)
