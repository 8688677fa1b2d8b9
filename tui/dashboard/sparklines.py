"""The cells of a row that are drawn: closes, error against naive, age to its limit."""

from __future__ import annotations

from typing import Protocol

from engine.core.recent import parse_recent, rolling_mase
from engine.core.snapshot import SymbolRow
from tui.look.glyphs import ASCII, Glyphs
from tui.look.sparkline import gauge, sparkline
from tui.symbol.charts import NOISE, against_naive_style

SESSIONS = 30
TREND_CELLS, ERROR_CELLS, AGE_CELLS = 12, 10, 5
ERROR_SCALE = (0.8, 1.2)
"""What the heights of an error sparkline cover at least."""


class DrawnCell(Protocol):
    """What a drawn cell needs besides its row."""

    @property
    def glyphs(self) -> Glyphs: ...

    @property
    def max_age_days(self) -> float: ...


def trend(row: SymbolRow, context: DrawnCell) -> str:
    """The closes of the newest sessions."""
    closes = [close.price for close in parse_recent(row.recent).closes[-SESSIONS:]]
    return sparkline(closes, TREND_CELLS, ascii_only=context.glyphs is ASCII)


def error(row: SymbolRow, context: DrawnCell) -> str:
    """The error divided by the naive one's, and a mark where it is now beyond noise."""
    ratios = rolling_mase(parse_recent(row.recent).record)[-SESSIONS:]
    width = ERROR_CELLS - 1
    drawn = sparkline(ratios, width, ascii_only=context.glyphs is ASCII, least=ERROR_SCALE)
    ratio = ratios[-1] if ratios else None
    if ratio is None or abs(ratio - 1.0) <= NOISE:
        return drawn
    return f"{drawn}{context.glyphs.up if ratio > 1.0 else context.glyphs.down}"


def error_style(row: SymbolRow) -> str:
    """Good and bad only beyond noise."""
    ratios = rolling_mase(parse_recent(row.recent).record)
    return against_naive_style(ratios[-1] if ratios else None)


def age_bar(row: SymbolRow, context: DrawnCell) -> str:
    """How much of the age limit is used."""
    if row.age_days is None:
        return ""
    share, glyphs = row.age_days / context.max_age_days, context.glyphs
    return gauge(share, AGE_CELLS, glyphs, ascii_only=glyphs is ASCII)
