"""The held-out record: what a model forecast for sessions its fitting never saw, and outcomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from engine.core.records import Metrics
from engine.forecast.baselines import CONSTANT, baseline_statements
from engine.forecast.calibration import COLUMNS as STATED
from engine.forecast.calibration import Calibrator, StatedForecasts, roll
from engine.forecast.dataset import Dataset, Dates
from engine.forecast.figures import Figures, statement_figures
from engine.forecast.members.base import Arrays, Floats, IntArray, nested, within
from engine.forecast.metrics import score, within_tolerance
from engine.forecast.model import Model
from engine.forecast.scores import finite_mean, mean_losses, report_day_figures, skill

COLUMNS = ("forecast", "target", "scale", "half80", "half95", "confidence", "p_up")
LATER_COLUMNS = ("crps", "report_day")
"""Those that a record of 0.1.0 lacks."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForecastRecord:
    """[n] each, oldest first: log returns, half widths as log returns, chances as fractions."""

    dates: Dates
    """The sessions that were forecast, each from the close before it."""
    forecast: Floats
    target: Floats
    scale: Floats
    """The volatility forecast that the half widths are in."""
    half80: Floats
    half95: Floats
    confidence: Floats
    p_up: Floats
    crps: Floats
    """Percent of the last close; NaN in a record of 0.1.0."""
    report_day: Floats
    """1 where the session reacted to a report."""
    members: dict[str, Floats]
    baselines: dict[str, StatedForecasts]
    """What each baseline stated of the same sessions; none in a record of 0.1.0."""

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def stated(self) -> StatedForecasts:
        """What was stated before each outcome."""
        return StatedForecasts(**{name: getattr(self, name) for name in STATED})

    def on(self, dates: Dates) -> ForecastRecord:
        """The part on `dates`, in their order; each must be in the record."""
        rows = np.searchsorted(self.dates, dates)
        columns = {name: getattr(self, name)[rows] for name in (*COLUMNS, *LATER_COLUMNS)}
        members = {name: forecast[rows] for name, forecast in self.members.items()}
        baselines = {name: stated.on(rows) for name, stated in self.baselines.items()}
        return ForecastRecord(dates=dates, **columns, members=members, baselines=baselines)

    def arrays(self) -> Arrays:
        columns = {name: getattr(self, name) for name in (*COLUMNS, *LATER_COLUMNS)}
        return {
            "dates": self.dates.astype("datetime64[D]"),
            **columns,
            **nested("members", self.members),
            **nested(
                "baselines",
                {
                    f"{name}/{column}": getattr(stated, column)
                    for name, stated in self.baselines.items()
                    for column in STATED
                },
            ),
        }

    @classmethod
    def load(cls, arrays: Arrays) -> Self:
        """The record that `arrays()` was taken from; KeyError when a column is missing."""
        columns = {name: arrays[name] for name in COLUMNS}
        unknown = np.full(len(arrays["dates"]), np.nan)
        columns |= {name: arrays.get(name, unknown) for name in LATER_COLUMNS}
        stated = within("baselines", arrays)
        baselines = {
            name: StatedForecasts(**within(name, stated))
            for name in dict.fromkeys(path.partition("/")[0] for path in stated)
        }
        members = within("members", arrays)
        return cls(dates=arrays["dates"], **columns, members=members, baselines=baselines)


def score_rows(
    model: Model, data: Dataset, rows: IntArray, start: Calibrator, tolerance: float
) -> tuple[ForecastRecord, Calibrator]:
    """Forecast `rows` of known outcome, each from those before it, and learn from each in turn.

    `tolerance` is the relative error of the confidence, a fraction.
    """
    predicted = model.predict(data, rows)
    target = data.target[rows]
    scale = data.sigma[rows]
    stated, calibrator = roll(
        start, predicted.blended, target, scale, tolerance, agree=True, scored=True
    )
    baselines = baseline_statements(data, rows, predicted.blended, tolerance) if len(rows) else {}
    record = ForecastRecord(
        dates=data.dates[rows + 1],
        forecast=stated.forecast,
        target=target,
        scale=scale,
        half80=stated.half80,
        half95=stated.half95,
        confidence=stated.confidence,
        p_up=stated.p_up,
        crps=stated.crps,
        report_day=data.report_day[rows].astype(np.float64),
        members=predicted.members,
        baselines=baselines,
    )
    return record, calibrator


def metrics_of(record: ForecastRecord) -> Metrics:
    """The figures of a row of the console; confidence is the mean stated one, in percent."""
    points = score(record.forecast, record.target)
    losses = mean_losses(record.stated, record.target)
    constant = record.baselines.get(CONSTANT)
    gained = skill(record.crps, constant.crps, record.dates) if constant else None
    return Metrics(
        n_scored=points.n,
        direction_accuracy=points.direction,
        mape=points.mape,
        naive_mape=points.naive_mape,
        mase=points.mase,
        confidence=100.0 * float(record.confidence.mean()) if len(record) else None,
        crps=finite_mean(record.crps),
        interval_score80=losses["interval_score80"],
        interval_score95=losses["interval_score95"],
        crps_skill=gained.value if gained else None,
    )


def figures_of(record: ForecastRecord, tolerance: float) -> Figures:
    """Every figure of a record as the manifest keeps it: percent, and mase, brier, ece as such."""
    points = score(record.forecast, record.target)
    kept = within_tolerance(record.forecast, record.target, tolerance)
    figures: Figures = asdict(metrics_of(record))
    figures |= {"direction_low": points.direction_low, "direction_high": points.direction_high}
    figures |= statement_figures(record.stated, record.target, kept)
    del figures["ece_up"]  # not in a manifest
    on_reports = report_day_figures(record.stated, record.target, record.report_day == 1.0)
    for name in ("n", "coverage80", "coverage95", "interval_score95"):
        figures[f"report_days_{name}"] = on_reports[name] if len(record) else None
    for name, forecast in record.members.items():
        figures[f"mase_{name}"] = score(forecast, record.target).mase
    return figures
