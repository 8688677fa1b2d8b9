"""From bars to rows: the one function for training and serving.

Row t is what is known at the close of `dates[t]`, its target the log return of the next session. A
row is bit-equal however much history precedes it beyond WARMUP bars, and whatever follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import NoDataError
from engine.core.records import NextReport
from engine.forecast.features import WARMUP, feature_columns, log_returns, range_ewma
from engine.forecast.scale import (
    LOG_RANGE,
    RANGE_EWMA,
    Booleans,
    session_facts,
    volatility,
    widening,
)
from engine.market.bars import Bars
from engine.market.reports import sessions_until

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
CONTEXT = ("SPY",)
"""Symbols whose bars are features of the others; without their bars those columns are left out."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset:
    """n sessions with complete features, oldest first: the bars without the first WARMUP ones."""

    symbol: str
    dates: Dates
    """[n] datetime64[D]."""
    close: Floats
    """[n] dollars."""
    features: Floats
    """[n, k] dimensionless, finite; never a price level."""
    names: tuple[str, ...]
    """[k] names of the feature columns, in their order."""
    scale: Floats
    """[n] range EWMA: the members forecast in its units, > 0."""
    sigma: Floats
    """[n] volatility forecast of the session after t: residuals and intervals are in its units."""
    target: Floats
    """[n] log(close[t+1] / close[t]); NaN in the last row, whose outcome is not known yet."""
    report: NextReport | None
    """The next report, as known at the last row."""
    report_known: bool
    """Whether report dates around the last row are known, or that there are none."""
    report_day: Booleans
    """[n] whether the session after t reacts to a report; for scores, not for forecasts."""

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def scaled_target(self) -> Floats:
        """[n] the target in range EWMAs, comparable over calm and wild months."""
        return self.target / self.scale

    @property
    def residuals(self) -> Floats:
        """[n] what naive was off by, in volatility forecasts."""
        return self.target / self.sigma

    def until(self, row: int) -> Self:
        """The rows up to `row` as they were at its close, its own outcome unknown; for a walk."""
        end = row + 1
        return replace(
            self,
            dates=self.dates[:end],
            close=self.close[:end],
            features=self.features[:end],
            scale=self.scale[:end],
            sigma=self.sigma[:end],
            report_day=self.report_day[:end],
            target=np.append(self.target[:row], np.nan),
        )

    def with_features(self, features: Floats) -> Self:
        """The same rows with other feature values, as a scaler makes them."""
        return replace(self, features=features)


def build_dataset(bars: Bars, context: Mapping[str, Bars], scale: str = LOG_RANGE) -> Dataset:
    """The rows of `bars`, with the market's columns from `context` (see CONTEXT).

    `scale` names the volatility forecast, LOG_RANGE or, for a model of 0.1.0, RANGE_EWMA.

    NoDataError with fewer than WARMUP + 1 bars, or for a feature that is not finite (bad prices).
    """
    if len(bars) <= WARMUP:
        raise NoDataError(
            f"{bars.symbol}: {len(bars)} bars from {bars.source}, features need at least"
            f" {WARMUP + 1}",
            "fetch more history",
        )
    bars = packed(bars)
    market = bars if bars.symbol in CONTEXT else context.get(CONTEXT[0])
    market = packed(market) if market is not None else None
    columns = {name: column[WARMUP:] for name, column in feature_columns(bars, market).items()}
    _check_finite(columns, bars)
    facts = session_facts(bars.dates, bars.reports)
    own = range_ewma(bars)
    sigma = own if scale == RANGE_EWMA else volatility(bars, market, facts)
    return Dataset(
        symbol=bars.symbol,
        dates=bars.dates[WARMUP:],
        close=bars.close[WARMUP:],
        features=np.ascontiguousarray(np.stack(list(columns.values()), axis=1)),
        names=tuple(columns),
        scale=own[WARMUP:],
        sigma=sigma[WARMUP:],
        report=next_report(bars, 1.0 if scale == RANGE_EWMA else widening(facts, bars.dates)),
        report_known=bool(facts.known[-1]),
        target=np.append(log_returns(bars.close)[WARMUP + 1 :], np.nan),
        report_day=facts.report_day[WARMUP:],
    )


def next_report(bars: Bars, factor: float) -> NextReport | None:
    """The next report as known at the last bar; `factor` widens the session after it."""
    report = bars.reports.next_report(bars.last_date) if bars.reports else None
    if report is None:
        return None
    return NextReport(
        date=str(report.day),
        time=str(report.time),
        in_sessions=sessions_until(report, bars.last_date),
        factor=factor,
        estimated=report.estimated,
    )


def _check_finite(columns: Mapping[str, Floats], bars: Bars) -> None:
    for name, column in columns.items():
        finite = np.isfinite(column)
        if not finite.all():
            row = int(np.argmin(finite))
            raise NoDataError(
                f"{bars.symbol}: feature {name} is {column[row]} on {bars.dates[WARMUP + row]}"
                f" (bars from {bars.source})",
                f"`stockml data check {bars.symbol}` names impossible bars",
            )


def packed(bars: Bars) -> Bars:
    """The same bars in contiguous arrays: numpy's log may round differently on strided ones."""
    tight = np.ascontiguousarray
    return replace(
        bars,
        open=tight(bars.open),
        high=tight(bars.high),
        low=tight(bars.low),
        close=tight(bars.close),
        volume=tight(bars.volume),
    )
