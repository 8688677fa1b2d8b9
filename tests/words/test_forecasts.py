"""The range, the report and the chances of a forecast in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.records import Forecast, NextReport
from engine.words import forecasts

PLAIN = Forecast(
    last_bar="2025-08-12",
    last_close=188.85,
    next_close=188.9,
    low80=181.2,
    high80=196.5,
    low95=170.0,
    high95=208.0,
    p_up=53.0,
    confidence=91.0,
    target_session="2025-08-13",
    report_known=True,
    tolerance=5.0,
)
AFTER = NextReport(date="2025-08-12", time="after", in_sessions=0, factor=2.43)
AHEAD = NextReport(date="2025-08-14", time="before", in_sessions=2, factor=1.0)


def test_the_sentence_of_a_report_tonight() -> None:
    """The range of tomorrow, and what the report does to it."""
    assert forecasts.sentence(replace(PLAIN, report=AFTER)) == (
        "Tomorrow 181.2–196.5 (80 %). Reports after the close: range 2.4 times the usual."
    )


@pytest.mark.parametrize(
    ("report", "known", "words"),
    [
        (AHEAD, True, "Reports in 2 sessions, before open."),
        (replace(AHEAD, estimated=True), True, "Reports in 2 sessions, before open (estimate)."),
        (None, True, "No report is announced."),
        (None, False, "Report dates are not known."),
    ],
)
def test_the_sentence_of_other_days(report: NextReport | None, known: bool, words: str) -> None:
    """A report that another session reacts to widens nothing; unknown is not none."""
    forecast = replace(PLAIN, report=report, report_known=known)
    assert forecasts.sentence(forecast) == f"Tomorrow 181.2–196.5 (80 %). {words}"


def test_tomorrow_is_dated_where_it_is_not_the_next_day() -> None:
    """Over a weekend the session has its weekday and date."""
    friday = replace(PLAIN, last_bar="2025-08-29", target_session="2025-09-02")
    assert "(80 %), on Tuesday 2025-09-02." in forecasts.sentence(friday)


def test_the_sentence_of_a_week() -> None:
    """The last session of the horizon, and how many reports lie in it."""
    week = replace(PLAIN, horizon=5, target_session="2025-08-19", reports_within=1)
    assert forecasts.sentence(week) == (
        "Up to Tuesday 2025-08-19, 5 sessions: 181.2–196.5 (80 %). 1 report in it."
    )
    assert forecasts.sentence(replace(week, reports_within=0)).endswith(" No report in it.")


def test_the_range_keeps_seven_characters() -> None:
    """Half the interval in percent of the close; a dash without a forecast."""
    assert forecasts.half_range(PLAIN) == "± 4.1 %"
    assert forecasts.half_range(replace(PLAIN, high80=240.0)) == "± 16 %"
    assert forecasts.half_range(None) == "-"
    assert forecasts.price_range(5.123, 6.0) == "5.12–6.00"


@pytest.mark.parametrize(
    ("report", "known", "words", "brief"),
    [
        (AFTER, True, "after the last close", "0 after"),
        (AHEAD, True, "in 2 sessions, before open", "2 before"),
        (replace(AHEAD, in_sessions=1, time="after"), True, "in 1 session, after close", "1 after"),
        (replace(AHEAD, in_sessions=34), True, "in 34 sessions, before open", "in 34"),
        (replace(AHEAD, estimated=True), True, "in 2 sessions, before open (estimate)", "~2"),
        (None, True, "-", "-"),
        (None, False, "unknown", "?"),
    ],
)
def test_the_next_report(report: NextReport | None, known: bool, words: str, brief: str) -> None:
    """In full for tables, in eight characters for the row of the console."""
    forecast = replace(PLAIN, report=report, report_known=known)
    assert (forecasts.next_report(forecast), forecasts.next_report_brief(forecast)) == (
        words,
        brief,
    )
    assert len(brief) <= 8
    assert forecasts.is_widened(forecast) is (report is AFTER)


def test_no_forecast_has_no_report() -> None:
    assert (forecasts.next_report(None), forecasts.next_report_brief(None)) == ("-", "-")
    assert not forecasts.is_widened(None)


def test_p_up_is_said_where_it_tells_something() -> None:
    """The confidence says what it is for."""
    assert forecasts.chances(PLAIN) == "confidence 91.0 % within 5 %"
    telling = replace(PLAIN, p_up=55.0, p_up_tells=True, tolerance=None)
    assert forecasts.chances(telling) == "P(up) 55.0 %, confidence 91.0 % within max_mape"
    assert (forecasts.p_up(PLAIN), forecasts.p_up(telling), forecasts.p_up(None)) == (
        "-",
        "55.0",
        "-",
    )


@pytest.mark.parametrize(
    ("mase", "words"),
    [
        (None, ""),
        (0.973, ""),
        (0.996, "no better than naive"),
        (1.0, "no better than naive"),
        (1.02, "worse than naive"),
    ],
)
def test_a_mase_of_one_is_no_better_than_naive(mase: float | None, words: str) -> None:
    assert forecasts.against_naive(mase) == words
