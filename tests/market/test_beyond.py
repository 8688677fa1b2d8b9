"""Sessions after the shipped table."""

from __future__ import annotations

from datetime import date, time

import pytest

from engine.market import beyond, calendar
from engine.market.beyond import holidays, year_of_sessions


@pytest.mark.parametrize("year", range(2022, 2029))
def test_the_rules_give_the_years_of_the_table(year: int) -> None:
    """The scheduled closings since Juneteenth, as the table has them."""
    funeral = {date(2025, 1, 9)}
    table = {day for day in calendar.session_table().closed if day.year == year}
    assert set(holidays(year)) == table - funeral


@pytest.mark.parametrize("installed", [True, False])
def test_christmas_is_never_a_session(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the library or without, holidays after the table are known; early closes with it."""
    monkeypatch.setattr(beyond, "has_library", lambda: installed)
    year_of_sessions.cache_clear()
    try:
        for day in (date(2029, 12, 25), date(2029, 1, 1), date(2029, 3, 30), date(2030, 7, 4)):
            assert not calendar.is_session(day)
        assert calendar.next_session(date(2029, 12, 24)) == date(2029, 12, 26)
        assert calendar.is_session(date(2029, 12, 26))
        early = year_of_sessions(2029).early
        assert early.get(date(2029, 11, 23)) == (time(13) if installed else None)
    finally:
        year_of_sessions.cache_clear()


def test_a_year_far_away_goes_by_rule() -> None:
    """A slip of a year ends no command."""
    assert date(9998, 12, 25) in year_of_sessions(9998).closed
