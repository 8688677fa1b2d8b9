"""A forecast from a stored model: numpy alone, no TensorFlow, pandas or scikit-learn.

The calibration learns from every session since the training, so that intervals follow the market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.doubts import Doubt, WithheldError, withheld_reason
from engine.core.errors import ModelError, NoDataError, symbol_fault
from engine.core.records import Forecast
from engine.core.text import clean
from engine.forecast.calibration import WINDOW, Calibrator, roll
from engine.forecast.dataset import CONTEXT, Dataset, build_dataset
from engine.forecast.features import WARMUP
from engine.forecast.members.base import Floats, IntArray, within
from engine.forecast.model import Model, predict_together
from engine.forecast.scale import LOG_RANGE, RANGE_EWMA
from engine.market.bars import Bars, day
from engine.market.calendar import next_session
from engine.vault.model_file import StoredModel

DEFAULT_TOLERANCE = 5.0
"""Percent; thresholds.max_mape of a model file that does not say its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecaster:
    """A stored model, ready to forecast its symbol."""

    symbol: str
    model: Model
    calibrator: Calibrator
    last_bar: np.datetime64
    """The last bar of the training; the calibration has yet to learn from later outcomes."""
    sequence_length: int
    tolerance: float

    @property
    def context(self) -> tuple[str, ...]:
        """The other symbols whose bars `forecast` needs."""
        uses_market = any(name.startswith("market_") for name in self.model.names)
        return CONTEXT if uses_market and self.symbol not in CONTEXT else ()

    def forecast(self, bars: Bars, context: Mapping[str, Bars]) -> Forecast:
        """The session after the last of `bars`; errors as `request`."""
        return forecast_together([self.request(bars, context)])[0]

    def request(self, bars: Bars, context: Mapping[str, Bars]) -> ForecastRequest:
        """What the model must forecast for the session after the last of `bars`.

        NoDataError for too old or too few bars or a missing context, ModelError for other features.
        """
        self._check(bars, context)
        new_rows = min(int(np.sum(bars.dates >= self.last_bar)), WINDOW)
        count = WARMUP + self.sequence_length + new_rows
        data = build_dataset(
            bars.tail(count),
            {name: context[name].tail(count + WARMUP) for name in self.context},
            self.calibrator.scale,
        )
        if len(data) < self.sequence_length - 1 + new_rows:
            raise NoDataError(
                f"{self.symbol}: {len(bars)} bars from {bars.source}, {count - 1} are needed to"
                " forecast",
                "fetch more history",
            )
        self.model.check(data)
        rows = np.arange(len(data) - new_rows, len(data))
        return ForecastRequest(self, data, rows, doubts_about(bars, context))

    def _check(self, bars: Bars, context: Mapping[str, Bars]) -> None:
        if bars.symbol != self.symbol:
            raise ModelError(f"the model of {self.symbol} was given bars of {bars.symbol}")
        if not len(bars) or bars.dates[-1] < self.last_bar:
            last = bars.dates[-1] if len(bars) else "never"
            raise NoDataError(
                f"{self.symbol}: bars from {bars.source} end on {last}, before the model's last bar"
                f" {self.last_bar}",
                f"`stockml data fetch {self.symbol}`, or train on these: `stockml train"
                f" {self.symbol}`",
            )
        for name in self.context:
            if name not in context:
                raise NoDataError(
                    f"{self.symbol}: the model needs the bars of {name} too",
                    f"`stockml data fetch {name}`",
                )


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRequest:
    """The rows that a model must predict for one forecast."""

    forecaster: Forecaster
    data: Dataset
    rows: IntArray
    """The sessions that the calibration has not learned from yet, the newest one last."""
    doubts: tuple[Doubt, ...] = ()

    def forecast_from(self, blended: Floats) -> Forecast:
        """The forecast from the model's log returns [len(rows)], calibrated by known outcomes."""
        past = self.rows[:-1]
        calibrator = self.forecaster.calibrator
        tolerance = self.forecaster.tolerance
        if len(past):
            target = self.data.target[past]
            sigma = self.data.sigma[past]
            _, calibrator = roll(calibrator, blended[:-1], target, sigma, tolerance, agree=True)
        made = forecast_of(self.data, float(blended[-1]), calibrator, tolerance)
        return replace(made, doubts=self.doubts)


