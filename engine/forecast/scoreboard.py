"""The table of a backtest: every member, the ensemble, naive, drift and always-up, scored on the
same sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.forecast.members.base import Floats
from engine.forecast.metrics import (
    brier,
    coverage,
    expected_calibration_error,
    relative_errors,
    reliability,
    score,
)
from engine.forecast.record import width
from engine.forecast.walk import ALWAYS_UP, ENSEMBLE, NAIVE, Walk

Figures = dict[str, float | int | None]


def scoreboard(walks: Sequence[Walk], tolerance: float) -> dict[str, Any]:
    """The pooled table over all symbol-sessions and one a symbol;
    percent as percent, mase, brier and ece as they are."""
    return {
        "pooled": calibrated(walks, tolerance),
        "symbols": [
            {"symbol": walk.symbol, **calibrated([walk], tolerance), **aside(walk)}
            for walk in walks
        ],
    }


def calibrated(walks: Sequence[Walk], tolerance: float) -> dict[str, Any]:
    """The table, and beside it how true the ensemble's confidence was."""
    return {**table(walks, tolerance), "reliability": diagram(walks, tolerance)}


def aside(walk: Walk) -> dict[str, Any]:
    """What stands beside a symbol's rows."""
    return {
        "first": str(walk.dates[0]),
        "last": str(walk.dates[-1]),
        "skipped": walk.skipped,
        "weights": walk.weights,
    }


def table(walks: Sequence[Walk], tolerance: float) -> dict[str, Any]:
    """{"n", "rows": {name: figures}} over the sessions of all `walks` together."""
    target = np.concatenate([walk.target for walk in walks])
    names = sorted(walks[0].forecasts, key=lambda name: (name != ENSEMBLE, name != NAIVE))
    rows = {name: row(walks, name, target, tolerance) for name in names}
    rows[ALWAYS_UP] = {**dict.fromkeys(rows[ENSEMBLE]), **direction(np.ones(len(target)), target)}
    return {"n": len(target), "rows": rows}


def row(walks: Sequence[Walk], name: str, target: Floats, tolerance: float) -> Figures:
    """The figures of one row."""
    forecast = joined(walks, name)
    found = score(forecast, target)
    figures: Figures = {"mape": found.mape, "mase": found.mase, **direction(forecast, target)}
    for level in ("80", "95"):
        half = np.concatenate([getattr(walk.stated[name], f"half{level}") for walk in walks])
        figures[f"coverage{level}"] = coverage(forecast - half, forecast + half, target)
        figures[f"width{level}"] = width(forecast, half)
    confidence = np.concatenate([walk.stated[name].confidence for walk in walks])
    kept = relative_errors(forecast, target) <= tolerance
    up = np.concatenate([walk.stated[name].p_up for walk in walks])
    figures |= {
        "ece": expected_calibration_error(confidence, kept),
        "brier": brier(confidence, kept),
    }
    return figures | {
        "brier_up": brier(up, target > 0.0),
        "ece_up": expected_calibration_error(up, target > 0.0),
    }


def direction(forecast: Floats, target: Floats) -> Figures:
    """Direction accuracy with its 95 % Wilson interval."""
    found = score(forecast, target)
    return {
        "direction": found.direction,
        "direction_low": found.direction_low,
        "direction_high": found.direction_high,
    }


def diagram(walks: Sequence[Walk], tolerance: float) -> list[dict[str, float | int]]:
    """The reliability bins of the ensemble's confidence; fractions."""
    forecast, target = joined(walks, ENSEMBLE), np.concatenate([walk.target for walk in walks])
    stated = np.concatenate([walk.stated[ENSEMBLE].confidence for walk in walks])
    bins = reliability(stated, relative_errors(forecast, target) <= tolerance)
    return [{"stated": each.stated, "observed": each.observed, "n": each.n} for each in bins]


def joined(walks: Sequence[Walk], name: str) -> Floats:
    """The forecasts of one row over all walks."""
    return np.concatenate([walk.forecasts[name] for walk in walks])
