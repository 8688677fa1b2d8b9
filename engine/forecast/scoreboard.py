"""The table of a backtest: members, ensemble, naive, drift and always-up on the same sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from engine.forecast.calibration import StatedForecasts
from engine.forecast.figures import point_figures, reliability_rows, statement_figures
from engine.forecast.members.base import Floats
from engine.forecast.metrics import Booleans, within_tolerance
from engine.forecast.scores import report_day_figures, skills
from engine.forecast.walk import ALWAYS_UP, ENSEMBLE, NAIVE, Walk
from engine.forecast.week_scores import week_table


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
    """{"n", "rows": {name: figures}, "reliability", "week"} over all `walks` together."""
    target = np.concatenate([walk.target for walk in walks])
    names = sorted(walks[0].forecasts, key=lambda name: (name != ENSEMBLE, name != NAIVE))
    rows = {name: row(walks, name, target, tolerance) for name in (*names, *walks[0].baselines)}
    for name in (ENSEMBLE, *walks[0].baselines):
        rows[name]["skill"] = skill_over(walks, name, target)
    always_up = point_figures(np.ones(len(target)), target)
    rows[ALWAYS_UP] = {**dict.fromkeys(rows[ENSEMBLE]), **always_up, "mape": None, "mase": None}
    return {
        "n": len(target),
        "rows": rows,
        "reliability": ensemble_reliability(walks, target, tolerance),
        "week": week_table([walk.week for walk in walks], tolerance),
    }


def row(walks: Sequence[Walk], name: str, target: Floats, tolerance: float) -> dict[str, Any]:
    """The figures of one row."""
    stated = statements(walks, name)
    kept = within_tolerance(stated.forecast, target, tolerance)
    report_day = np.concatenate([_report_day(walk) for walk in walks])
    return {
        **point_figures(stated.forecast, target),
        **statement_figures(stated, target, kept),
        "report_days": report_day_figures(stated, target, report_day),
        "skill": None,
    }


def skill_over(walks: Sequence[Walk], name: str, target: Floats) -> dict[str, Any]:
    """The skill of one row over each baseline, percent with its 95 % interval."""
    dates = np.concatenate([walk.dates for walk in walks])
    mine = statements(walks, name)
    return {
        baseline: msgspec.to_builtins(skills(mine, statements(walks, baseline), target, dates))
        for baseline in walks[0].baselines
        if baseline != name
    }


def statements(walks: Sequence[Walk], name: str) -> StatedForecasts:
    """What one row stated over all walks."""
    parts = [walk.stated[name] if name in walk.stated else walk.baselines[name] for walk in walks]
    return StatedForecasts.joined(parts)


def _report_day(walk: Walk) -> Booleans:
    return np.zeros(len(walk.target), bool) if walk.report_day is None else walk.report_day


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
