"""What the console shows of one symbol's model: closes, held-out record, figures, calibration.

It needs numpy and h5py, which the console never loads: `engine.children.symbol_page` tells it
from a child.
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
from engine.forecast.metrics import relative_errors
from engine.forecast.record import ForecastRecord, figures_of
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel, read_model

BARS = 250
# Edges of the stated confidence, percent: the share that really came is told for each part.
EDGES = (0.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 100.0)


def model_summary(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> dict[str, Any]:
    """Closes, the held-out record in dollars, figures and calibration;
    `problems` says what is missing, in words."""
    problems: list[str] = []
    stored, bars = None, None
    try:
        stored = read_model(home.model(symbol))
    except FileNotFoundError:
        problems.append(f"{symbol} has no model yet")
    except StockmlError as error:
        problems.append(error.message)
    try:
        used = source or (stored.manifest.source if stored else "") or settings.market.source
        bars = stored_bars(home, settings, used, symbol, clock)
    except StockmlError as error:
        problems.append(error.message)
    tree: dict[str, Any] = {
        "symbol": symbol,
        "problems": problems,
        "closes": [],
        "record": [],
        "calibration": [],
        "figures": {},
    }
    if bars is not None:
        tree["closes"] = [
            [str(day), float(close)]
            for day, close in zip(bars.dates[-BARS:], bars.close[-BARS:], strict=True)
        ]
    if stored is not None:
        # What the confidence was stated for; the limit of today may be another.
        tolerance = float(stored.manifest.config.get("max_mape", DEFAULT_TOLERANCE)) / 100.0
        try:
            tree |= _told(stored, bars, tolerance)
        except KeyError as error:
            problems.append(f"its held-out record lacks {error}")
    return tree


def _told(stored: StoredModel, bars: Bars | None, tolerance: float) -> dict[str, Any]:
    record = ForecastRecord.load(within("record", stored.arrays))
    return {
        "figures": figures_of(record, tolerance),
        "calibration": calibration(record, tolerance),
        "record": sessions(record, bars),
    }


def calibration(record: ForecastRecord, tolerance: float) -> list[dict[str, Any]]:
    """Stated confidence against the share of sessions that came that close, by parts;
    n each, percent."""
    stated, kept = (
        100.0 * record.confidence,
        relative_errors(record.forecast, record.target) <= tolerance,
    )
    rows = []
    for low, high in pairwise(EDGES):
        part = (stated >= low) & ((stated < high) | (high == EDGES[-1]))
        if part.any():
            told = {"low": low, "high": high, "n": int(part.sum())}
            rows.append(
                {
                    **told,
                    "stated": float(stated[part].mean()),
                    "came": float(100.0 * kept[part].mean()),
                }
            )
    return rows


def sessions(record: ForecastRecord, bars: Bars | None) -> list[list[Any]]:
    """[session, last close, forecast, low 80, high 80, actual] in dollars, where the bars still
    have the close before."""
    if bars is None:
        return []
    days, at = np.asarray(bars.dates), np.searchsorted(bars.dates, record.dates)
    found = []
    for index, place in enumerate(at):
        if not 0 < place < len(days) or days[place] != record.dates[index]:
            continue
        close, forecast, half = (
            float(bars.close[place - 1]),
            float(record.forecast[index]),
            float(record.half80[index]),
        )
        prices = [
            close * float(np.exp(value)) for value in (forecast, forecast - half, forecast + half)
        ]
        found.append(
            [str(record.dates[index]), close, *prices, close * float(np.exp(record.target[index]))]
        )
    return found
