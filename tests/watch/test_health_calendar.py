"""What health says of the calendar: the end of the table, and days that no symbol has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.closings import use_closings
from engine.core.paths import Home
from engine.core.records import Level
from engine.market.bars import Bars
from engine.market.calendar import covered_until
from engine.market.store import BarStore
from engine.settings.load import load
from engine.watch import health_calendar
from engine.watch.health_calendar import calendar_items, unscheduled_closings
from engine.watch.records import Item
from tests.cli.fakes import make_snapshot, untrained
from tests.helpers import new_home
from tests.market.samples import DAYS, some_bars

GONE = DAYS[6]
LATER = datetime(2024, 2, 26, 22, tzinfo=UTC)
"""The last complete session is the last of DAYS."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def keep(home: Home, symbol: str, *without: date, fetched_at: datetime = LATER) -> None:
    """Stored bars of a symbol of Yahoo, without some days."""
    bars: Bars = some_bars(tuple(day for day in DAYS if day not in without), symbol=symbol)
    BarStore(home).write(replace(bars, fetched_at=fetched_at))


def items(home: Home, now: datetime = LATER) -> list[Item]:
    snapshot = make_snapshot(untrained("MP"), untrained("SPY"), untrained("SMR"))
    settings = load(home, {})
    return list(unscheduled_closings(home, settings, snapshot, now, lambda row: "yahoo"))


def test_a_day_that_no_symbol_has_is_asked_about(home: Home) -> None:
    """Missing for both, with bars after it: perhaps the exchange was closed."""
    keep(home, "MP", GONE)
    keep(home, "SPY", GONE, DAYS[2])
    (asked,) = items(home)
    assert asked.text == f"no symbol has {GONE}: an unscheduled closing?"
    assert asked.level is Level.WARN
    assert "market.extra_closings" in asked.fix


def test_a_day_that_one_symbol_has_is_its_own_hole(home: Home) -> None:
    """The exchange was open: one has a bar."""
    keep(home, "MP", GONE)
    keep(home, "SPY")
    assert items(home) == []


def test_the_evening_of_a_closing_is_asked_about(home: Home) -> None:
    """Fetched after the session should have settled, and nobody has it; not when it is early."""
    for symbol in ("MP", "SPY"):
        keep(home, symbol, DAYS[-1])
    assert [item.text for item in items(home)] == [
        f"no symbol has {DAYS[-1]}: an unscheduled closing?"
    ]
    for symbol in ("MP", "SPY"):
        keep(home, symbol, DAYS[-1], fetched_at=LATER - timedelta(hours=2))
    assert items(home) == []


def test_bars_that_ended_long_ago_are_no_closing(home: Home) -> None:
    """The exchange was never closed for more than four sessions: the feed is dead."""
    for symbol in ("MP", "SPY"):
        keep(home, symbol, *DAYS[-5:])
    assert items(home) == []
    for symbol in ("MP", "SPY"):
        keep(home, symbol, *DAYS[-4:])
    assert [item.level for item in items(home)] == [Level.WARN]


def test_a_closing_that_is_named_is_no_question(home: Home) -> None:
    """With market.extra_closings the day is no session."""
    keep(home, "MP", GONE)
    text = home.settings.read_text()
    home.settings.write_text(text.replace("extra_closings = []", f"extra_closings = [{GONE}]"))
    try:
        assert items(home) == []
    finally:
        use_closings(())


def test_the_end_of_the_table_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety days ahead, and after it with what goes on."""
    end = covered_until()
    assert list(calendar_items(end - timedelta(days=90))) == []
    assert [item.text for item in calendar_items(end - timedelta(days=89))] == [
        "the table of sessions ends in 89 days"
    ]
    (after,) = calendar_items(end + timedelta(days=34))
    assert after.text == f"the table of sessions ended on {end}; exchange_calendars goes on"
    monkeypatch.setattr(health_calendar, "has_library", lambda: False)
    (alone,) = calendar_items(end + timedelta(days=34))
    assert "holidays go by rule" in alone.text
    assert "install exchange_calendars" in alone.fix
