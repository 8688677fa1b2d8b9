"""Random walks as bars, and what goes wrong with bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from engine.market import calendar
from engine.market.bars import Bars

DAYS = calendar.sessions_between(date(2025, 1, 2), date(2025, 12, 31))
PRICES = ("open", "high", "low", "close")
COLUMNS = ("dates", *PRICES, "volume")


def walk(days: tuple[date, ...] = DAYS, seed: int = 1) -> Bars:
    """Bars of an ordinary symbol: 2 % a day, volume around a million."""
    draw = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(0.02 * draw.standard_normal(len(days)))), 2)
    open_ = np.round(close * np.exp(0.005 * draw.standard_normal(len(days))), 2)
    return Bars(
        "MP",
        "csv:/bars",
        np.array(days, dtype="datetime64[D]"),
        open_,
        np.maximum(open_, close) + 0.3,
        np.minimum(open_, close) - 0.3,
        close,
        np.rint(1e6 * np.exp(0.3 * draw.standard_normal(len(days)))),
    )


def scaled(bars: Bars, rows: slice, factor: float, volume: float = 1.0) -> Bars:
    """The bars with the prices, and the volume, of some rows multiplied."""
    prices: dict[str, Any] = {
        name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")
    }
    for column in prices.values():
        column[rows] *= factor
    shares = bars.volume.copy()
    shares[rows] *= volume
    return replace(bars, volume=shares, **prices)


def taken(bars: Bars, rows: list[int]) -> Bars:
    """The bars of these rows alone."""
    columns: dict[str, Any] = {name: getattr(bars, name)[rows] for name in COLUMNS}
    return replace(bars, **columns)


def standing_still(bars: Bars, rows: int, volume: float | None) -> Bars:
    """The bars with the last close in all prices of the last rows; None keeps their volume."""
    columns: dict[str, Any] = {
        name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")
    }
    for column in columns.values():
        column[-rows:] = bars.close[-rows - 1]
    shares = bars.volume.copy()
    if volume is not None:
        shares[-rows:] = volume
    return replace(bars, volume=shares, **columns)
