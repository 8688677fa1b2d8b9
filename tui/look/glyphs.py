"""The characters that depend on what the terminal can show, and the bars drawn with them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The few characters that a plain terminal lacks."""

    full: str
    empty: str
    up: str
    down: str
    more: str
    rising: str
    """Behind the title of a column: the smallest first."""
    falling: str
    """The largest first."""


UNICODE = Glyphs(full="█", empty="░", up="↑", down="↓", more="…", rising="▲", falling="▼")
ASCII = Glyphs(full="#", empty=".", up="^", down="v", more="~", rising="^", falling="v")


def progress_bar(fraction: float, width: int, glyphs: Glyphs) -> str:
    """A bar of `width` cells between brackets; it is full only when the work is done."""
    if width < 1:
        return ""
    share = min(max(fraction if math.isfinite(fraction) else 0.0, 0.0), 1.0)
    cells = width if share >= 1.0 else int(share * width)
    return f"[{glyphs.full * cells}{glyphs.empty * (width - cells)}]"
