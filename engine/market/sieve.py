"""Which rows of a network source can be stored: one bad row never costs the others.

a day without a session           left out and named
a price that is missing or zero   left out and named
low above open, and its like      high or low gives way by a hair, else left out and named
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from engine.market import calendar
from engine.market.bars import Floats
from engine.market.quality import row_fault
from engine.market.rows import Rows

HAIR = 1e-3
"""Of the price: of 869 disordered rows in 37 real series, 38 are off by less, by rounding."""
NONSENSE = 0.05
"""Share of rows on days without a session from which an answer is of another zone."""
LIMITS = (1e-6, 1e8)
"""Dollars: the dearest share costs 8e5, the cheapest 1e-4."""
MOST_SHARES = 1e13
LeftOut = tuple[tuple[date, str], ...]


def sieve(rows: Rows) -> tuple[Rows, LeftOut]:
    """The rows that can be true, oldest first, one a day; day and reason of each other one."""
    place_of = {day: place for place, day in enumerate(rows.days)}
    rows = rows.take([place_of[day] for day in sorted(place_of)])
    rows = replace(rows, values=clamped(rows.values))
    faults = [
        _day_fault(day) or row_fault(values) or _size_fault(values)
        for day, values in zip(rows.days, rows.values.tolist(), strict=True)
    ]
    left_out = tuple((day, fault) for day, fault in zip(rows.days, faults, strict=True) if fault)
    return rows.take([place for place, fault in enumerate(faults) if not fault]), left_out


def is_nonsense(rows: Rows) -> bool:
    """Whether so many rows are on days without a session that their days cannot be right."""
    strange = sum(not calendar.is_session(day) for day in rows.days)
    return strange > max(1.0, NONSENSE * len(rows))


def clamped(values: Floats) -> Floats:
    """[n, 5] the rows with high and low widened to open and close where a hair is missing."""
    inner, outer = values[:, [0, 3]], values[:, [1, 2]]
    reach = np.column_stack((inner.max(axis=1), inner.min(axis=1)))
    wide = np.column_stack((np.fmax(outer[:, 0], reach[:, 0]), np.fmin(outer[:, 1], reach[:, 1])))
    with np.errstate(all="ignore"):  # what is not finite is left out by its own name
        by_a_hair = np.abs(wide - outer) <= HAIR * np.abs(reach)
    clean = values.copy()
    clean[:, [1, 2]] = np.where(by_a_hair, wide, outer)
    return clean


def _day_fault(day: date) -> str:
    return "" if calendar.is_session(day) else f"a {day:%A} without a session"


def _size_fault(values: list[float]) -> str:
    high, low, volume = values[1], values[2], values[4]
    if low < LIMITS[0] or high > LIMITS[1] or volume > MOST_SHARES:
        return f"low {low:g}, high {high:g}, volume {volume:g}: of no share"
    return ""
