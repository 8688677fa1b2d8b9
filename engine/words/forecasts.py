"""How far the next close may lie, the next report, and a chance that is worth a word."""

from __future__ import annotations

from datetime import date, timedelta

from engine.core.records import Forecast, NextReport
from engine.words.figures import ABSENT, chance, is_absent, number
from engine.words.phrases import plural

UNKNOWN = "unknown"
NEAR = 10
"""Sessions from which a report is so far that a narrow column leaves out its hour."""
WIDENED = 1.05
"""The least factor of a report that is worth saying."""


def half_range(forecast: Forecast | None) -> str:
    """`± 4.1 %`: half the 80 % interval in percent of the last close, in seven characters."""
    value = forecast.range80 if forecast else None
    return ABSENT if is_absent(value) else f"± {number(value, 1, 3)} %"


def price_range(low: float, high: float) -> str:
    """`181.2–196.5`: about four figures of either end."""
    digits = 1 if high >= 100.0 else 2
    return f"{number(low, digits)}–{number(high, digits)}"


def p_up(forecast: Forecast | None) -> str:
    """P(up) in percent where it differs from the base rate beyond noise."""
    return chance(forecast.p_up) if forecast and forecast.p_up_tells else ABSENT


def within(forecast: Forecast) -> str:
    """`within 5 %`: how near the next close must lie to count for the confidence."""
    return "within max_mape" if forecast.tolerance is None else f"within {forecast.tolerance:g} %"


def chances(forecast: Forecast) -> str:
    """The confidence with what it is for, and P(up) where that says something."""
    confidence = f"confidence {chance(forecast.confidence)} % {within(forecast)}"
    return f"P(up) {p_up(forecast)} %, {confidence}" if forecast.p_up_tells else confidence


def against_naive(mase: float | None) -> str:
    """`no better than naive` for a MASE that reads 1.00; nothing for one that is better."""
    if mase is None or is_absent(mase) or round(mase, 2) < 1.0:
        return ""
    return "no better than naive" if round(mase, 2) == 1.0 else "worse than naive"


def is_widened(forecast: Forecast | None) -> bool:
    """Whether a report makes the range wider than usual."""
    return bool(forecast and forecast.report and forecast.report.factor >= WIDENED)


def next_report(forecast: Forecast | None) -> str:
    """`in 2 sessions, after close`; `unknown` without a list of dates."""
    if forecast is None:
        return ABSENT
    if forecast.report is None:
        return ABSENT if forecast.report_known else UNKNOWN
    return f"{_when(forecast.report)}{' (estimate)' if forecast.report.estimated else ''}"


def next_report_brief(forecast: Forecast | None) -> str:
    """The same in eight characters: `2 after`, `in 34`, `~34` for an estimate, `?` for unknown."""
    if forecast is None or (forecast.report is None and forecast.report_known):
        return ABSENT
    report = forecast.report
    if report is None:
        return "?"
    if report.estimated:
        return f"~{report.in_sessions}"
    if report.in_sessions >= NEAR:
        return f"in {report.in_sessions}"
    return f"{report.in_sessions} {report.time}"


def _when(report: NextReport) -> str:
    if not report.in_sessions:
        return "after the last close"
    hour = "before open" if report.time == "before" else "after close"
    return f"in {plural(report.in_sessions, 'session')}, {hour}"


def sentence(forecast: Forecast) -> str:
    """`Tomorrow 181.2–196.5 (80 %). Reports after the close: range 2.4 times the usual.`"""
    return f"{_range_sentence(forecast)} {_report_sentence(forecast)}"


def _range_sentence(forecast: Forecast) -> str:
    lies = f"{price_range(forecast.low80, forecast.high80)} (80 %)"
    target = date.fromisoformat(forecast.target_session)
    if forecast.horizon > 1:
        return f"Up to {target:%A} {target}, {forecast.horizon} sessions: {lies}."
    is_next_day = target - date.fromisoformat(forecast.last_bar) == timedelta(days=1)
    return f"Tomorrow {lies}{'' if is_next_day else f', on {target:%A} {target}'}."


def _report_sentence(forecast: Forecast) -> str:
    report = forecast.report
    if not forecast.report_known:
        return "Report dates are not known."
    if forecast.horizon > 1:
        count = forecast.reports_within
        return f"{plural(count, 'report')} in it." if count else "No report in it."
    if report is None:
        return "No report is announced."
    if is_widened(forecast):
        hour = "before the open" if report.time == "before" else "after the close"
        return f"Reports {hour}: range {number(report.factor, 1)} times the usual."
    return f"Reports {next_report(forecast)}."
