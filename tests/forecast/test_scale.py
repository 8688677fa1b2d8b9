"""The volatility forecast: its constants, what it knows of reports, what it cannot see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.forecast.dataset import build_dataset
from engine.forecast.features import RANGE, WARMUP
from engine.forecast.scale import (
    LOG_RANGE,
    RANGE_EWMA,
    scale_table,
    session_facts,
    set_name,
    volatility,
    widening,
)
from engine.market.bars import Bars
from engine.market.reports import ReportDate, ReportDates, ReportState, ReportTime, coverage
from tests.forecast.samples import flat, walk

AFTER = ReportTime.AFTER
BARS, SPY = walk(400), walk(400, 9, "SPY")
REPORT = date(2024, 8, 1)
"""A Thursday; the session of 2024-08-02 reacts."""


def with_report(bars: Bars, day: date = REPORT, **more: Any) -> Bars:
    """The bars, with their report dates known and one of them on `day`."""
    report = ReportDate(day=day, time=AFTER, **more)
    first, last = coverage((report,))
    known = ReportDates(
        symbol=bars.symbol,
        today=bars.last_date,
        state=ReportState.KNOWN,
        reports=(report,),
        covered_from=first,
        covered_until=last,
    )
    return replace(bars, reports=known)


def sigma_on(bars: Bars, day: str, market: Bars | None = SPY) -> float:
    """The forecast made at the close of `day`."""
    facts = session_facts(bars.dates, bars.reports)
    row = int(np.searchsorted(bars.dates, np.datetime64(day)))
    return float(volatility(bars, market, facts)[row])


def test_the_formula_by_hand() -> None:
    """One row computed from the table, term by term, as docs/forecasting.md states it."""
    bars = with_report(BARS)
    row = int(np.searchsorted(bars.dates, np.datetime64("2024-08-01")))

    def gk(each: Bars) -> Any:
        return 0.5 * np.log(each.high / each.low) ** 2 - (2 * np.log(2) - 1) * (
            np.log(each.close / each.open) ** 2
        )

    own, market = 0.5 * np.log(gk(bars)), 0.5 * np.log(gk(SPY))
    gap = np.log(bars.open[1:] / bars.close[:-1]) ** 2
    total = np.append(np.nan, gk(bars)[1:] + gap)
    b = next(each for each in scale_table().vintages if each.fitted_to == "2018-08-31")
    known = b.coefficients["known"]
    terms = {
        "b0": 1.0,
        **{f"gk{n}": own[row - n + 1 : row + 1].mean() for n in (1, 5, 22)},
        **{f"rv{n}": 0.5 * np.log(total[row - n + 1 : row + 1].mean()) for n in (22, 66)},
        **{f"m{n}": market[row - n + 1 : row + 1].mean() for n in (1, 5)},
        "v1": np.log(bars.volume[row] / bars.volume[row - 19 : row + 1].mean()),
        "fri": 1.0,
        "er": 1.0,
    }
    expected = np.exp(sum(known[name] * value for name, value in terms.items())) / RANGE

    assert sigma_on(bars, "2024-08-01") == pytest.approx(expected, rel=1e-9)


def test_a_report_widens_the_session_that_reacts_alone() -> None:
    """About 2.5 times; the sessions after it hardly differ."""
    plain, report = with_report(BARS, date(2024, 6, 20)), with_report(BARS)
    ratios = {
        day: sigma_on(report, day) / sigma_on(plain, day)
        for day in ("2024-07-31", "2024-08-01", "2024-08-02", "2024-08-05", "2024-08-06")
    }

    assert ratios["2024-08-01"] == pytest.approx(2.6, abs=0.3)
    assert ratios["2024-07-31"] == ratios["2024-08-06"] == 1.0
    assert all(0.85 < ratios[day] < 1.0 for day in ("2024-08-02", "2024-08-05"))


def test_a_date_that_was_not_public_widens_nothing() -> None:
    """A planted date, public only the day after, is not seen by the forecast before; an estimate
    is never."""
    plain = with_report(BARS, date(2024, 6, 20))
    late = with_report(BARS, known=date(2024, 8, 2))

    assert sigma_on(late, "2024-08-01") == sigma_on(plain, "2024-08-01")
    assert sigma_on(with_report(BARS, known=date(2024, 8, 1)), "2024-08-01") > 1.5 * sigma_on(
        plain, "2024-08-01"
    )
    guess = with_report(BARS, estimated=True)
    assert sigma_on(guess, "2024-08-01") == sigma_on(plain, "2024-08-01")
    facts = session_facts(late.dates, late.reports)
    row = int(np.searchsorted(late.dates, np.datetime64("2024-08-01")))
    assert (facts.report[row], facts.report_day[row]) == (0.0, True)


def test_unknown_dates_take_coefficients_without_them() -> None:
    """Far from the list, without one, and for an ETF, which is known to have none."""
    unknown = sigma_on(BARS, "2024-08-01")
    etf = ReportDates(symbol="SPY", today=REPORT, state=ReportState.NONE)

    assert sigma_on(with_report(BARS, date(2023, 5, 4)), "2024-08-01") == unknown
    assert sigma_on(replace(BARS, reports=etf), "2024-08-01") != unknown


def test_without_the_market_it_has_coefficients_of_its_own() -> None:
    """A session that the market lacks, and no market at all, are the same to it."""
    dates, *prices = (np.delete(getattr(SPY, name), -22) for name in _COLUMNS)
    opened, high, low, close, volume = prices
    hole = Bars("SPY", SPY.source, dates, opened, high, low, close, volume)
    day = str(SPY.dates[-22])

    assert sigma_on(BARS, day, hole) == sigma_on(BARS, day, None) != sigma_on(BARS, day)


_COLUMNS = ("dates", "open", "high", "low", "close", "volume")


def test_each_row_takes_constants_fitted_before_it() -> None:
    """The newest vintage up to the row's day; a year before all of them takes the first."""
    vintages = scale_table().vintages
    days = [vintage.fitted_to for vintage in vintages]

    assert days == sorted(days)
    assert "2024-08-30" in days
    for last, fitted_to in (("2024-08-29", "2018-08-31"), ("2024-09-20", "2024-08-30")):
        bars = walk(200, last=last)
        facts = session_facts(bars.dates, None)
        chosen = next(each for each in vintages if each.fitted_to == fitted_to)
        names = chosen.coefficients[set_name(known=False, market=False)]
        others = np.log(RANGE * volatility(bars, None, facts)[-1]) - names["b0"]
        assert abs(others) < 8.0


