"""The scores of the week's range, in rows of its own beside those of the next session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from engine.forecast.calibration import StatedForecasts
from engine.forecast.dataset import Dates
from engine.forecast.figures import statement_figures
from engine.forecast.members.base import Floats
from engine.forecast.metrics import Booleans, within_tolerance
from engine.forecast.scale import LOG_RANGE, RANGE_EWMA
from engine.forecast.scores import report_day_figures, skills
from engine.forecast.week import CONSTANT, HORIZON, LEAST, WeekRows, week_statements

ENSEMBLE = "ensemble"
NAMES = {ENSEMBLE: LOG_RANGE, RANGE_EWMA: RANGE_EWMA, CONSTANT: CONSTANT}
"""The scale behind each row."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WeekRecord:
    """What was stated of five sessions, and their outcomes; [n] each, one a close."""

    dates: Dates
    """The closes they were stated at."""
    target: Floats
    report_week: Booleans
    stated: dict[str, StatedForecasts]
    """By row."""


def week_record(week: WeekRows, targets: Dates, tolerance: float) -> WeekRecord | None:
    """The five sessions that begin on each of `targets` and end by the last; None without one."""
    if not len(targets):
        return None
    rows = np.searchsorted(week.dates, targets) - 1
    last = np.searchsorted(week.dates, targets[-1], side="right") - 1
    rows = rows[(rows >= LEAST + HORIZON) & (rows + HORIZON <= last)]
    if not len(rows):
        return None
    return WeekRecord(
        dates=week.dates[rows],
        target=week.target[rows],
        report_week=week.report_week[rows],
        stated={
            name: week_statements(week, rows, scale, tolerance) for name, scale in NAMES.items()
        },
    )


def week_table(records: Sequence[WeekRecord | None], tolerance: float) -> dict[str, Any] | None:
    """{"n", "horizon", "rows"} of all records together, the forecast's figures beside.

    `report_days` are the closes with a report in the five sessions; None without a record.
    """
    scored = [record for record in records if record is not None]
    if not scored:
        return None
    target = np.concatenate([record.target for record in scored])
    reports = np.concatenate([record.report_week for record in scored])
    stated = {
        name: StatedForecasts.joined([record.stated[name] for record in scored]) for name in NAMES
    }
    rows: dict[str, dict[str, Any]] = {}
    for name, each in stated.items():
        kept = within_tolerance(each.forecast, target, tolerance)
        figures = {**statement_figures(each, target, kept), "skill": None}
        rows[name] = {**figures, "report_days": report_day_figures(each, target, reports)}
    dates = np.concatenate([record.dates for record in scored])
    rows[ENSEMBLE]["skill"] = {
        name: msgspec.to_builtins(skills(stated[ENSEMBLE], stated[name], target, dates))
        for name in (RANGE_EWMA, CONSTANT)
    }
    return {"n": len(target), "horizon": HORIZON, "rows": rows, **rows[ENSEMBLE]}
