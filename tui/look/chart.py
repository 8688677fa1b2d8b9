"""Charts in braille dots, or in ASCII where the terminal has no braille: pure functions of
numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.words import figures

Series = Sequence[float | None]
# Bits of a braille cell, two columns of four dots.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
_MARKS = "*o+x"
_LABEL = 8


def chart(
    series: Sequence[Series], width: int, height: int, *, ascii_only: bool, band: bool = False
) -> tuple[str, ...]:
    """`height` lines of `width` cells: all series over one scale, the highest and lowest value
    beside the axis.

    The second series is dotted (in ASCII: another mark), so that it is told apart without
    colour; `band` dots every series after the first. Empty without two finite values or without
    room.
    """
    numbers = [
        value for one in series for value in one if value is not None and math.isfinite(value)
    ]
    if len(numbers) < 2 or width < _LABEL + 4 or height < 2:
        return ()
    low, high = min(numbers), max(numbers)
    high = high if high > low else low + (abs(low) or 1.0) * 1e-6
    cells = width - _LABEL - 1
    rows = (
        _ascii(series, cells, height, low, high)
        if ascii_only
        else _braille(series, cells, height, low, high, band)
    )
    labels = [""] * height
    labels[0], labels[-1] = figures.loss(high), figures.loss(low)
    if height > 4:
        labels[height // 2] = figures.loss((high + low) / 2)
    return tuple(f"{label:>{_LABEL}} {row}" for label, row in zip(labels, rows, strict=True))


def _place(value: float, low: float, high: float, steps: int) -> int:
    """The step from the top, 0 first."""
    return min(steps - 1, max(0, round((high - value) / (high - low) * (steps - 1))))


def _columns(one: Series, columns: int) -> list[float | None]:
    """One value a column: the mean of those that fall into it;
    values fewer than columns are stretched."""
    if len(one) <= columns:
        return (
            [one[min(len(one) - 1, at * len(one) // columns)] for at in range(columns)]
            if one
            else []
        )
    found: list[float | None] = []
    for at in range(columns):
        part = [
            value
            for value in one[at * len(one) // columns : (at + 1) * len(one) // columns]
            if value is not None
        ]
        part = [value for value in part if math.isfinite(value)]
        found.append(sum(part) / len(part) if part else None)
    return found


def _braille(
    series: Sequence[Series], cells: int, height: int, low: float, high: float, band: bool
) -> list[str]:
    canvas = [[_BLANK] * cells for _ in range(height)]
    for number, one in enumerate(series):
        before: int | None = None
        for x, value in enumerate(_columns(one, cells * 2)):
            if value is None or not math.isfinite(value):
                before = None
                continue
            y = _place(value, low, high, height * 4)
            # A line, not a cloud: the steps between two columns are filled.
            span = (
                range(min(before, y), max(before, y) + 1)
                if before is not None and number == 0
                else (y,)
            )
            before = y
            if number and x % (3 if band else 2):
                continue
            for dot in span:
                canvas[dot // 4][x // 2] |= _DOTS[x % 2][dot % 4]
    return ["".join(chr(cell) for cell in row) for row in canvas]


def _ascii(series: Sequence[Series], cells: int, height: int, low: float, high: float) -> list[str]:
    canvas = [[" "] * cells for _ in range(height)]
    for number, one in reversed(list(enumerate(series))):
        for x, value in enumerate(_columns(one, cells)):
            if value is not None and math.isfinite(value):
                canvas[_place(value, low, high, height)][x] = _MARKS[number % len(_MARKS)]
    return ["".join(row) for row in canvas]
