"""The columns a forecast is made from: returns, ratios and volatilities, never price levels.

Every column sums a fixed window lag by lag (an exponential average is cut and re-normalised), so
training and serving are bit-equal. A ratio without a denominator (volume 0, a constant price) is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.market.bars import Bars

Floats = NDArray[np.float64]
WARMUP = 80
"""Bars before the first row: the longest window takes 75 ranges, which take 76 bars."""
VOLATILITY_LAGS = 75
DECAY = 0.92
"""Daily decay of the volatility forecast; 75 lags hold 99.8 % of the weight."""
RANGE = float(np.sqrt(8.0 / np.pi))
"""Expected range ÷ standard deviation of a Brownian day (Feller 1951), 1.596."""
FLOOR = 1e-4
"""Least daily volatility: a constant series gets intervals of a hundredth of a percent, not 0."""


def lagged(values: Floats, lag: int) -> Floats:
    """values[t - lag], NaN where there is none."""
    out = np.full(len(values), np.nan)
    out[lag:] = values[: len(values) - lag]
    return out


def weighted(values: Floats, weights: Floats) -> Floats:
    """sum over j of weights[j] * values[t - j], added in the order of j; NaN in the first rows."""
    n, count = len(values), len(weights)
    out = np.full(n, np.nan)
    if n >= count:
        total = np.zeros(n - count + 1)
        for lag, weight in enumerate(weights):
            total += weight * values[count - 1 - lag : n - lag]
        out[count - 1 :] = total
    return out


def mean(values: Floats, count: int) -> Floats:
    """The mean of the last `count` values."""
    return weighted(values, np.full(count, 1.0 / count))


def deviation(values: Floats, count: int) -> Floats:
    """The standard deviation of the last `count` values, about their newest: nothing cancels."""
    first, second = np.zeros(len(values)), np.zeros(len(values))
    for lag in range(1, count):
        away = lagged(values, lag) - values
        first, second = first + away, second + away * away
    return np.asarray(np.sqrt(np.maximum(second / count - (first / count) ** 2, 0.0)))


def faded(values: Floats, span: int, count: int) -> Floats:
    """The exponential average of a span over the last `count` values; the weights sum to 1."""
    weights = (1.0 - 2.0 / (span + 1.0)) ** np.arange(count)
    return weighted(values, weights / weights.sum())


def highest(values: Floats, count: int) -> Floats:
    """The highest of the last `count` values."""
    out = values.copy()
    for lag in range(1, count):
        out = np.maximum(out, lagged(values, lag))
    return out


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where there is nothing to divide by."""
    out = np.zeros(len(above))
    np.divide(above, below, out=out, where=~(below <= 0.0))
    return out


def log_returns(close: Floats) -> Floats:
    """[n] log(close[t] / close[t-1]), NaN in the first row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.append(np.nan, np.diff(np.log(close)))


def true_range(bars: Bars) -> Floats:
    """[n] log(highest / lowest) of the session with the close before it; NaN in the first row."""
    before = lagged(bars.close, 1)
    return np.asarray(np.log(np.maximum(bars.high, before)) - np.log(np.minimum(bars.low, before)))


def range_ewma(bars: Bars) -> Floats:
    """[n] the standard deviation forecast for the session after t, from bars up to t.

    An exponential mean of true ranges covers as well as one of squared returns, with intervals 3 to
    4 % narrower (13 symbols, to 2024-08), and one +51 % day moves it far less.
    """
    weights = DECAY ** np.arange(VOLATILITY_LAGS)
    spread = weighted(true_range(bars), weights / weights.sum()) / RANGE
    return np.where(np.isnan(spread), np.nan, np.maximum(spread, FLOOR))


def feature_columns(bars: Bars, market: Bars | None) -> dict[str, Floats]:
    """Every column by name, [n] each, NaN in the warm-up; the market's only if it has bars."""
    columns = own_columns(bars)
    if market is not None:
        columns |= market_columns(bars, market)
    return columns


def own_columns(bars: Bars) -> dict[str, Floats]:
    """The columns from the symbol's own bars."""
    close = bars.close
    logs = np.log(close)
    scale = range_ewma(bars)
    returns = log_returns(close)
    columns = {f"return_{days}": momentum(logs, scale, days) for days in (1, 2, 5, 10, 20, 60)}
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["gap"] = (np.log(bars.open) - lagged(logs, 1)) / scale
        columns["intraday"] = (logs - np.log(bars.open)) / scale
        spread = np.log(bars.high) - np.log(bars.low)
        columns["range"] = spread / scale - 1.0
        columns["close_in_range"] = ratio(2.0 * close - bars.high - bars.low, bars.high - bars.low)
    size = np.abs(returns)
    columns["volatility_5_60"] = log_ratio(mean(size, 5), mean(size, 60))
    columns["volatility_20_60"] = log_ratio(mean(size, 20), mean(size, 60))
    columns["range_5_60"] = log_ratio(mean(spread, 5), mean(spread, 60))
    columns["rsi_14"] = ratio(mean(returns, 14), mean(size, 14))
    columns["macd"] = (faded(logs, 12, 60) - faded(logs, 26, 60)) / scale
    columns["bollinger"] = ratio(logs - mean(logs, 20), deviation(logs, 20))
    columns["drawdown_60"] = (logs - highest(logs, 60)) / scale
    columns["volume_1_20"] = log_ratio(bars.volume, mean(bars.volume, 20))
    columns["volume_5_60"] = log_ratio(mean(bars.volume, 5), mean(bars.volume, 60))
    return columns


def market_columns(bars: Bars, market: Bars) -> dict[str, Floats]:
    """The columns from the market's bars of the same sessions; 0 where it lacks the session."""
    logs, scale = np.log(market.close), range_ewma(market)
    size = np.abs(log_returns(market.close))
    columns = {f"market_{days}": momentum(logs, scale, days) for days in (1, 5, 20)}
    columns["market_volatility_5_60"] = log_ratio(mean(size, 5), mean(size, 60))
    return {name: on_dates(bars, market, column) for name, column in columns.items()}


def on_dates(bars: Bars, market: Bars, column: Floats) -> Floats:
    """The market's column on the sessions of `bars`; 0 without such a session or its history."""
    rows = np.minimum(np.searchsorted(market.dates, bars.dates), len(market) - 1)
    known = (market.dates[rows] == bars.dates) & np.isfinite(column[rows])
    return np.where(known, column[rows], 0.0)


def momentum(logs: Floats, scale: Floats, days: int) -> Floats:
    """The log return over `days` in units of its volatility."""
    return np.asarray((logs - lagged(logs, days)) / (scale * np.sqrt(days)))


def log_ratio(above: Floats, below: Floats) -> Floats:
    """log(above / below) within ±3; 0 where either is 0."""
    known = ~((above <= 0.0) | (below <= 0.0))
    quotient = np.ones(len(above))
    np.divide(above, below, out=quotient, where=known)
    return np.asarray(np.clip(np.log(quotient), -3.0, 3.0))
