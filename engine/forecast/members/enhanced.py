"""The statistical member: a shrunk drift, plus momentum and mean reversion by heavy ridge.

Everything is in units of the volatility forecast s (the standard deviation of the next log return).

    forecast / s = drift - s / 2 + signal
    drift  = (n * median + K * rho * MARKET) / (n + K)
    signal = ridge of the rest on SIGNALS, penalty RIDGE * n

`rho * MARKET` is the drift by the capital asset pricing model (Sharpe 1964), rho the correlation
with the market; the symbol's own median outweighs it after K sessions. -s/2 is the drag of
volatility on a log return (Ito). One jump does not move a median, which an absolute error rewards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.forecast.dataset import Dataset
from engine.forecast.members.base import Arrays, FitOptions, Fitted, Floats, IntArray

MARKET = 0.08
"""The market's median daily return ÷ volatility forecast; SPY, 2015 to 2024-08 (kind): 0.097."""
K = 1700.0
"""Sessions the prior is worth: (1.25 / 0.03)², the error of a median over the spread of drifts."""
RIDGE = 30.0
"""Penalty in units of the features' own sum of squares.

On 2017-09 to 2024-08, 0.1 and 1 were worse than no signal; 10 lost 0.3 points of direction.
"""
CUT = 3.0
"""Volatilities an outcome may count for in the signal."""
LONE = 0.5
"""The correlation of a symbol without market context."""
SIGNALS = (
    "return_1",
    "return_5",
    "return_20",
    "return_60",
    "rsi_14",
    "bollinger",
    "drawdown_60",
    "market_1",
    "market_5",
)


@dataclass(frozen=True, slots=True, eq=False)
class Enhanced:
    """drift [1], columns [m] of the dataset, coefficients [m]."""

    drift: Floats
    columns: IntArray
    coefficients: Floats

    def predict(self, data: Dataset, rows: IntArray) -> Floats:
        scale = data.scale[rows]
        signal = project(data.features[rows][:, self.columns], self.coefficients)
        return np.asarray((self.drift[0] - scale / 2.0 + signal) * scale)

    def arrays(self) -> Arrays:
        return {
            "drift": self.drift,
            "columns": self.columns.astype(np.int64),
            "coefficients": self.coefficients,
        }


def project(columns: Floats, coefficients: Floats) -> Floats:
    """[n] columns @ coefficients, column by column: bit-equal for one row and for a thousand."""
    if not len(coefficients):
        return np.zeros(len(columns))
    return np.asarray(np.add.accumulate(columns * coefficients, axis=1)[:, -1])


def fit(
    data: Dataset,
    train: IntArray,
    validation: IntArray,  # noqa: ARG001 - the protocol
    options: FitOptions,
) -> Fitted:
    """Closed form on the training rows; the validation rows are not used."""
    options.check()
    outcome = data.scaled_target[train] + data.scale[train] / 2.0
    drift = shrunk_drift(outcome, correlation(data, train))
    columns = np.array(
        [data.names.index(name) for name in SIGNALS if name in data.names], dtype=np.intp
    )
    inputs = data.features[train][:, columns]
    rest = np.clip(outcome - drift, -CUT, CUT)
    return Enhanced(np.array([drift]), columns, ridge(inputs, rest - rest.mean(), RIDGE))


def load(arrays: Arrays) -> Fitted:
    """The member that `arrays()` was taken from."""
    return Enhanced(arrays["drift"], arrays["columns"].astype(np.intp), arrays["coefficients"])


def shrunk_drift(outcome: Floats, rho: float) -> float:
    """The median of `outcome`, drawn to rho * MARKET by the weight of K sessions."""
    count = len(outcome)
    return float((count * np.median(outcome) + K * rho * MARKET) / (count + K))


def correlation(data: Dataset, rows: IntArray) -> float:
    """Correlation of symbol and market by daily return over `rows`, 0 to 1; LONE without one."""
    if "market_1" not in data.names:
        return LONE
    own = data.features[rows, data.names.index("return_1")]
    market = data.features[rows, data.names.index("market_1")]
    if own.std() == 0.0 or market.std() == 0.0:
        return LONE
    return float(np.clip(np.corrcoef(own, market)[0, 1], 0.0, 1.0))


def ridge(inputs: Floats, outcome: Floats, penalty: float) -> Floats:
    """[m] the coefficients that minimise |outcome - inputs @ c|² + penalty * n * |c|²."""
    gram = inputs.T @ inputs + penalty * len(inputs) * np.eye(inputs.shape[1])
    return np.asarray(np.linalg.solve(gram, inputs.T @ outcome), np.float64)
