"""What the console shows of a model, made by a child (`engine.children.symbol_page`) with numpy."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from engine.core.clock import Clock
from engine.core.doubts import withheld_reason
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.recent import recent_text
from engine.core.records import Forecast
from engine.core.symbol_details import CalibrationBin, Close, ModelSummary, RecordedSession
from engine.forecast.inference import DEFAULT_TOLERANCE
from engine.forecast.members.base import within
from engine.forecast.metrics import within_tolerance
from engine.forecast.record import ForecastRecord, figures_of
from engine.forecast.serving import StoredBars, stored_week
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel
from engine.vault.model_reader import read_model

BARS = 250
EDGES = (0.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 100.0)
"""Edges of the stated confidence, percent: each part shows the share that came true."""


def model_summary(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> ModelSummary:
    """Closes, held-out record in dollars, figures, calibration; `problems` says what is missing."""
    problems: list[str] = []
    stored: StoredModel | None = None
    bars: Bars | None = None
    try:
        stored = read_model(home, home.model(symbol))
    except FileNotFoundError:
        problems.append(f"{symbol} has no model yet")
    except StockmlError as error:
        problems.append(error.message)
    try:
        model_source = stored.manifest.source if stored else ""
        used_source = source or model_source or settings.market.source
        bars = stored_bars(home, settings, used_source, symbol, clock)
    except StockmlError as error:
        problems.append(error.message)
    record: ForecastRecord | None = None
    if stored is not None:
        try:
            record = ForecastRecord.load(within("record", stored.arrays))
        except KeyError as error:
            problems.append(f"its held-out record lacks {error}")
    if stored is None or record is None:
        return ModelSummary(closes=_closes(bars), problems=tuple(problems))
    # What the confidence was stated for; the limit of today may be another.
    tolerance = float(stored.manifest.config.get("max_mape", DEFAULT_TOLERANCE)) / 100.0
    return ModelSummary(
        closes=_closes(bars),
        record=sessions(record, bars),
        calibration=calibration(record, tolerance),
        figures=figures_of(record, tolerance),
        week=_week(StoredBars(home, settings, clock), bars, 100.0 * tolerance),
        problems=tuple(problems),
    )


def _week(stored: StoredBars, bars: Bars | None, tolerance: float) -> Forecast | None:
    """The range of five sessions; None where nothing is forecast."""
    if bars is None or withheld_reason(bars.doubts):
        return None
    week = stored_week(stored, bars.symbol, bars.source, tolerance)
    return week if isinstance(week, Forecast) else None


def recent_sessions(stored: StoredModel, bars: Bars) -> str:
    """The newest sessions as `engine.core.recent` keeps them; closes alone without a record."""
    try:
        record = ForecastRecord.load(within("record", stored.arrays))
    except KeyError:
        return recent_text(_closes(bars), ())
    return recent_text(_closes(bars), sessions(record, bars))


def _closes(bars: Bars | None) -> tuple[Close, ...]:
    """The closes of the newest bars."""
    if bars is None:
        return ()
    newest = zip(bars.dates[-BARS:], bars.close[-BARS:], strict=True)
    return tuple(Close(str(session), float(close)) for session, close in newest)


def calibration(record: ForecastRecord, tolerance: float) -> tuple[CalibrationBin, ...]:
    """Stated confidence against the share that came that close, by parts; n each, percent."""
    stated = 100.0 * record.confidence
    kept = within_tolerance(record.forecast, record.target, tolerance)
    bins = []
    for low, high in pairwise(EDGES):
        part = (stated >= low) & ((stated < high) | (high == EDGES[-1]))
        if part.any():
            bins.append(
                CalibrationBin(
                    low=low,
                    high=high,
                    n=int(part.sum()),
                    stated=float(stated[part].mean()),
                    came=float(100.0 * kept[part].mean()),
                )
            )
    return tuple(bins)


def sessions(record: ForecastRecord, bars: Bars | None) -> tuple[RecordedSession, ...]:
    """The held-out sessions in dollars, where the bars still have the close before."""
    if bars is None:
        return ()
    dates = np.asarray(bars.dates)
    recorded = []
    for index, position in enumerate(np.searchsorted(dates, record.dates)):
        session = record.dates[index]
        if not 0 < position < len(dates) or dates[position] != session:
            continue
        close = float(bars.close[position - 1])
        forecast = float(record.forecast[index])
        half = float(record.half80[index])
        recorded.append(
            RecordedSession(
                str(session),
                last_close=close,
                forecast=close * math.exp(forecast),
                low80=close * math.exp(forecast - half),
                high80=close * math.exp(forecast + half),
                actual=close * math.exp(float(record.target[index])),
            )
        )
    return tuple(recorded)
