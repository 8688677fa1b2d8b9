"""Charts in braille dots, or in ASCII where the terminal has no braille: pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from engine.words import figures

Series = Sequence[float | None]
# Bits of a braille cell, two columns of four dots.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
_MARKS = "*o+x"
_LABEL_WIDTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The cells of a chart, and the numbers at their top and bottom."""

    columns: int
    rows: int
    low: float
    high: float

    def step(self, number: float, steps: int) -> int:
        """Which of `steps` from the top `number` falls into, 0 first."""
        share = (self.high - number) / (self.high - self.low)
        return min(steps - 1, max(0, round(share * (steps - 1))))


def chart(
    series: Sequence[Series], width: int, height: int, *, ascii_only: bool, band: bool = False
) -> tuple[str, ...]:
    """Draw all series on one scale in `height` lines of `width` cells, labelled at the axis.

    The second series is dotted (in ASCII: another mark); `band` dots every series after the first.
    Empty without two finite numbers or without room.
    """
    numbers = [number for values in series for number in values if _is_finite(number)]
    if len(numbers) < 2 or width < _LABEL_WIDTH + 4 or height < 2:
        return ()
    low, high = min(numbers), max(numbers)
    if high <= low:
        high = low + (abs(low) or 1.0) * 1e-6
    scale = _Scale(columns=width - _LABEL_WIDTH - 1, rows=height, low=low, high=high)
    rows = _ascii(series, scale) if ascii_only else _braille(series, scale, band=band)
    labels = [""] * height
    labels[0], labels[-1] = figures.loss(high), figures.loss(low)
    if height > 4:
        labels[height // 2] = figures.loss((high + low) / 2)
    return tuple(f"{label:>{_LABEL_WIDTH}} {row}" for label, row in zip(labels, rows, strict=True))


def _is_finite(number: float | None) -> TypeGuard[float]:
    return number is not None and math.isfinite(number)


def _columns(values: Series, columns: int) -> list[float | None]:
    """One number a column: the mean of those that fall into it, or the same one stretched."""
    count = len(values)
    if not count:
        return []
    if count <= columns:
        return [values[min(count - 1, column * count // columns)] for column in range(columns)]
    means: list[float | None] = []
    for column in range(columns):
        part = values[column * count // columns : (column + 1) * count // columns]
        numbers = [number for number in part if _is_finite(number)]
        means.append(sum(numbers) / len(numbers) if numbers else None)
    return means


def _braille(series: Sequence[Series], scale: _Scale, *, band: bool) -> list[str]:
    canvas = [[_BLANK] * scale.columns for _ in range(scale.rows)]
    for index, values in enumerate(series):
        spacing = 3 if band else 2
        before: int | None = None
        for x, number in enumerate(_columns(values, scale.columns * 2)):
            if not _is_finite(number):
                before = None
                continue
            y = scale.step(number, scale.rows * 4)
            dots = range(y, y + 1)
            if before is not None and index == 0:
                # A line, not a cloud: the steps between two columns are filled.
                dots = range(min(before, y), max(before, y) + 1)
            before = y
            if index and x % spacing:
                continue
            for dot in dots:
                canvas[dot // 4][x // 2] |= _DOTS[x % 2][dot % 4]
    return ["".join(chr(cell) for cell in row) for row in canvas]


def _ascii(series: Sequence[Series], scale: _Scale) -> list[str]:
    canvas = [[" "] * scale.columns for _ in range(scale.rows)]
    for index, values in reversed(list(enumerate(series))):
        for x, number in enumerate(_columns(values, scale.columns)):
            if _is_finite(number):
                canvas[scale.step(number, scale.rows)][x] = _MARKS[index % len(_MARKS)]
    return ["".join(row) for row in canvas]
