"""Report dates set and dropped by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.core.errors import BusyError, NoDataError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.market import report_edits
from engine.market.report_edits import drop_date, edited, edits_path, read_edits, set_date
from engine.market.reports import ReportDate, ReportTime

AFTER = ReportTime.AFTER
MAY, AUGUST = date(2024, 5, 2), date(2024, 8, 1)


def report(day: date) -> ReportDate:
    return ReportDate(day=day, time=AFTER)


def days(home: Home, source: str = "yahoo") -> list[date]:
    edits = read_edits(home, source)["AAPL"]
    return [each.day for each in edited((report(MAY), report(AUGUST)), edits)]


def test_a_date_set_by_hand_wins(tmp_path: Path) -> None:
    """It replaces the date of the same report, and is marked; dropping it brings that back."""
    home = Home(tmp_path)
    set_date(home, "yahoo", "AAPL", report(date(2024, 8, 2)))
    assert days(home) == [MAY, date(2024, 8, 2)]
    set_date(home, "yahoo", "AAPL", report(date(2024, 8, 6)))
    assert days(home) == [MAY, date(2024, 8, 6)]
    assert read_edits(home, "yahoo")["AAPL"].reports[0].by_hand
    drop_date(home, "yahoo", "AAPL", date(2024, 8, 6))
    assert days(home) == [MAY, AUGUST]


def test_a_dropped_date_is_gone_until_it_is_set(tmp_path: Path) -> None:
    """The source's own date counts as little as one that was never there."""
    home = Home(tmp_path)
    drop_date(home, "csv:/bars", "AAPL", MAY)
    assert days(home) == [AUGUST]
    set_date(home, "yahoo", "AAPL", report(MAY))
    assert days(home) == [MAY, AUGUST]


def test_the_simulated_market_has_its_own(tmp_path: Path) -> None:
    """A date of the real company says nothing of the simulated one."""
    home = Home(tmp_path)
    set_date(home, "simulated", "AAPL", report(MAY))
    assert read_edits(home, "yahoo") == {}
    assert list(read_edits(home, "simulated")) == ["AAPL"]


def test_a_damaged_file_is_not_overwritten(tmp_path: Path) -> None:
    """What somebody set is not lost without a word."""
    path = edits_path(Home(tmp_path), "yahoo")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(NoDataError, match="report_edits"):
        set_date(Home(tmp_path), "yahoo", "AAPL", report(MAY))
    assert path.read_text() == "{"


def test_two_writers_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for a moment, then says so."""
    monkeypatch.setattr(report_edits, "_WAIT_S", 0.01)
    with FileLock(Home(tmp_path).locks / ".reports") as lock:
        lock.acquire("another")
        with pytest.raises(BusyError):
            set_date(Home(tmp_path), "yahoo", "AAPL", report(MAY))