def doubts_about(bars: Bars, context: Mapping[str, Bars]) -> tuple[Doubt, ...]:
    """The doubts about the bars of a forecast; those about its context name their symbol."""
    others = (
        replace(doubt, text=f"{name}: {doubt.text}", withholds=False)
        for name, market in context.items()
        for doubt in market.doubts
    )
    return (*bars.doubts, *others)


def check_withheld(bars: Bars) -> None:
    """WithheldError where a doubt about `bars` makes any forecast from them meaningless."""
    if withheld_reason(bars.doubts):
        raise WithheldError(bars.symbol, bars.doubts)


def forecast_together(requests: Sequence[ForecastRequest]) -> list[Forecast]:
    """The forecast of every request; the networks of all models run as one stacked recursion."""
    predictions = predict_together(
        [request.forecaster.model for request in requests],
        [request.data for request in requests],
        [request.rows for request in requests],
    )
    return [
        request.forecast_from(prediction.blended)
        for request, prediction in zip(requests, predictions, strict=True)
    ]


def load_forecaster(stored: StoredModel, max_mape: float | None = None) -> Forecaster:
    """The forecaster in a stored model; ModelError when the file lacks something.

    `max_mape` in percent replaces the tolerance it was trained with.
    """
    manifest = stored.manifest
    try:
        return _forecaster(stored, max_mape)
    except KeyError as error:
        raise ModelError(
            f"the model of {manifest.symbol} lacks {error}", "train it again"
        ) from error
    except Exception as error:
        raise symbol_fault(manifest.symbol, error) from error


def _forecaster(stored: StoredModel, max_mape: float | None) -> Forecaster:
    manifest = stored.manifest
    calibrator = Calibrator.load(within("calibration", stored.arrays), _scale_of(stored))
    sequence_length = int(manifest.config["sequence_length"])
    if max_mape is None:
        max_mape = float(manifest.config.get("max_mape", DEFAULT_TOLERANCE))
    return Forecaster(
        symbol=manifest.symbol,
        model=Model.load(manifest.feature_names, manifest.weights, stored.layers, stored.arrays),
        calibrator=calibrator,
        last_bar=np.datetime64(manifest.last_bar, "D"),
        sequence_length=sequence_length,
        tolerance=max_mape / 100.0,
    )


def _scale_of(stored: StoredModel) -> str:
    """The scale that its residuals are in: a manifest of 0.1.0 names none."""
    scale = stored.manifest.config.get("scale", RANGE_EWMA)
    if scale not in (LOG_RANGE, RANGE_EWMA):
        raise ModelError(
            f"the model of {stored.manifest.symbol} has an unknown scale, {clean(str(scale), 40)}",
            "train it again",
        )
    return str(scale)


def forecast_of(
    data: Dataset, forecast: float, calibrator: Calibrator, tolerance: float
) -> Forecast:
    """The log return `forecast` after the last row, in dollars, with its interval and chances."""
    last = float(data.close[-1])
    scale = float(data.sigma[-1])
    forecast = calibrator.agreed(forecast, scale)
    narrow, wide = (half * scale for half in calibrator.half_widths())
    p_up = calibrator.p_up(forecast, scale)
    return Forecast(
        last_bar=str(day(data.dates[-1])),
        last_close=last,
        next_close=last * float(np.exp(forecast)),
        low80=last * float(np.exp(forecast - narrow)),
        high80=last * float(np.exp(forecast + narrow)),
        low95=last * float(np.exp(forecast - wide)),
        high95=last * float(np.exp(forecast + wide)),
        p_up=100.0 * p_up,
        confidence=100.0 * calibrator.confidence(scale, tolerance),
        target_session=str(next_session(day(data.dates[-1]))),
        report=data.report,
        report_known=data.report_known,
        tolerance=100.0 * tolerance,
        p_up_tells=calibrator.p_up_tells(p_up),
    )
