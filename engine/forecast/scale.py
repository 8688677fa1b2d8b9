"""How far the next close will lie: a log-range regression with fixed coefficients for all symbols.

sigma of the session after t = exp(b0 + b · x_t) / RANGE, where x are log Garman-Klass ranges (1980)
of the symbol and of SPY over 1 to 66 sessions, volume, the weekday and the calendar gap of the next
session, and whether it, today or yesterday reacts to a report. Fitted once on many symbols
(`fit_scale`), never a symbol. A row takes the newest coefficients that were fitted on days before
it, so a backtest of any year is out of sample. Every window is fixed: rows are bit-equal however
much history precedes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.forecast.features import (
    FLOOR,
    RANGE,
    Floats,
    lagged,
    log_ratio,
    mean,
)
from engine.market.bars import Bars, Dates
from engine.market.calendar import session_table
from engine.market.reports import ReportDates, ReportState

LOG_RANGE = "log_range"
"""The name of this scale in a manifest."""
RANGE_EWMA = "range_ewma"
"""The scale of 0.1.0, in which the members still divide."""
TABLE = Path(__file__).with_name("scale.json")
OWN = ("b0", "gk1", "gk5", "gk22", "rv22", "rv66", "v1", "mon", "wed", "thu", "fri", "gap")
MARKET = ("m1", "m5")
REPORTS = ("er", "ea", "ea2")
NAMES = (*OWN, *MARKET, *REPORTS)
_LEAST = 1e-7
"""Least variance of a session."""
_LONG_GAP = 4
"""Calendar days to the next session from which a holiday lies between."""

Booleans = NDArray[np.bool_]


class Vintage(msgspec.Struct, frozen=True):
    """Coefficients by name and what they were fitted on."""

    fitted_to: str
    rows: int
    coefficients: dict[str, dict[str, float]]
    """By set: known or unknown report dates, with or without the market."""


class ScaleTable(msgspec.Struct, frozen=True):
    """The constants in scale.json."""

    command: str
    vintages: tuple[Vintage, ...]
    """The oldest first."""
    shape_fitted_to: str
    shape: tuple[tuple[float, float], ...]
    """(share, size): the share of residuals within `size` times their mean size."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionFacts:
    """What is known at each close of its next session and of reports; [n] each."""

    next_sessions: Dates
    report: Floats
    """1 where the next session reacts to a report that is public."""
    reaction: Floats
    """1 where this session did."""
    after: Floats
    """1 where the session before did."""
    known: Booleans
    """Whether the report dates around the session are known."""
    report_day: Booleans
    """Whether the next session reacts to a report, public or not: for scores alone."""


@cache
def scale_table() -> ScaleTable:
    """The shipped constants, read once a process."""
    return msgspec.json.decode(TABLE.read_bytes(), type=ScaleTable)


def set_name(known: bool, market: bool) -> str:
    """The name of a set of coefficients."""
    return f"{'known' if known else 'unknown'}{'' if market else ' alone'}"


@cache
def _matrix() -> tuple[Dates, Floats]:
    """The days after which each vintage counts, and [vintage, known, market, k] coefficients."""
    vintages = scale_table().vintages
    days = np.array([vintage.fitted_to for vintage in vintages], dtype="datetime64[D]")
    return days, np.array(
        [
            [
                [
                    [vintage.coefficients[set_name(known, market)].get(name, 0.0) for name in NAMES]
                    for market in (False, True)
                ]
                for known in (False, True)
            ]
            for vintage in vintages
        ]
    )


def volatility(bars: Bars, market: Bars | None, facts: SessionFacts) -> Floats:
    """[n] the standard deviation forecast for the session after t, NaN in the warm-up."""
    columns, has_market = scale_columns(bars, market, facts)
    days, table = _matrix()
    vintage = np.maximum(np.searchsorted(days, bars.dates, side="right") - 1, 0)
    chosen = table[vintage, facts.known.astype(int), has_market.astype(int)]
    total = np.zeros(len(bars))
    for position, name in enumerate(NAMES):
        total += chosen[:, position] * columns[name]
    return np.maximum(np.exp(total) / RANGE, FLOOR)


def widening(facts: SessionFacts, dates: Dates) -> float:
    """Times that a report makes the range of the session after the last one wider."""
    if not (facts.known[-1] and facts.report[-1]):
        return 1.0
    return float(widenings(dates[-1:])[0])


def widenings(dates: Dates) -> Floats:
    """[n] times that a report after each of `dates` makes the range of its session wider."""
    days, table = _matrix()
    vintage = np.maximum(np.searchsorted(days, dates, side="right") - 1, 0)
    return np.asarray(np.exp(table[vintage, 1, 1, NAMES.index("er")]))


