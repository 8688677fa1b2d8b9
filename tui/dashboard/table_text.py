"""The symbol table as text: which columns fit, and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.snapshot import SymbolRow
from engine.words import figures, forecasts
from engine.words.sources import SIMULATED
from tui.dashboard.columns import (
    COLUMNS,
    PROGRESS_WIDTH,
    RETRAIN,
    STATE_STYLES,
    WIDE_NOTE,
    CellContext,
    Column,
    progress,
)
from tui.dashboard.row_filter import HEAD_ORDERS
from tui.dashboard.sparklines import error_style
from tui.look.glyphs import UNICODE, Glyphs
from tui.widgets.lines import Line

GUTTER = 2
DRAWN = ("TREND", "ERROR", "LIMIT")
"""Columns without a figure."""
SKIPPED_FROM = 10
"""From this priority on a column that has no room leaves it to narrower ones."""


def fit(width: int, symbols: Sequence[str]) -> tuple[Column, ...]:
    """The columns that fit into `width` cells, in their order; at least symbol and state."""
    longest = max((len(symbol) for symbol in symbols), default=0)
    table = [
        replace(column, width=max(column.width, longest)) if column.title == "SYM" else column
        for column in COLUMNS
    ]
    kept = set()
    used = GUTTER - 1
    for column in sorted(table, key=lambda column: column.priority):
        if column.priority and used + 1 + column.width > width:
            if column.priority < SKIPPED_FROM:
                break
            continue
        kept.add(column.title)
        used += 1 + column.width
    return tuple(column for column in table if column.title in kept)


def header(columns: Sequence[Column], order: str = "table", glyphs: Glyphs = UNICODE) -> str:
    """The titles over their columns, without the gutter; that of the order is marked."""
    mark = glyphs.rising if order == "name" else glyphs.falling
    return " ".join(
        column.fitted(f"{column.title}{mark if HEAD_ORDERS.get(column.title) == order else ''}")
        for column in columns
    )


def column_at(columns: Sequence[Column], x: int) -> str:
    """The title of the column at `x`; empty left and right of them."""
    end = GUTTER - 1
    for column in columns:
        end += 1 + column.width
        if GUTTER <= x < end:
            return column.title
    return ""


def cells(row: SymbolRow, columns: Sequence[Column], width: int, context: CellContext) -> Line:
    """One row without its gutter; in a narrow table the progress of a training covers figures."""
    texts = [column.fitted(column.cell(row, context)) for column in columns]
    covered = len(texts)
    if (
        row.job is not None
        and not row.job.state.ended
        and WIDE_NOTE not in (column.title for column in columns)
    ):
        covered = _covered(columns, width)
        room = width - GUTTER - _room(columns[:covered])
        texts = (
            [*texts[:covered], progress(row.job, room, context)] if room > 0 else texts[:covered]
        )
    line = []
    for index, text in enumerate(texts):
        title = columns[index].title if index < covered else WIDE_NOTE
        line.append((text if index == 0 else f" {text}", _style(title, row)))
    return tuple(line)


def labelled(row: SymbolRow, context: CellContext) -> str:
    """The figures of a row that are not missing, with their titles: to be pasted elsewhere."""
    parts = [
        row.symbol,
        row.state.value,
        *((SIMULATED,) if row.model and row.model.simulated else ()),
    ]
    for column in COLUMNS[2:]:
        if column.title in DRAWN:
            continue
        text = (
            " to ".join(column.cell(row, context).split())
            if column.title == "80% INTERVAL"
            else column.cell(row, context).strip()
        )
        if text and text != figures.ABSENT:
            parts.append(f"{'NOTE' if column.title == WIDE_NOTE else column.title} {text}")
    return "  ".join(parts)


def _room(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns)


def _covered(columns: Sequence[Column], width: int) -> int:
    """The number of columns that stay visible next to the progress."""
    for count in range(len(columns), 2, -1):
        if width - GUTTER - _room(columns[:count]) >= PROGRESS_WIDTH:
            return count
    return 2


def _style(title: str, row: SymbolRow) -> str:
    if title in ("TREND", "LIMIT"):
        return "live"
    if title == "ERROR":
        return error_style(row)
    if title == "STATE":
        return STATE_STYLES[row.state]
    if title == RETRAIN and row.retrain and row.retrain.action == "train":
        return "warn"
    if title == WIDE_NOTE:
        return "live" if row.job is not None and not row.job.state.ended else ""
    if title in ("RANGE", "REPORT") and forecasts.is_widened(row.forecast):
        return "warn"
    return ""
