"""The held-out record: what a model forecast for sessions its fitting never saw, and outcomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from engine.core.records import Metrics
from engine.forecast.calibration import Calibrator, StatedForecasts, roll
from engine.forecast.dataset import Dataset, Dates
from engine.forecast.figures import Figures, statement_figures
from engine.forecast.members.base import Arrays, Floats, IntArray, nested, within
from engine.forecast.metrics import score, within_tolerance
from engine.forecast.model import Model

COLUMNS = ("forecast", "target", "scale", "half80", "half95", "confidence", "p_up")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForecastRecord:
    """[n] each, oldest first: log returns, half widths as log returns, chances as fractions."""

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

    @property
    def stated(self) -> StatedForecasts:
        """What was stated before each outcome."""
        return StatedForecasts(self.forecast, self.half80, self.half95, self.confidence, self.p_up)

    def on(self, dates: Dates) -> ForecastRecord:
        """The part on `dates`, in their order; each must be in the record."""
        rows = np.searchsorted(self.dates, dates)
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        members = {name: forecast[rows] for name, forecast in self.members.items()}
        return ForecastRecord(dates=dates, **columns, members=members)

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
        return cls(dates=arrays["dates"], **columns, members=within("members", arrays))


def score_rows(
    model: Model, data: Dataset, rows: IntArray, start: Calibrator, tolerance: float
) -> tuple[ForecastRecord, Calibrator]:
    """Forecast `rows` of known outcome, each from those before it, and learn from each in turn.

    `tolerance` is the relative error of the confidence, a fraction.
    """
    predicted = model.predict(data, rows)
    target = data.target[rows]
    scale = data.scale[rows]
    stated, calibrator = roll(start, predicted.blended, target, scale, tolerance, agree=True)
    record = ForecastRecord(
        dates=data.dates[rows + 1],
        forecast=stated.forecast,
        target=target,
        scale=scale,
        half80=stated.half80,
        half95=stated.half95,
        confidence=stated.confidence,
        p_up=stated.p_up,
        members=predicted.members,
    )
    return record, calibrator


def metrics_of(record: ForecastRecord) -> Metrics:
    """The figures of a row of the console; confidence is the mean stated one, in percent."""
    points = score(record.forecast, record.target)
    return Metrics(
        n_scored=points.n,
        direction_accuracy=points.direction,
        mape=points.mape,
        naive_mape=points.naive_mape,
        mase=points.mase,
        confidence=100.0 * float(record.confidence.mean()) if len(record) else None,
    )


def figures_of(record: ForecastRecord, tolerance: float) -> Figures:
    """Every figure of a record as the manifest keeps it: percent, and mase, brier, ece as such."""
    points = score(record.forecast, record.target)
    kept = within_tolerance(record.forecast, record.target, tolerance)
    figures: Figures = asdict(metrics_of(record))
    figures |= {"direction_low": points.direction_low, "direction_high": points.direction_high}
    figures |= statement_figures(record.stated, record.target, kept)
    del figures["ece_up"]  # not in a manifest
    for name, forecast in record.members.items():
        figures[f"mase_{name}"] = score(forecast, record.target).mase
    return figures