def scale_columns(
    bars: Bars, market: Bars | None, facts: SessionFacts
) -> tuple[dict[str, Floats], Booleans]:
    """Every x by its name, [n] each, and whether the market has the session."""
    ranges = log_ranges(bars)
    columns = {"b0": np.ones(len(bars)), **weekday_columns(bars.dates, facts.next_sessions)}
    columns |= {f"gk{count}": mean(ranges, count) for count in (1, 5, 22)}
    with np.errstate(divide="ignore", invalid="ignore"):
        overnight = np.log(bars.open / lagged(bars.close, 1)) ** 2
    total = garman_klass(bars) + overnight
    for count in (22, 66):
        columns[f"rv{count}"] = 0.5 * np.log(np.maximum(mean(total, count), _LEAST))
    columns["v1"] = log_ratio(bars.volume, mean(bars.volume, 20))
    columns |= {"er": facts.report, "ea": facts.reaction, "ea2": facts.after}
    market_columns, has_market = _market_columns(bars, market)
    return columns | market_columns, has_market


def garman_klass(bars: Bars) -> Floats:
    """[n] the variance of each session from its range, open to close (Garman and Klass 1980)."""
    spread = np.log(bars.high / bars.low)
    body = np.log(bars.close / bars.open)
    return np.asarray(np.maximum(0.5 * spread**2 - (2.0 * np.log(2.0) - 1.0) * body**2, 1e-8))


def log_ranges(bars: Bars) -> Floats:
    """[n] the log of the session's standard deviation from its range."""
    return np.asarray(0.5 * np.log(np.maximum(garman_klass(bars), _LEAST)))


def weekday_columns(dates: Dates, next_sessions: Dates) -> dict[str, Floats]:
    """The weekday of the next session (Tuesday is 0 in all), and a gap of four days or more."""
    weekday = (next_sessions.astype(int) + 3) % 7
    columns = {
        name: (weekday == day).astype(float)
        for name, day in (("mon", 0), ("wed", 2), ("thu", 3), ("fri", 4))
    }
    gap = (next_sessions - dates).astype(int) >= _LONG_GAP
    return {**columns, "gap": gap.astype(float)}


def _market_columns(bars: Bars, market: Bars | None) -> tuple[dict[str, Floats], Booleans]:
    """The market's log ranges on the sessions of `bars`, 0 where it lacks one."""
    nothing = np.zeros(len(bars))
    if market is None or not len(market):
        return {"m1": nothing, "m5": nothing}, nothing.astype(bool)
    ranges = log_ranges(market)
    rows = np.minimum(np.searchsorted(market.dates, bars.dates), len(market) - 1)
    five = mean(ranges, 5)
    known = (market.dates[rows] == bars.dates) & np.isfinite(five[rows])
    return {
        "m1": np.where(known, ranges[rows], 0.0),
        "m5": np.where(known, five[rows], 0.0),
    }, known


def sessions_ahead(dates: Dates, count: int) -> Dates:
    """[count, n] the sessions after each of `dates`."""
    offsets = np.arange(1, count + 1)[:, None]
    calendar = _business_days()
    return np.asarray(np.busday_offset(dates, offsets, roll="backward", busdaycal=calendar))


def reaction_sessions(reports: ReportDates | None) -> tuple[Dates, Dates]:
    """The sessions that react to a report, and the days from which each report is public."""
    listed = [each for each in reports.reports if not each.estimated] if reports else []
    reactions = np.array([each.reaction for each in listed], dtype="datetime64[D]")
    public = np.array([each.public_from for each in listed], dtype="datetime64[D]")
    return reactions, public


def session_facts(dates: Dates, reports: ReportDates | None) -> SessionFacts:
    """What is known at the close of each of `dates`; without `reports` no report date is."""
    calendar = _business_days()
    following = sessions_ahead(dates, 1)[0]
    preceding = np.busday_offset(dates, -1, roll="forward", busdaycal=calendar)
    reactions, public = reaction_sessions(reports)

    def reacts(sessions: Dates) -> Floats:
        marks = np.zeros(len(sessions))
        if len(sessions):
            rows = np.minimum(np.searchsorted(sessions, reactions), len(sessions) - 1)
            marks[rows[(sessions[rows] == reactions) & (public <= dates[rows])]] = 1.0
        return marks

    return SessionFacts(
        next_sessions=following,
        report=reacts(following),
        reaction=reacts(dates),
        after=reacts(preceding),
        known=_known(dates, reports),
        report_day=np.isin(following, reactions),
    )


def _known(dates: Dates, reports: ReportDates | None) -> Booleans:
    """Whether a list of dates covers each day; a symbol without reports is known to have none."""
    if reports is None:
        return np.zeros(len(dates), dtype=bool)
    if reports.state is ReportState.NONE:
        return np.ones(len(dates), dtype=bool)
    if reports.covered_from is None or reports.covered_until is None:
        return np.zeros(len(dates), dtype=bool)
    first, last = np.datetime64(reports.covered_from), np.datetime64(reports.covered_until)
    return np.asarray((first <= dates) & (dates <= last))


@cache
def _business_days() -> Any:
    """The sessions of the exchange as numpy counts business days."""
    return np.busdaycalendar(holidays=np.array(sorted(session_table().closed), "datetime64[D]"))
