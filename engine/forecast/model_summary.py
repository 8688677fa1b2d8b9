"""What the console shows of one symbol's model: closes, held-out record, figures, calibration.

It needs numpy and h5py, which the console never loads: a child makes it
(`engine.children.symbol_page`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.forecast.inference import DEFAULT_TOLERANCE
from engine.forecast.members.base import within
from engine.forecast.metrics import within_tolerance
from engine.forecast.record import ForecastRecord, figures_of
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel, read_model

BARS = 250
EDGES = (0.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 100.0)
"""Edges of the stated confidence, percent: each part shows the share that came true."""


def model_summary(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> dict[str, Any]:
    """Closes, held-out record in dollars, figures, calibration; `problems` says what is missing."""
    problems: list[str] = []
    stored: StoredModel | None = None
    bars: Bars | None = None
    try:
        stored = read_model(home.model(symbol))
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
    tree: dict[str, Any] = {
        "symbol": symbol,
        "problems": problems,
        "closes": _closes(bars) if bars is not None else [],
        "record": [],
        "calibration": [],
        "figures": {},
    }
    if stored is not None:
        try:
            tree |= _record_parts(stored, bars)
        except KeyError as error:
            problems.append(f"its held-out record lacks {error}")
    return tree


def _closes(bars: Bars) -> list[list[Any]]:
    """[session, close] of the newest bars."""
    newest = zip(bars.dates[-BARS:], bars.close[-BARS:], strict=True)
    return [[str(session), float(close)] for session, close in newest]


def _record_parts(stored: StoredModel, bars: Bars | None) -> dict[str, Any]:
    record = ForecastRecord.load(within("record", stored.arrays))
    # What the confidence was stated for; the limit of today may be another.
    tolerance = float(stored.manifest.config.get("max_mape", DEFAULT_TOLERANCE)) / 100.0
    return {
        "figures": figures_of(record, tolerance),
        "calibration": calibration(record, tolerance),
        "record": sessions(record, bars),
    }


def calibration(record: ForecastRecord, tolerance: float) -> list[dict[str, Any]]:
    """Stated confidence against the share that came that close, by parts; n each, percent."""
    stated = 100.0 * record.confidence
    kept = within_tolerance(record.forecast, record.target, tolerance)
    rows = []
    for low, high in pairwise(EDGES):
        part = (stated >= low) & ((stated < high) | (high == EDGES[-1]))
        if part.any():
            rows.append(
                {
                    "low": low,
                    "high": high,
                    "n": int(part.sum()),
                    "stated": float(stated[part].mean()),
                    "came": float(100.0 * kept[part].mean()),
                }
            )
    return rows


def sessions(record: ForecastRecord, bars: Bars | None) -> list[list[Any]]:
    """[session, last close, forecast, low 80, high 80, actual] in dollars, where bars allow it."""
    if bars is None:
        return []
    dates = np.asarray(bars.dates)
    rows = []
    for index, position in enumerate(np.searchsorted(dates, record.dates)):
        session = record.dates[index]
        if not 0 < position < len(dates) or dates[position] != session:
            continue
        close = float(bars.close[position - 1])
        forecast = float(record.forecast[index])
        half = float(record.half80[index])
        moves = (forecast, forecast - half, forecast + half, float(record.target[index]))
        rows.append([str(session), close, *(close * float(np.exp(move)) for move in moves)])
    return rows
