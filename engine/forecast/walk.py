"""Walking forward: refit every N sessions, forecast the sessions until the next refit one step
ahead.

A fold knows nothing beyond the close it is fitted at: its dataset is cut there, scaler, members
and weights are learned from the rows before by the very split that `train` publishes with (the
newest `training.holdout_sessions` stay unfitted).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.errors import NoDataError
from engine.forecast.calibration import WINDOW, Calibrator, Stated, roll
from engine.forecast.dataset import Dataset
from engine.forecast.fit import symbol_seed
from engine.forecast.members.base import FitOptions, Floats, IntArray
from engine.forecast.model import fit_model
from engine.forecast.splits import split_rows
from engine.settings.schema import Settings

CODE = (
    *(
        "__init__.py",
        "calibration.py",
        "dataset.py",
        "ensemble.py",
        "features.py",
        "fit.py",
        "inference.py",
        "lstm_numpy.py",
    ),
    *("metrics.py", "model.py", "record.py", "scaler.py", "splits.py", "walk.py"),
    *(
        "members/__init__.py",
        "members/base.py",
        "members/enhanced.py",
        "members/lstm.py",
        "members/lstm_keras.py",
    ),
    *("members/lstm_train.py", "members/lstm_weights.py", "members/naive.py", "members/sklearn.py"),
)
"""The files of this room that make a forecast: what was fitted by other lines than these is
fitted anew."""
ENSEMBLE, DRIFT, NAIVE, ALWAYS_UP = "ensemble", "drift", "naive", "always_up"


@dataclass(frozen=True, slots=True)
class Fold:
    """One refit of one symbol: rows [start, stop) of its dataset are forecast, `start` is the
    last row it may see."""

    symbol: str
    number: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        """The name of its file, the same whenever it is planned again."""
        return f"{self.symbol}-{self.number:03d}"


@dataclass(frozen=True, slots=True, eq=False)
class FoldForecast:
    """Log return forecasts of a fold's rows by name (members, drift and the ensemble), and the
    weights they were blended by."""

    forecasts: dict[str, Floats]
    weights: dict[str, float]


def plan_folds(
    data: Dataset, first: np.datetime64, last: np.datetime64, every: int
) -> tuple[Fold, ...]:
    """The folds whose target sessions lie from `first` to `last`, both included;
    none when there is no such session."""
    start = max(int(np.searchsorted(data.dates, first)) - 1, 0)
    stop = min(int(np.searchsorted(data.dates, last, side="right")) - 1, len(data) - 1)
    edges = range(start, stop, every)
    return tuple(
        Fold(data.symbol, number, at, min(at + every, stop)) for number, at in enumerate(edges)
    )


def walk_fold(
    data: Dataset, fold: Fold, members: Sequence[str], settings: Settings, options: FitOptions
) -> FoldForecast:
    """Fit at the close of row `fold.start` and forecast the fold's rows;
    NoDataError with too little history there."""
    training = settings.training
    seen = data.until(fold.start)
    split = split_rows(
        seen,
        options.sequence_length,
        training.validation_split,
        training.holdout_sessions,
        training.max_sessions,
    )
    model = fit_model(
        seen, split, members, replace(options, seed=symbol_seed(options.seed, data.symbol))
    )
    rows: IntArray = np.arange(fold.start, fold.stop, dtype=np.intp)
    predicted = model.predict(data, rows)
    drift = np.full(len(rows), float(seen.target[split.scored].mean()))
    return FoldForecast(
        {ENSEMBLE: predicted.blended, DRIFT: drift, **predicted.members}, model.weights
    )


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """What one symbol's folds forecast, joined in the order of time; [n] each."""

    symbol: str
    dates: Floats | np.ndarray
    """The target sessions."""
    target: Floats
    scale: Floats
    forecasts: dict[str, Floats]
    stated: dict[str, Stated]
    weights: dict[str, float]
    """Mean weight of each member over the folds."""
    skipped: int = 0
    """Sessions left out at the beginning, for lack of history."""


def join(
    data: Dataset, done: Sequence[tuple[Fold, FoldForecast]], skipped: int, tolerance: float
) -> Walk:
    """The folds of one symbol as one series, with intervals and chances stated session by
    session for every row.

    NoDataError when no fold could be fitted. Every row starts from naive's residuals before the
    first target session.
    """
    if not done:
        raise NoDataError(
            f"{data.symbol}: no session could be forecast, the history before them is too short"
        )
    rows: IntArray = np.concatenate(
        [np.arange(fold.start, fold.stop, dtype=np.intp) for fold, _ in done]
    )
    target, scale = data.target[rows], data.scale[rows]
    names = list(done[0][1].forecasts)
    forecasts = {
        name: np.concatenate([found.forecasts[name] for _, found in done]) for name in names
    }
    forecasts.setdefault(NAIVE, np.zeros(len(rows)))
    begin = Calibrator(data.scaled_target[max(0, int(rows[0]) - WINDOW) : int(rows[0])])
    stated = {
        name: roll(begin, values, target, scale, tolerance, agree=name == ENSEMBLE)[0]
        for name, values in forecasts.items()
    }
    forecasts[ENSEMBLE] = stated[ENSEMBLE].forecast
    members = list(done[0][1].weights)
    weights = {name: float(np.mean([found.weights[name] for _, found in done])) for name in members}
    return Walk(
        data.symbol, data.dates[rows + 1], target, scale, forecasts, stated, weights, skipped
    )
