"""The figures that documents show, by name: percent as percent; mase, brier, ece as they are."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.forecast.calibration import StatedForecasts
from engine.forecast.members.base import Floats
from engine.forecast.metrics import (
    Booleans,
    brier,
    coverage,
    expected_calibration_error,
    interval_width,
    reliability,
    score,
)
from engine.forecast.scores import mean_losses

Figures = dict[str, float | int | None]


def point_figures(forecast: Floats, target: Floats) -> Figures:
    """Error against naive, and direction with its 95 % Wilson interval."""
    points = score(forecast, target)
    return {
        "mape": points.mape,
        "mase": points.mase,
        "direction": points.direction,
        "direction_low": points.direction_low,
        "direction_high": points.direction_high,
    }


def statement_figures(stated: StatedForecasts, target: Floats, kept: Booleans) -> Figures:
    """How true intervals and chances were; `kept` says which closes landed within tolerance."""
    figures: Figures = {}
    for level, half in (("80", stated.half80), ("95", stated.half95)):
        low = stated.forecast - half
        high = stated.forecast + half
        figures[f"coverage{level}"] = coverage(low, high, target)
        figures[f"width{level}"] = interval_width(stated.forecast, half)
    figures |= mean_losses(stated, target)
    rose = target > 0.0
    figures["ece"] = expected_calibration_error(stated.confidence, kept)
    figures["brier"] = brier(stated.confidence, kept)
    figures["brier_up"] = brier(stated.p_up, rose)
    figures["ece_up"] = expected_calibration_error(stated.p_up, rose)
    return figures


def reliability_rows(stated: Floats, came_true: Booleans) -> list[dict[str, Any]]:
    """The bins of a reliability diagram; fractions, and n each."""
    return [msgspec.to_builtins(part) for part in reliability(stated, came_true)]
