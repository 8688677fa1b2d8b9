"""Figures drawn in one line: a sparkline, a bar to a limit."""

from __future__ import annotations

import math

from tui.look.canvas import Series, is_finite, stretched
from tui.look.glyphs import Glyphs

_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = "_.-~=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉"


def sparkline(
    values: Series, width: int, *, ascii_only: bool, least: tuple[float, float] | None = None
) -> str:
    """The values in `width` cells of eight heights; `least` is what the heights cover at least."""
    numbers = [number for number in values if is_finite(number)]
    if len(numbers) < 2 or width < 1:
        return " " * width
    low, high = min(*numbers, *(least or ())), max(*numbers, *(least or ()))
    levels = _ASCII_LEVELS if ascii_only else _LEVELS
    span = (high - low) or 1.0
    cells = []
    for number in stretched(values, width):
        share = (number - low) / span if is_finite(number) else None
        cells.append(" " if share is None else levels[min(7, int(share * 8))])
    return "".join(cells)


def gauge(share: float, width: int, glyphs: Glyphs, *, ascii_only: bool) -> str:
    """How much of a limit is used, in `width` cells, to an eighth of a cell."""
    share = min(max(share if math.isfinite(share) else 0.0, 0.0), 1.0)
    eighths = int(share * width * 8)
    full, part = divmod(eighths, 8)
    bar = glyphs.full * full
    if part and not ascii_only:
        bar += _EIGHTHS[part]
    return bar.ljust(width, "." if ascii_only else " ")[:width]
