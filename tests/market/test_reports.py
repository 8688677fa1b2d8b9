"""Report dates: the session that reacts, what is known when, and about which days."""

from __future__ import annotations

from datetime import date

import pytest

from engine.market.reports import (
    ReportDate,
    ReportDates,
    ReportState,
    ReportTime,
    coverage,
    sessions_until,
)

AFTER, BEFORE = ReportTime.AFTER, ReportTime.BEFORE
MAY, AUGUST = date(2024, 5, 2), date(2024, 8, 1)


def report(day: date, time: ReportTime = AFTER, **more: object) -> ReportDate:
    return ReportDate(day=day, time=time, **more)  # type: ignore[arg-type]


def dates(*reports: ReportDate) -> ReportDates:
    first, last = coverage(reports)
    return ReportDates(
        symbol="AAPL",
        today=date(2024, 8, 9),
        state=ReportState.KNOWN,
        reports=reports,
        covered_from=first,
        covered_until=last,
    )


@pytest.mark.parametrize(
    ("day", "time", "reaction"),
    [
        (date(2024, 8, 1), AFTER, date(2024, 8, 2)),
        (date(2024, 8, 1), BEFORE, date(2024, 8, 1)),
        (date(2024, 8, 2), AFTER, date(2024, 8, 5)),
        (date(2024, 8, 3), BEFORE, date(2024, 8, 5)),  # a Saturday
        (date(2024, 8, 3), AFTER, date(2024, 8, 5)),
        (date(2024, 7, 3), AFTER, date(2024, 7, 5)),  # before a holiday
    ],
)
def test_the_session_that_reacts(day: date, time: ReportTime, reaction: date) -> None:
    """After the close the next session reacts, before the open the same one."""
    assert report(day, time).reaction == reaction


def test_a_date_is_public_ten_sessions_ahead_unless_it_says_when() -> None:
    """2024-07-18 is ten sessions before 2024-08-01; `known` wins, even after the report."""
    assert report(AUGUST).public_from == date(2024, 7, 18)
    assert report(AUGUST, known=date(2024, 7, 2)).public_from == date(2024, 7, 2)
    assert report(AUGUST, known=date(2024, 8, 9)).public_from == date(2024, 8, 9)


def test_the_next_report_is_the_first_that_is_public_and_not_reacted_to() -> None:
    """On the evening of the report it still counts, after its reaction no more."""
    own = dates(report(MAY), report(AUGUST))

    assert own.next_report(date(2024, 7, 17)) is None
    assert own.next_report(date(2024, 7, 18)) == own.reports[1]
    assert own.next_report(AUGUST) == own.reports[1]
    assert own.next_report(date(2024, 8, 2)) is None
    assert [sessions_until(report(AUGUST), day) for day in (date(2024, 7, 30), AUGUST)] == [2, 0]


def test_a_list_says_nothing_of_days_far_from_its_dates() -> None:
    """From 100 days after the last date on, and as long before the first, nothing is known."""
    own = dates(report(MAY), report(AUGUST))

    assert own.state_on(date(2024, 11, 8)) is ReportState.KNOWN
    assert own.state_on(date(2024, 11, 9)) is ReportState.UNKNOWN
    assert own.state_on(date(2024, 1, 24)) is ReportState.KNOWN
    assert own.state_on(date(2024, 1, 23)) is ReportState.UNKNOWN
    assert dates().state_on(AUGUST) is ReportState.UNKNOWN
    none = ReportDates(symbol="SPY", today=AUGUST, state=ReportState.NONE)
    assert none.state_on(AUGUST) is ReportState.NONE


def test_an_estimate_is_no_release() -> None:
    """The newest release up to a day is one that came out."""
    own = dates(report(MAY), report(AUGUST, estimated=True))

    assert own.newest_release(date(2024, 8, 9)) == own.reports[0]
    assert own.newest_release(date(2024, 5, 1)) is None
