"""The held-out record: what a model forecast for sessions that its fitting never saw, and what
came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.core.records import Metrics
from engine.forecast.calibration import Calibrator, roll
from engine.forecast.dataset import Dataset, Dates
from engine.forecast.members.base import Arrays, Floats, IntArray, nested, within
from engine.forecast.metrics import (
    brier,
    coverage,
    expected_calibration_error,
    relative_errors,
    score,
)
from engine.forecast.model import Model

COLUMNS = ("forecast", "target", "scale", "half80", "half95", "confidence", "p_up")


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """[n] each, oldest first: log returns, half widths as log returns, probabilities as
    fractions."""

    dates: Dates
    """The sessions that were forecast, each from the close before it."""
    forecast: Floats
    target: Floats
    scale: Floats
    half80: Floats
    half95: Floats
    confidence: Floats
    p_up: Floats
    members: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.dates)

    def on(self, dates: Dates) -> Record:
        """The part on `dates`, in their order; each must be there."""
        at = np.searchsorted(self.dates, dates)
        columns = {name: getattr(self, name)[at] for name in COLUMNS}
        return Record(
            dates, **columns, members={name: values[at] for name, values in self.members.items()}
        )

    def arrays(self) -> Arrays:
        columns = {name: getattr(self, name) for name in COLUMNS}
        return {
            "dates": self.dates.astype("datetime64[D]"),
            **columns,
            **nested("members", self.members),
        }

    @classmethod
    def load(cls, arrays: Arrays) -> Self:
        """The record that `arrays()` was taken from; KeyError when a column is missing."""
        columns = {name: arrays[name] for name in COLUMNS}
        return cls(arrays["dates"], **columns, members=within("members", arrays))


def score_rows(
    model: Model, data: Dataset, rows: IntArray, start: Calibrator, tolerance: float
) -> tuple[Record, Calibrator]:
    """Forecast `rows`, whose outcomes are known, state each from the outcomes before it, and
    learn from them in turn.

    `tolerance` is the relative error that the confidence speaks of, a fraction.
    """
    predicted = model.predict(data, rows)
    target, scale = data.target[rows], data.scale[rows]
    stated, calibrator = roll(start, predicted.blended, target, scale, tolerance, agree=True)
    record = Record(
        data.dates[rows + 1],
        stated.forecast,
        target,
        scale,
        stated.half80,
        stated.half95,
        stated.confidence,
        stated.p_up,
        predicted.members,
    )
    return record, calibrator


def metrics_of(record: Record) -> Metrics:
    """The figures that stand in a row of the console;
    confidence is the mean stated one, in percent."""
    found = score(record.forecast, record.target)
    confidence = 100.0 * float(record.confidence.mean()) if len(record) else None
    return Metrics(found.n, found.direction, found.mape, found.naive_mape, found.mase, confidence)


def figures_of(record: Record, tolerance: float) -> dict[str, float | int | None]:
    """Every figure of a record by name: percent as percent, `mase`, `brier` and `ece` as they
    are."""
    found, metrics = score(record.forecast, record.target), metrics_of(record)
    kept = relative_errors(record.forecast, record.target) <= tolerance
    figures: dict[str, float | int | None] = {
        name: getattr(metrics, name) for name in Metrics.__dataclass_fields__
    }
    figures |= {"direction_low": found.direction_low, "direction_high": found.direction_high}
    for level, half in (("80", record.half80), ("95", record.half95)):
        figures[f"coverage{level}"] = coverage(
            record.forecast - half, record.forecast + half, record.target
        )
        figures[f"width{level}"] = width(record.forecast, half)
    figures["ece"] = expected_calibration_error(record.confidence, kept)
    figures["brier"] = brier(record.confidence, kept)
    figures["brier_up"] = brier(record.p_up, record.target > 0.0)
    return figures | {
        f"mase_{name}": score(values, record.target).mase for name, values in record.members.items()
    }


def width(forecast: Floats, half: Floats) -> float | None:
    """Mean width of an interval in percent of the last close."""
    return (
        100.0 * float(np.mean(np.exp(forecast + half) - np.exp(forecast - half)))
        if len(half)
        else None
    )
