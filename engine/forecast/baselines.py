"""Distributions to beat: constant volatility, RiskMetrics EWMA, GARCH(1,1)-t, the scale of 0.1.0.

Each states the session after its row from the returns up to it, with the last close as forecast.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from engine.core.errors import ConfigError
from engine.forecast.calibration import (
    COLUMNS,
    FIXED,
    GRID,
    LEVELS,
    WINDOW,
    Calibrator,
    StatedForecasts,
    crps,
    roll,
)
from engine.forecast.dataset import Dataset
from engine.forecast.features import FLOOR
from engine.forecast.members.base import Floats, IntArray
from engine.forecast.scale import RANGE_EWMA

CONSTANT, EWMA, GARCH = "constant", "ewma", "garch"
DECAY = 0.94
"""RiskMetrics (1996), daily."""
LEAST_RETURNS = 250
"""Fewer returns fit no GARCH: its rows take the EWMA's volatility."""


def baseline_statements(
    data: Dataset, rows: IntArray, blended: Floats, tolerance: float, garch_every: int = 0
) -> dict[str, StatedForecasts]:
    """The statements of every baseline by name; GARCH and EWMA only with `garch_every`."""
    stated = {
        RANGE_EWMA: range_ewma(data, rows, blended, tolerance),
        CONSTANT: constant(data, rows, tolerance),
    }
    if garch_every:
        stated[EWMA] = ewma(data, rows, tolerance)
        stated[GARCH] = garch(data, rows, garch_every, tolerance)
    return stated


def constant(data: Dataset, rows: IntArray, tolerance: float) -> StatedForecasts:
    """The newest WINDOW returns themselves, whatever the volatility."""
    unit = max(float(np.std(_before(data.target, rows))), FLOOR) if int(rows[0]) else FLOOR
    return _residual_based(data, rows, np.full(len(data), unit), tolerance)


def ewma(data: Dataset, rows: IntArray, tolerance: float) -> StatedForecasts:
    """Residuals in units of an exponential mean of squared returns."""
    return _residual_based(data, rows, ewma_volatility(data), tolerance)


def range_ewma(
    data: Dataset, rows: IntArray, forecast: Floats, tolerance: float
) -> StatedForecasts:
    """The blend `forecast` stated as 0.1.0 stated it."""
    start = Calibrator(_before(data.scaled_target, rows), scale=RANGE_EWMA)
    target, scale = data.target[rows], data.scale[rows]
    return roll(start, forecast, target, scale, tolerance, agree=True, scored=True)[0]


def _residual_based(
    data: Dataset, rows: IntArray, sigma: Floats, tolerance: float
) -> StatedForecasts:
    start = Calibrator(_before(data.target / sigma, rows), scale=FIXED)
    nothing = np.zeros(len(rows))
    return roll(start, nothing, data.target[rows], sigma[rows], tolerance, scored=True)[0]


def _before(values: Floats, rows: IntArray) -> Floats:
    first = int(rows[0])
    return values[max(0, first - WINDOW) : first]


def ewma_volatility(data: Dataset) -> Floats:
    """[n] the volatility after each row from the returns up to it."""
    squares = np.append(np.nan, data.target[:-1]) ** 2
    squares[0] = np.mean(squares[1:61])
    variance = squares.copy()
    for row in range(1, len(variance)):
        variance[row] = DECAY * variance[row - 1] + (1.0 - DECAY) * squares[row]
    return np.asarray(np.sqrt(np.maximum(variance, 1e-8)))


def check_arch() -> None:
    """ConfigError when the package `arch` is not installed."""
    if find_spec("arch") is None:
        raise ConfigError(
            "--baselines needs the package arch for GARCH(1,1)-t, which is not installed",
            "pip install 'stockml[baselines]', or leave --baselines out",
        )


def garch(data: Dataset, rows: IntArray, every: int, tolerance: float) -> StatedForecasts:
    """GARCH(1,1) with t innovations and no mean, fitted anew every `every` rows; its own quantiles.

    The variance after a row follows from the returns up to it by the coefficients of the fit.
    """
    fallback = ewma_volatility(data)
    parts = []
    for start in range(0, len(rows), every):
        part = rows[start : start + every]
        fitted = fit_garch(data.target[: int(part[0])])
        sigma, freedom = fallback[part], 8.0
        if fitted is not None:
            sigma = np.sqrt(garch_variance(data.target[: int(part[-1])], *fitted[:3])[part])
            freedom = fitted[3]
        parts.append(_stated_t(sigma, freedom, data.target[part], tolerance))
    return StatedForecasts.joined(parts)


def fit_garch(returns: Floats) -> tuple[float, float, float, float] | None:
    """omega, alpha, beta (of percent returns) and degrees of freedom; None with few returns."""
    from arch import arch_model

    if len(returns) < LEAST_RETURNS:
        return None
    model = arch_model(100.0 * returns, mean="Zero", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    fitted = model.fit(disp="off", show_warning=False).params
    omega, alpha, beta, freedom = (float(value) for value in np.asarray(fitted))
    return omega, alpha, beta, freedom


def garch_variance(returns: Floats, omega: float, alpha: float, beta: float) -> Floats:
    """[n + 1] the variance after each of the returns, oldest first, and before the first."""
    squares = (100.0 * returns) ** 2
    variance = np.empty(len(squares) + 1)
    variance[0] = squares[: 2 * LEAST_RETURNS].mean()
    for row, square in enumerate(squares.tolist()):
        variance[row + 1] = omega + alpha * square + beta * variance[row]
    return variance / 10_000.0


def _stated_t(sigma: Floats, freedom: float, target: Floats, tolerance: float) -> StatedForecasts:
    """What a t of variance sigma² states of each session."""
    from scipy.stats import t

    unit = sigma * np.sqrt((freedom - 2.0) / freedom)
    narrow, wide = (t.ppf(1.0 - level / 2.0, freedom) * unit for level in LEVELS)
    quantiles = t.ppf(GRID, freedom)
    low, high = -np.log1p(tolerance) / unit, -np.log1p(-tolerance) / unit
    columns: dict[str, Any] = {
        "forecast": np.zeros(len(sigma)),
        "half80": narrow,
        "half95": wide,
        "confidence": t.cdf(high, freedom) - t.cdf(low, freedom),
        "p_up": np.full(len(sigma), 0.5),
        "crps": np.array(
            [crps(quantiles * size, outcome) for size, outcome in zip(unit, target, strict=True)]
        ),
    }
    return StatedForecasts(**{name: columns[name] for name in COLUMNS})
