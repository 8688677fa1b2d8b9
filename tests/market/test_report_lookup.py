"""Look-ups of report dates: once a day in a child, kept, merged, and never in the way."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.core.paths import Home
from engine.market.report_lookup import (
    LookedUp,
    LookedUpDate,
    ReportAnswer,
    lookup_path,
    merge,
    read_lookups,
    refresh_reports,
)
from engine.market.reports import ReportTime
from tests.fake_clock import FakeClock
from tests.watch.homes import SUNDAY

AFTER = ReportTime.AFTER
MAY, AUGUST, NOVEMBER = date(2025, 5, 28), date(2025, 8, 27), date(2025, 11, 19)
TODAY = SUNDAY.date()


def answer(*days: date, estimated: bool = False) -> ReportAnswer:
    return ReportAnswer(tuple(LookedUpDate(day, AFTER, estimated) for day in days))


def line(symbol: str, said: ReportAnswer) -> bytes:
    return msgspec.json.encode({symbol: said}) + b"\n"


def days(kept: LookedUp) -> list[tuple[date, date | None]]:
    return [(each.day, each.known) for each in kept.reports]


def test_looked_up_once_a_day_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look within a day asks nobody for what is known."""
    asked: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(argv[4:])
        return subprocess.CompletedProcess(argv, 0, line("NVDA", answer(MAY, AUGUST)), b"")

    monkeypatch.setattr("subprocess.run", run)
    home, clock = Home(tmp_path), FakeClock(SUNDAY)
    assert refresh_reports(home, ("NVDA",), clock) == ""
    assert refresh_reports(home, ("NVDA",), clock) == ""
    clock.advance(timedelta(days=2))
    refresh_reports(home, ("NVDA",), clock)

    assert asked == [["NVDA"], ["NVDA"]]
    kept = read_lookups(home)["NVDA"]
    assert (kept.answered_at, days(kept)) == (clock.now(), [(MAY, None), (AUGUST, TODAY)])


def test_what_takes_too_long_keeps_what_was_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was printed before the limit is kept, a torn line is not; the rest is asked again."""
    asked: list[list[str]] = []

    def slow(argv: list[str], **_: Any) -> None:
        asked.append(argv[4:])
        printed = line("NVDA", answer(MAY)) + b'{"AAPL": {"reports": [["20'
        raise subprocess.TimeoutExpired(argv, 20, output=printed)

    home = Home(tmp_path)
    monkeypatch.setattr("subprocess.run", slow)
    for _ in range(2):
        fault = refresh_reports(home, ("NVDA", "AAPL"), FakeClock(SUNDAY))
        assert "TimeoutExpired" in fault
    assert asked == [["NVDA", "AAPL"], ["AAPL"]]
    assert list(read_lookups(home)) == ["NVDA"]


@pytest.mark.parametrize("text", ["", "[]", '{"symbols": 3}', '{"symbols": {"NVDA": {}}}'])
def test_a_damaged_file_reads_as_none(tmp_path: Path, text: str) -> None:
    """It is made again by the next look-up."""
    lookup_path(Home(tmp_path)).parent.mkdir(parents=True)
    lookup_path(Home(tmp_path)).write_text(text)
    assert read_lookups(Home(tmp_path)) == {}


def test_an_empty_answer_wipes_nothing() -> None:
    """The dates stay, and so does the age of the last answer that had any."""
    kept = merge(None, answer(MAY, AUGUST), SUNDAY)
    later = SUNDAY + timedelta(days=2)

    for empty in (ReportAnswer(), ReportAnswer(none=True)):
        again = merge(kept, empty, later)
        assert days(again) == days(kept)
        assert (again.answered_at, again.asked_at, again.none) == (SUNDAY, later, False)
    assert merge(None, ReportAnswer(none=True), SUNDAY).none


def test_a_date_is_public_from_the_look_up_that_first_had_it() -> None:
    """Past dates of the first look-up are history; one that appears later was not known before."""
    kept = merge(None, answer(MAY), SUNDAY)
    later = SUNDAY + timedelta(days=20)
    again = merge(kept, answer(MAY, AUGUST, NOVEMBER), later)

    assert days(again) == [(MAY, None), (AUGUST, later.date()), (NOVEMBER, later.date())]
    assert days(merge(again, answer(MAY, AUGUST), later + timedelta(days=9))) == days(again)


def test_a_moved_date_replaces_the_old_one() -> None:
    """Two dates of one quarter are one report; those of other quarters stay."""
    kept = merge(None, answer(MAY, AUGUST), SUNDAY)
    moved = AUGUST + timedelta(days=1)

    assert [day for day, _ in days(merge(kept, answer(moved), SUNDAY))] == [MAY, moved]


def test_an_estimate_that_passed_is_no_report() -> None:
    """Up to its day it is shown as an estimate."""
    kept = merge(None, answer(AUGUST, estimated=True), SUNDAY)

    assert [each.estimated for each in kept.dates(AUGUST)] == [True]
    assert kept.dates(AUGUST + timedelta(days=1)) == ()
