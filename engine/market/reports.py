"""Dates of quarterly reports: when results come out, which session reacts, what is known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from engine.market.calendar import is_session, next_session, previous_session

AHEAD = 10
"""Sessions before its day from which a date counts as known, unless its `known` says otherwise."""
REACH = timedelta(days=100)
"""A list of dates says nothing of days this long before its first or after its last date."""
FARTHEST = timedelta(days=400)
"""Dates farther ahead are slips of the pen: nobody announces them."""
ONE_REPORT = timedelta(days=30)
"""Two dates this near are one report that was moved: a quarter lies between two reports."""


class ReportTime(StrEnum):
    """When in its day a report comes out."""

    BEFORE = "before"
    """Before the open: the same session reacts."""
    AFTER = "after"
    """After the close: the next session reacts."""


class ReportState(StrEnum):
    """Whether the report dates of a symbol are known."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NONE = "none"
    """The symbol reports nothing, as an ETF."""


@dataclass(frozen=True, kw_only=True)
class ReportDate:
    """One report, past or coming."""

    day: date
    time: ReportTime
    known: date | None = None
    """The day the date became public; None: AHEAD sessions before it."""
    estimated: bool = False
    """A guess of the source: shown, but no forecast counts on it."""
    by_hand: bool = False

    @cached_property
    def reaction(self) -> date:
        """The session that reacts to it."""
        if self.time is ReportTime.BEFORE and is_session(self.day):
            return self.day
        return next_session(self.day)

    @cached_property
    def public_from(self) -> date:
        """The first day on which a forecast may count on it."""
        if self.known is not None:
            return self.known
        day = self.day
        for _ in range(AHEAD):
            day = previous_session(day)
        return day


@dataclass(frozen=True, kw_only=True)
class ReportDates:
    """What is known of one symbol's reports."""

    symbol: str
    today: date
    """The exchange's day on which they were asked for."""
    state: ReportState = ReportState.UNKNOWN
    """On that day."""
    reports: tuple[ReportDate, ...] = ()
    """By date, each date once."""
    covered_from: date | None = None
    """The first day about which the list says something; None where it says nothing."""
    covered_until: date | None = None
    origin: str = ""
    """Where the dates come from, in words."""
    looked_up_at: datetime | None = None
    problem: str = ""
    """Why a list could not be read."""

    def state_on(self, day: date) -> ReportState:
        """Whether the dates around `day` are known."""
        if self.state is ReportState.NONE:
            return ReportState.NONE
        if self.covered_from is None or self.covered_until is None:
            return ReportState.UNKNOWN
        covered = self.covered_from <= day <= self.covered_until
        return ReportState.KNOWN if covered else ReportState.UNKNOWN

    def next_report(self, last_bar: date) -> ReportDate | None:
        """The first report that a session after `last_bar` reacts to, as known on that day."""
        if self.state_on(last_bar) is not ReportState.KNOWN:
            return None
        coming = (each for each in self.reports if each.reaction > last_bar)
        return next((each for each in coming if each.public_from <= last_bar), None)

    def newest_release(self, today: date) -> ReportDate | None:
        """The newest report that came out up to `today`; an estimate is no release."""
        past = [each for each in self.reports if each.day <= today and not each.estimated]
        return past[-1] if past else None


def sessions_until(report: ReportDate, last_bar: date) -> int:
    """The sessions after `last_bar` up to the report's day; 0 when it is that very day."""
    count = 0
    day = last_bar
    while (day := next_session(day)) <= report.day:
        count += 1
    return count


def coverage(reports: tuple[ReportDate, ...]) -> tuple[date | None, date | None]:
    """The first and the last day that a list of dates says something about."""
    if not reports:
        return None, None
    reach = REACH - timedelta(days=1)
    return reports[0].day - reach, reports[-1].day + reach
