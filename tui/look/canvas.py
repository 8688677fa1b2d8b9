"""A grid of cells that curves in braille dots, bands, whiskers and labels are drawn on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeGuard

from tui.widgets.lines import Line

Series = Sequence[float | None]
# Bits of a braille cell, two columns of four dots.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


def is_finite(number: float | None) -> TypeGuard[float]:
    """Whether there is a number that can be drawn."""
    return number is not None and math.isfinite(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The numbers at the top and the bottom of `rows` cells."""

    rows: int
    low: float
    high: float

    def step(self, number: float, steps: int) -> int:
        """Which of `steps` from the top `number` falls into, 0 first."""
        share = (self.high - number) / (self.high - self.low)
        return min(steps - 1, max(0, round(share * (steps - 1))))

    def row(self, number: float) -> int:
        """The row of cells that `number` falls into."""
        return self.step(number, self.rows * 4) // 4


def stretched(values: Series, columns: int) -> list[float | None]:
    """One number a column: the mean of those that fall into it, or between two neighbours."""
    count = len(values)
    if not count or columns < 1:
        return []
    if count <= columns:
        return [_between(values, column, columns) for column in range(columns)]
    means: list[float | None] = []
    for column in range(columns):
        part = values[column * count // columns : (column + 1) * count // columns]
        numbers = [number for number in part if is_finite(number)]
        means.append(sum(numbers) / len(numbers) if numbers else None)
    return means


def _between(values: Series, column: int, columns: int) -> float | None:
    place = column * (len(values) - 1) / max(1, columns - 1)
    before, after = values[math.floor(place)], values[math.ceil(place)]
    if is_finite(before) and is_finite(after):
        return before + (after - before) * (place - math.floor(place))
    return before if place % 1 < 0.5 else after


class Canvas:
    """`rows` times `columns` cells; what is drawn later covers what was drawn before."""

    def __init__(self, columns: int, scale: Scale, *, ascii_only: bool) -> None:
        self.columns, self.scale, self.ascii_only = columns, scale, ascii_only
        self._cells = [[(" ", "")] * columns for _ in range(scale.rows)]

    def put(self, row: int, column: int, char: str, style: str) -> None:
        """One character; outside the canvas nothing happens."""
        if 0 <= row < self.scale.rows and 0 <= column < self.columns:
            self._cells[row][column] = (char, style)

    def write(self, row: int, column: int, text: str, style: str) -> None:
        """A text from `column` on."""
        for offset, char in enumerate(text):
            self.put(row, column + offset, char, style)

    def is_blank(self, row: int, column: int) -> bool:
        """Whether nothing stands in the cell."""
        return self._cells[row][column][0] == " "

    def grid(self, rows: Sequence[int], columns: int) -> None:
        """Light dots along the rows that are labelled."""
        for row in rows:
            for column in range(0, columns, 4):
                self.put(row, column, "." if self.ascii_only else "·", "dim")

    def fill(self, low: Series, high: Series, columns: int) -> None:
        """The area between two series, shaded."""
        shade = ":" if self.ascii_only else "░"
        pairs = zip(stretched(low, columns), stretched(high, columns), strict=True)
        for column, (bottom, top) in enumerate(pairs):
            if is_finite(bottom) and is_finite(top):
                for row in range(self.scale.row(top), self.scale.row(bottom) + 1):
                    self.put(row, column, shade, "dim")

    def curve(
        self, values: Series, columns: int, style: str, mark: str, *, dotted: bool = False
    ) -> None:
        """A line through the values, dotted without the steps; in ASCII a mark a column."""
        if self.ascii_only:
            for column, number in enumerate(stretched(values, columns)):
                if is_finite(number):
                    self.put(self.scale.row(number), column, mark, style)
            return
        before: int | None = None
        for x, number in enumerate(stretched(values, columns * 2)):
            if not is_finite(number):
                before = None
                continue
            if dotted and x % 2:
                continue
            y = self.scale.step(number, self.scale.rows * 4)
            # A line, not a cloud: the steps between two columns are filled.
            start = y if before is None or dotted else before
            for dot in range(min(start, y), max(start, y) + 1):
                self._dot(x, dot, style)
            before = y

    def _dot(self, x: int, y: int, style: str) -> None:
        char = self._cells[y // 4][x // 2][0]
        bits = ord(char) if _BLANK <= ord(char) < _BLANK + 256 else _BLANK
        self._cells[y // 4][x // 2] = (chr(bits | _DOTS[x % 2][y % 4]), style)

    def lines(self) -> list[Line]:
        """The cells as lines, one span a run of cells of one style."""
        return [
            tuple(
                ("".join(char for char, _ in run), style)
                for style, run in groupby(cells, key=lambda cell: cell[1])
            )
            for cells in self._cells
        ]
