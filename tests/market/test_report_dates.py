"""Where the report dates of a symbol come from, and when they say nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.market.report_dates import report_dates, report_key
from engine.market.report_edits import set_date
from engine.market.report_lookup import (
    LookedUpDate,
    ReportAnswer,
    keep_lookups,
    merge,
)
from engine.market.reports import ReportDate, ReportDates, ReportState, ReportTime
from engine.settings.load import load, with_reports
from tests.helpers import new_home

NOW = datetime(2025, 8, 10, 12, tzinfo=UTC)
AFTER = ReportTime.AFTER
LINES = "date,time\n2025-05-01,after\n2025-07-31,after\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def folder(path: Path, text: str = LINES) -> Path:
    path.mkdir(parents=True)
    (path / "AAPL.csv").write_text(text)
    return path


def dates(
    home: Home,
    symbol: str = "AAPL",
    source: str = "yahoo",
    reports: object = "",
    now: datetime = NOW,
) -> ReportDates:
    settings = with_reports(load(home, {}), str(reports))
    return report_dates(home, settings, source, symbol, now)


def days(known: ReportDates) -> list[str]:
    return [str(each.day) for each in known.reports]


def test_a_folder_of_bars_may_hold_reports(home: Home, tmp_path: Path) -> None:
    """reports/SYM.csv beside the bars; a named folder goes before it; edits before both."""
    folder(tmp_path / "bars" / "reports")
    source = f"csv:{tmp_path / 'bars'}"
    other = folder(tmp_path / "named", "date,time\n2025-08-05,before\n")

    assert days(dates(home, source=source)) == ["2025-05-01", "2025-07-31"]
    assert dates(home, source=source).state is ReportState.KNOWN
    assert days(dates(home, source=source, reports=other)) == ["2025-08-05"]
    set_date(home, source, "AAPL", ReportDate(day=date(2025, 8, 1), time=AFTER))
    edited = dates(home, source=source)
    assert days(edited) == ["2025-05-01", "2025-08-01"]
    assert [each.by_hand for each in edited.reports] == [False, True]


def test_a_named_folder_serves_every_source(home: Home, tmp_path: Path) -> None:
    """In the settings relative to the home."""
    folder(home.root / "dates")
    assert days(dates(home, reports="dates")) == ["2025-05-01", "2025-07-31"]
    assert days(dates(home, source="simulated", reports="dates")) == ["2025-05-01", "2025-07-31"]


def test_an_old_file_knows_nothing_of_today(home: Home, tmp_path: Path) -> None:
    """100 days after its last date; its past dates stay."""
    named = folder(tmp_path / "named")
    fresh = dates(home, reports=named, now=datetime(2025, 11, 7, 20, tzinfo=UTC))
    old = dates(home, reports=named, now=datetime(2025, 11, 8, 20, tzinfo=UTC))

    assert (fresh.state, old.state) == (ReportState.KNOWN, ReportState.UNKNOWN)
    assert days(old) == days(fresh)
    assert old.state_on(date(2025, 8, 1)) is ReportState.KNOWN


@pytest.mark.parametrize(
    "text", ["date\n", LINES + "2025-09-31,noon\n", LINES + "2052-07-31,after\n"]
)
def test_a_file_that_cannot_be_believed_is_unknown_with_the_reason(
    home: Home, tmp_path: Path, text: str
) -> None:
    """Nothing is raised: a forecast is made without the dates."""
    known = dates(home, reports=folder(tmp_path / "named", text))

    assert known.state is ReportState.UNKNOWN
    assert "AAPL.csv" in known.problem
    assert "no folder" in dates(home, reports=tmp_path / "absent").problem


def test_a_look_up_is_yahoos_and_ages(home: Home) -> None:
    """After 30 days it says nothing of today; other sources never read it."""
    reports = tuple(LookedUpDate(date(2025, month, 28), AFTER) for month in (5, 8))
    keep_lookups(home, {"AAPL": merge(None, ReportAnswer(reports), NOW)})

    assert dates(home).state is ReportState.KNOWN
    assert dates(home).looked_up_at == NOW
    assert dates(home, now=NOW + timedelta(days=30)).state is ReportState.KNOWN
    assert dates(home, now=NOW + timedelta(days=31)).state is ReportState.UNKNOWN
    assert dates(home, source="csv:/absent").reports == ()


def test_an_etf_has_none(home: Home) -> None:
    """By its kind, or because the source says so; others are unknown."""
    assert dates(home, "SPY").state is ReportState.NONE
    assert dates(home, "SPY", "simulated").state is ReportState.NONE
    assert dates(home, "AUR").state is ReportState.UNKNOWN
    keep_lookups(home, {"AUR": merge(None, ReportAnswer(none=True), NOW)})
    assert dates(home, "AUR").state is ReportState.NONE
    assert dates(home, "AUR", now=NOW + timedelta(days=31)).state is ReportState.UNKNOWN


def test_the_key_changes_with_what_the_dates_come_from(home: Home, tmp_path: Path) -> None:
    """A file, a look-up, an edit."""
    named = str(tmp_path / "named")
    keys = [report_key(home, named, "yahoo", "AAPL")]
    folder(tmp_path / "named")
    keys.append(report_key(home, named, "yahoo", "AAPL"))
    keep_lookups(home, {"AAPL": merge(None, ReportAnswer(none=True), NOW)})
    keys.append(report_key(home, named, "yahoo", "AAPL"))
    set_date(home, "yahoo", "AAPL", ReportDate(day=date(2025, 8, 1), time=AFTER))
    keys.append(report_key(home, named, "yahoo", "AAPL"))

    assert len(set(keys)) == 4
