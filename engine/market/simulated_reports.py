"""Report dates of the simulated market: one a quarter, by seed and symbol; none for an ETF."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import lru_cache

from engine.market import calendar
from engine.market.reports import ReportDate, ReportTime

QUARTER = 91
"""Days between two reports, give or take SHIFT."""
SHIFT = 4


@lru_cache(maxsize=64)
def simulated_reports(symbol: str, seed: int) -> tuple[ReportDate, ...]:
    """The reports of all the years of the calendar, always before the open or always after it."""
    draw = random.Random(f"reports:{seed}:{symbol}")
    time = draw.choice((ReportTime.AFTER, ReportTime.AFTER, ReportTime.BEFORE))
    quarter = calendar.covered_from() + timedelta(days=draw.randrange(QUARTER))
    reports = []
    while quarter + timedelta(days=2 * SHIFT) < calendar.covered_until():
        day = calendar.next_session(quarter + timedelta(days=draw.randint(-SHIFT, SHIFT)))
        reports.append(ReportDate(day=day, time=time))
        quarter += timedelta(days=QUARTER)
    return tuple(reports)


@lru_cache(maxsize=64)
def simulated_reactions(symbol: str, seed: int) -> frozenset[date]:
    """The sessions that react to a report."""
    return frozenset(report.reaction for report in simulated_reports(symbol, seed))
