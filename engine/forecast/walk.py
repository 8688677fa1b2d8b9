"""Walking forward: refit every N sessions, forecast each session until the next refit.

A fold knows nothing beyond the close it is fitted at, and its rows are split as `train` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.core.errors import NoDataError
from engine.forecast.baselines import baseline_statements
from engine.forecast.calibration import WINDOW, Calibrator, StatedForecasts, roll
from engine.forecast.dataset import Dataset, Dates
from engine.forecast.fit import symbol_seed
from engine.forecast.members.base import FitOptions, Floats, IntArray
from engine.forecast.metrics import Booleans
from engine.forecast.model import fit_model
from engine.forecast.splits import SplitRules, split_rows
from engine.forecast.week_scores import WeekRecord
from engine.settings.schema import Settings

CODE = (
    "core/members.py",
    "forecast/__init__.py",
    "forecast/baselines.py",
    "forecast/calibration.py",
    "forecast/dataset.py",
    "forecast/ensemble.py",
    "forecast/features.py",
    "forecast/figures.py",
    "forecast/fit.py",
    "forecast/inference.py",
    "forecast/lstm_numpy.py",
    "forecast/metrics.py",
    "forecast/model.py",
    "forecast/record.py",
    "forecast/scale.py",
    "forecast/scaler.py",
    "forecast/scores.py",
    "forecast/splits.py",
    "forecast/walk.py",
    "forecast/week.py",
    "forecast/week_scores.py",
    "forecast/members/__init__.py",
    "forecast/members/base.py",
    "forecast/members/enhanced.py",
    "forecast/members/lstm.py",
    "forecast/members/lstm_keras.py",
    "forecast/members/lstm_train.py",
    "forecast/members/lstm_weights.py",
    "forecast/members/naive.py",
    "forecast/members/sklearn.py",
)
"""The files of the engine that make a forecast: a fold fitted by other code is fitted anew."""
ENSEMBLE, DRIFT, NAIVE, ALWAYS_UP = "ensemble", "drift", "naive", "always_up"


@dataclass(frozen=True, slots=True)
class Fold:
    """One refit of one symbol: rows [start, stop) are forecast, `start` is the last row seen."""

    symbol: str
    number: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        """The name of its file, the same whenever it is planned again."""
        return f"{self.symbol}-{self.number:03d}"

    @property
    def rows(self) -> IntArray:
        """The rows that are forecast."""
        return np.arange(self.start, self.stop, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class FoldForecast:
    """What a fold forecast, and how."""

    forecasts: dict[str, Floats]
    """Log returns of the fold's rows by name: members, drift and the ensemble."""
    weights: dict[str, float]


def plan_folds(
    data: Dataset, first: np.datetime64, last: np.datetime64, every: int
) -> tuple[Fold, ...]:
    """The folds whose target sessions are from `first` to `last`, both included; may be none."""
    start = max(int(np.searchsorted(data.dates, first)) - 1, 0)
    stop = min(int(np.searchsorted(data.dates, last, side="right")) - 1, len(data) - 1)
    starts = range(start, stop, every)
    return tuple(
        Fold(data.symbol, number, row, min(row + every, stop)) for number, row in enumerate(starts)
    )


def walk_fold(
    data: Dataset, fold: Fold, members: Sequence[str], settings: Settings, options: FitOptions
) -> FoldForecast:
    """Fit at the close of `fold.start`, forecast the fold; NoDataError with too little history."""
    history = data.until(fold.start)
    split = split_rows(history, SplitRules.of(settings.training, options.sequence_length))
    options = replace(options, seed=symbol_seed(options.seed, data.symbol))
    model = fit_model(history, split, members, options)
    predicted = model.predict(data, fold.rows)
    drift = np.full(len(fold.rows), float(history.target[split.scored].mean()))
    forecasts = {ENSEMBLE: predicted.blended, DRIFT: drift, **predicted.members}
    return FoldForecast(forecasts, model.weights)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Walk:
    """What one symbol's folds forecast, joined in the order of time; [n] each."""

    symbol: str
    dates: Dates
    """The target sessions."""
    target: Floats
    scale: Floats
    forecasts: dict[str, Floats]
    stated: dict[str, StatedForecasts]
    weights: dict[str, float]
    """Mean weight of each member over the folds."""
    baselines: dict[str, StatedForecasts] = field(default_factory=dict)
    """Other distributions of the same sessions."""
    report_day: Booleans | None = None
    """Whether each session reacts to a report; None: nobody knows."""
    week: WeekRecord | None = None
    """What was stated of five sessions; None: nothing."""
    skipped: int = 0
    """Sessions left out at the beginning, for lack of history."""


def join(
    data: Dataset,
    fitted: Sequence[tuple[Fold, FoldForecast]],
    skipped: int,
    tolerance: float,
    garch_every: int = 0,
) -> Walk:
    """The folds of one symbol as one series, stated session by session; NoDataError without one.

    Every name starts from naive's residuals before the first target session. With `garch_every`,
    the sessions between two fits of GARCH, all baselines are stated.
    """
    if not fitted:
        raise NoDataError(
            f"{data.symbol}: no session could be forecast, the history before them is too short"
        )
    rows: IntArray = np.concatenate([fold.rows for fold, _ in fitted])
    folds = [fold_forecast for _, fold_forecast in fitted]
    names = folds[0].forecasts
    forecasts = {name: np.concatenate([fold.forecasts[name] for fold in folds]) for name in names}
    forecasts.setdefault(NAIVE, np.zeros(len(rows)))
    stated = _stated(data, rows, forecasts, tolerance)
    baselines = baseline_statements(data, rows, forecasts[ENSEMBLE], tolerance, garch_every)
    forecasts[ENSEMBLE] = stated[ENSEMBLE].forecast
    return Walk(
        symbol=data.symbol,
        dates=data.dates[rows + 1],
        target=data.target[rows],
        scale=data.sigma[rows],
        forecasts=forecasts,
        stated=stated,
        weights={
            name: float(np.mean([fold.weights[name] for fold in folds]))
            for name in folds[0].weights
        },
        baselines=baselines,
        report_day=data.report_day[rows],
        skipped=skipped,
    )


def _stated(
    data: Dataset, rows: IntArray, forecasts: dict[str, Floats], tolerance: float
) -> dict[str, StatedForecasts]:
    """What each forecast states, session by session, with its score."""
    first = int(rows[0])
    start = Calibrator(data.residuals[max(0, first - WINDOW) : first])
    target, sigma = data.target[rows], data.sigma[rows]
    stated = {}
    for name, forecast in forecasts.items():
        agree = name == ENSEMBLE
        stated[name], _ = roll(start, forecast, target, sigma, tolerance, agree=agree, scored=True)
    return stated