def test_the_last_row_says_the_next_report() -> None:
    """Date, time, sessions ahead and how much it widens; null where nothing is public."""
    bars = with_report(walk(200, last="2024-08-01"))
    report = build_dataset(bars, {}).report
    assert report is not None
    assert (report.date, report.time, report.in_sessions) == ("2024-08-01", "after", 0)
    assert report.factor == pytest.approx(2.6, abs=0.3)
    assert build_dataset(bars, {}, RANGE_EWMA).report.factor == 1.0  # type: ignore[union-attr]
    sooner = build_dataset(with_report(walk(200, last="2024-07-30")), {}).report
    assert sooner is not None
    assert (sooner.in_sessions, sooner.factor) == (2, 1.0)
    early = build_dataset(with_report(walk(200, last="2024-07-17")), {})
    assert (early.report, early.report_known) == (None, True)
    assert not build_dataset(walk(200), {}).report_known
    facts = session_facts(bars.dates, bars.reports)
    assert widening(facts, bars.dates) == report.factor


def test_the_old_scale_is_the_members(seed: int = 4) -> None:
    """A model of 0.1.0 keeps its residuals in the range EWMA, in which the members divide."""
    data = build_dataset(walk(300, seed), {}, RANGE_EWMA)

    assert np.array_equal(data.sigma, data.scale)
    assert not np.array_equal(build_dataset(walk(300, seed), {}, LOG_RANGE).sigma, data.scale)


@pytest.mark.parametrize("bars", [flat(200), walk(200)])
def test_it_is_positive_and_finite_after_the_warm_up(bars: Bars) -> None:
    """A constant price has a least volatility."""
    sigma = volatility(bars, None, session_facts(bars.dates, None))

    assert np.isfinite(sigma[WARMUP:]).all()
    assert (sigma[WARMUP:] > 0.0).all()
