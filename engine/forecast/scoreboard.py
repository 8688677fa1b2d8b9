"""The table of a backtest: members, ensemble, naive, drift and always-up on the same sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.forecast.calibration import StatedForecasts
from engine.forecast.figures import Figures, point_figures, reliability_rows, statement_figures
from engine.forecast.members.base import Floats
from engine.forecast.metrics import within_tolerance
from engine.forecast.walk import ALWAYS_UP, ENSEMBLE, NAIVE, Walk


def scoreboard(walks: Sequence[Walk], tolerance: float) -> dict[str, Any]:
    """The pooled table over all symbol-sessions, and one a symbol."""
    return {
        "pooled": table(walks, tolerance),
        "symbols": [symbol_entry(walk, tolerance) for walk in walks],
    }


def symbol_entry(walk: Walk, tolerance: float) -> dict[str, Any]:
    """One symbol's table, and what was walked."""
    return {
        "symbol": walk.symbol,
        **table([walk], tolerance),
        "first": str(walk.dates[0]),
        "last": str(walk.dates[-1]),
        "skipped": walk.skipped,
        "weights": walk.weights,
    }


def table(walks: Sequence[Walk], tolerance: float) -> dict[str, Any]:
    """{"n", "rows": {name: figures}, "reliability"} over the sessions of all `walks` together."""
    target = np.concatenate([walk.target for walk in walks])
    names = sorted(walks[0].forecasts, key=lambda name: (name != ENSEMBLE, name != NAIVE))
    rows = {name: row(walks, name, target, tolerance) for name in names}
    always_up = point_figures(np.ones(len(target)), target)
    rows[ALWAYS_UP] = {**dict.fromkeys(rows[ENSEMBLE]), **always_up, "mape": None, "mase": None}
    return {
        "n": len(target),
        "rows": rows,
        "reliability": ensemble_reliability(walks, target, tolerance),
    }


def row(walks: Sequence[Walk], name: str, target: Floats, tolerance: float) -> Figures:
    """The figures of one row."""
    forecast = joined(walks, name)
    stated = StatedForecasts.joined([walk.stated[name] for walk in walks])
    kept = within_tolerance(forecast, target, tolerance)
    return point_figures(forecast, target) | statement_figures(stated, target, kept)


def ensemble_reliability(
    walks: Sequence[Walk], target: Floats, tolerance: float
) -> list[dict[str, Any]]:
    """The reliability bins of the ensemble's confidence."""
    confidence = np.concatenate([walk.stated[ENSEMBLE].confidence for walk in walks])
    return reliability_rows(
        confidence, within_tolerance(joined(walks, ENSEMBLE), target, tolerance)
    )


def joined(walks: Sequence[Walk], name: str) -> Floats:
    """The forecasts of one row over all walks."""
    return np.concatenate([walk.forecasts[name] for walk in walks])
