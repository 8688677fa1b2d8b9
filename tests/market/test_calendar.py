"""The shipped table against exchange_calendars, and the questions asked of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.market import calendar, make_sessions
from engine.market.staleness import sessions_after
from engine.settings.load import load
from tests.helpers import new_home


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_table_equals_exchange_calendars() -> None:
    """The shipped table is what exchange_calendars computes now: closed weekdays, early closes,
    and never a late open."""
    import exchange_calendars

    table = calendar.session_table()
    computed = make_sessions.compute(str(table.first), str(table.last))
    assert sorted(str(day) for day in table.closed) == computed["closed"]
    assert {str(day): f"{close:%H:%M}" for day, close in table.early.items()} == computed["early"]
    xnys = exchange_calendars.get_calendar("XNYS", start=str(table.first), end=str(table.last))
    assert list(calendar.sessions_between(table.first, table.last)) == [
        stamp.date() for stamp in xnys.sessions
    ]
    assert {calendar.session_close(stamp.date()) for stamp in xnys.sessions[-800:]} == set(
        xnys.closes.iloc[-800:]
    )
    assert {calendar.session_open(stamp.date()) for stamp in xnys.sessions} == set(xnys.opens)


def test_the_table_reaches_ninety_days_ahead() -> None:
    """The table still covers the next 90 days;
    when this fails, run `python -m engine.market.make_sessions`."""
    today = datetime.now(UTC).date()
    assert (calendar.covered_until() - today).days >= 90
    assert calendar.covered_until() >= date(2027, 11, 22)
    assert calendar.covered_from() <= date(1999, 12, 31)


@pytest.mark.parametrize(
    ("day", "session"),
    [
        ("2026-11-20", True),
        ("2026-11-22", False),
        ("2026-11-26", False),
        ("2026-11-27", True),
        ("2025-01-09", False),
        ("2001-09-11", False),
        ("2026-12-25", False),
    ],
)
def test_weekends_and_holidays_are_no_sessions(day: str, session: bool) -> None:
    """Weekends, holidays and unplanned closures are no sessions; the day after Thanksgiving is."""
    assert calendar.is_session(date.fromisoformat(day)) is session


def test_neighbours_skip_holidays_and_weekends() -> None:
    """Next and previous are strict and may be asked of any day."""
    assert calendar.next_session(date(2026, 11, 25)) == date(2026, 11, 27)
    assert calendar.next_session(date(2026, 11, 26)) == date(2026, 11, 27)
    assert calendar.next_session(date(2026, 11, 27)) == date(2026, 11, 30)
    assert calendar.previous_session(date(2026, 11, 27)) == date(2026, 11, 25)
    assert calendar.previous_session(date(2026, 11, 22)) == date(2026, 11, 20)
    assert calendar.sessions_between(date(2026, 11, 25), date(2026, 11, 29)) == (
        date(2026, 11, 25),
        date(2026, 11, 27),
    )


def test_closes_follow_half_days_and_daylight_saving() -> None:
    """The half day closes at 18:00 UTC;
    16:00 New York is 21:00 UTC in winter and 20:00 in summer."""
    assert calendar.session_close(date(2026, 11, 27)) == at("2026-11-27T18:00")
    assert calendar.session_close(date(2026, 11, 25)) == at("2026-11-25T21:00")
    assert calendar.session_close(date(2026, 7, 1)) == at("2026-07-01T20:00")
    assert calendar.session_open(date(2026, 7, 1)) == at("2026-07-01T13:30")


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-22T15:00", "2026-11-20"),
        ("2026-11-23T14:00", "2026-11-20"),
        ("2026-11-23T21:29", "2026-11-20"),
        ("2026-11-23T21:30", "2026-11-23"),
        ("2026-11-24T03:00", "2026-11-23"),
        ("2026-11-27T18:30", "2026-11-27"),
        ("2026-11-27T18:29", "2026-11-25"),
    ],
)
def test_the_last_complete_session_has_settled(now: str, last: str) -> None:
    """A session counts once its own close is half an hour past, on half days too, by the clock
    of New York."""
    assert calendar.last_complete_session(at(now), 30) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-24T06:59", "2026-11-20"),
        ("2026-11-24T07:00", "2026-11-23"),
        ("2026-11-21T06:59", "2026-11-19"),
        ("2026-11-21T07:00", "2026-11-20"),
    ],
)
def test_settling_may_reach_past_midnight(now: str, last: str) -> None:
    """Ten hours after the close are 2:00 in New York: until then yesterday's session is not
    complete, on a Saturday neither."""
    assert calendar.last_complete_session(at(now), 600) == date.fromisoformat(last)


def test_the_exchange_is_open_between_open_and_close() -> None:
    """The market is open from 9:30 to the close of that day, both in New York's time."""
    assert not calendar.is_open(at("2026-11-27T14:29"))
    assert calendar.is_open(at("2026-11-27T14:30"))
    assert not calendar.is_open(at("2026-11-27T18:00"))
    assert calendar.is_open(at("2026-11-25T18:00"))
    assert not calendar.is_open(at("2026-11-26T18:00"))


def test_a_closing_of_the_settings_counts_everywhere(tmp_path: Path) -> None:
    """market.extra_closings takes a day out of the sessions, and its absence puts it back."""
    day = date(2027, 1, 8)
    home = new_home(tmp_path / "closed")
    text = home.settings.read_text()
    for written in ('["2027-01-08"]', "[2027-01-08]"):
        home.settings.write_text(text.replace("extra_closings = []", f"extra_closings = {written}"))
        load(home, {})
        assert not calendar.is_session(day)
        assert calendar.next_session(date(2027, 1, 7)) == date(2027, 1, 11)
        assert calendar.last_complete_session(at("2027-01-09T12:00"), 30) == date(2027, 1, 7)
        assert sessions_after("2027-01-07", date(2027, 1, 11)) == 1
    load(new_home(tmp_path / "open"), {})
    assert calendar.is_session(day)
    assert sessions_after("2027-01-07", date(2027, 1, 11)) == 2


def test_calendar_loads_no_numpy_or_pandas() -> None:
    """Asking the calendar, the source names and the last bar loads none of the heavy libraries."""
    code = (
        "import sys; from engine.market import calendar, last_bar; from engine.core import sources;"
        " from datetime import date; calendar.next_session(date(2026, 11, 25));"
        " sources.parse_source('simulated');print([name for name in ('numpy', 'pandas',"
        " 'exchange_calendars', 'yfinance') if name in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
