"""The range over five sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.core.errors import NoDataError
from engine.forecast.scale import LOG_RANGE, sessions_ahead, widenings
from engine.forecast.week import HORIZON, LEAST, UP, WeekRows, week_forecast, week_rows
from engine.market.bars import Bars
from engine.market.reports import ReportDate, ReportDates, ReportState, ReportTime, coverage
from tests.forecast.samples import scrambled_after, walk


def reported(bars: Bars, *days: str, known: str | None = None) -> Bars:
    """The bars of a symbol that reports after the close of these days, a year around them."""
    reports = tuple(
        ReportDate(
            day=date.fromisoformat(each),
            time=ReportTime.AFTER,
            known=date.fromisoformat(known) if known else None,
        )
        for each in days
    )
    first, last = coverage(reports)
    dates = ReportDates(
        symbol=bars.symbol,
        today=date(2024, 8, 30),
        state=ReportState.KNOWN,
        reports=reports,
        covered_from=first,
        covered_until=last,
    )
    return replace(bars, reports=dates)


BARS = walk(500)
"""They end on Friday 2024-08-30; Monday is Labor Day."""


def test_the_fifth_session_is_meant() -> None:
    """The target skips the holiday; the range is around the last close, P(up) the base rate."""
    forecast = week_forecast(BARS, {}, 0.05)

    assert (forecast.horizon, forecast.target_session) == (5, "2024-09-09")
    assert forecast.next_close == forecast.last_close
    assert forecast.low95 < forecast.low80 < forecast.last_close < forecast.high80
    assert (forecast.p_up, forecast.p_up_tells) == (100.0 * UP, False)
    assert not forecast.report_known
    ahead = sessions_ahead(np.array(["2024-08-30"], dtype="datetime64[D]"), HORIZON)
    assert [str(day) for day in ahead[:, 0]] == [
        *("2024-09-03", "2024-09-04", "2024-09-05", "2024-09-06", "2024-09-09")
    ]


@pytest.mark.parametrize(
    ("day", "within"), [("2024-08-30", 1), ("2024-09-06", 1), ("2024-09-09", 0)]
)
def test_a_report_in_the_week_widens_it(day: str, within: int) -> None:
    """By as much as one session that reacts adds to the variance of five; later ones by nothing."""
    plain = week_rows(reported(BARS, "2024-07-01"), {})
    rows = week_rows(reported(BARS, "2024-07-01", day), {})
    forecast = week_forecast(reported(BARS, "2024-07-01", day), {}, 0.05)
    wider = np.sqrt((4.0 + widenings(BARS.dates[-1:])[0] ** 2) / 5.0) if within else 1.0

    assert forecast.reports_within == within
    assert forecast.report is not None
    assert forecast.report.factor == pytest.approx(wider)
    ratio = rows.scales[LOG_RANGE][-1] / plain.scales[LOG_RANGE][-1]
    assert ratio == pytest.approx(wider)


def test_a_report_that_is_not_public_yet_widens_nothing() -> None:
    """A date known from tomorrow on is not seen today, though the scores know its week."""
    rows = week_rows(reported(BARS, "2024-07-01", "2024-09-04", known="2024-08-31"), {})

    assert (rows.reports[-1], rows.factor) == (0.0, 1.0)
    assert rows.report_week[-1]


def test_nothing_of_a_forecast_comes_from_later_sessions() -> None:
    """Other bars after a row change neither its scale nor the residuals it is calibrated by."""
    row = len(week_rows(BARS, {}).dates) - 30
    later = scrambled_after(BARS, len(BARS) - 30, 7)

    def known_at(rows: WeekRows) -> list[float]:
        sigma = rows.scales[LOG_RANGE][: row + 1].tolist()
        return [*sigma, *rows.residuals(row, LOG_RANGE).tolist()]

    assert known_at(week_rows(BARS, {})) == known_at(week_rows(later, {}))
    assert len(week_rows(BARS, {}).residuals(row, LOG_RANGE)) == 250


def test_a_short_history_has_no_week() -> None:
    """Sixty outcomes are the fewest that make an interval."""
    with pytest.raises(NoDataError, match="the range of 5 sessions needs"):
        week_rows(BARS.tail(LEAST), {})
