"""The charts and tables of one symbol's model: closes, errors, calibration, members, accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.records import Forecast
from engine.core.snapshot import SymbolRow
from engine.core.symbol_details import ModelSummary
from engine.words import figures
from engine.words.tables import TableColumn
from tui.look.chart import chart_lines
from tui.look.table import table
from tui.symbol.charts import day_figures, price_chart, price_legend
from tui.widgets.lines import Line, line, wrapped

if TYPE_CHECKING:
    from engine.watch.records import Accuracy

PRICES = 90
"""Sessions of the price chart."""
CALIBRATION_HEADS = (
    TableColumn("STATED", 0),
    TableColumn("SESSIONS", 2, right=True),
    TableColumn("MEAN", 0, right=True),
    TableColumn("CAME", 0, right=True),
)


def price_lines(
    model: ModelSummary,
    forecast: Forecast | None,
    width: int,
    height: int,
    *,
    ascii_only: bool,
    cursor: int | None = None,
) -> tuple[Line, ...]:
    """The price chart under its legend, or under the figures of the day at the cursor."""
    closes = model.closes[-PRICES:]
    if len(closes) < 2:
        return (line("no stored bars to draw", "dim"),)
    by_day = {session.day: session for session in model.record}
    unseen = sum(close.day in by_day for close in closes)
    head = price_legend(unseen, len(closes), ascii_only=ascii_only)
    if cursor is not None:
        cursor = min(cursor, len(closes) - 1)
        close = closes[cursor]
        head = day_figures(close, by_day.get(close.day))
    chart = price_chart(closes, model.record, forecast, cursor=cursor)
    return (*wrapped(head, width, 4), *chart_lines(chart, width, height, ascii_only=ascii_only))


def calibration_lines(model: ModelSummary, width: int) -> tuple[Line, ...]:
    """Stated probability against observed frequency, and the intervals' coverage."""
    rows = [
        (
            (f"{figures.interval(part.low, part.high, 0)} %", ""),
            (str(part.n), ""),
            (figures.percent(part.stated, 0), ""),
            (figures.percent(part.came, 0), ""),
        )
        for part in model.calibration
    ]
    if not rows:
        return (line("nothing was scored yet", "dim"),)
    header, lines = table(CALIBRATION_HEADS, rows, width)
    held80 = figures.percent(model.figures.get("coverage80"), 0)
    held95 = figures.percent(model.figures.get("coverage95"), 0)
    error = figures.number(model.figures.get("ece"), 3)
    text = f"80 % intervals held {held80}, 95 % ones {held95}; calibration error {error}"
    return (header, *lines, *wrapped(line(text), width, 4))


def weight_lines(row: SymbolRow, model: ModelSummary) -> tuple[Line, ...]:
    """The members' weights with each one's own error against naive."""
    if row.model is None or not row.model.weights:
        return (line("the model has no weights" if row.model else "no model", "dim"),)
    return tuple(
        line(
            f"{name:<10} {figures.percent(100 * weight):>7}   MASE alone"
            f" {figures.number(model.figures.get(f'mase_{name}'), 3)}"
        )
        for name, weight in sorted(row.model.weights, key=lambda pair: -pair[1])
    )


def live_lines(live: Accuracy | None, width: int) -> tuple[Line, ...]:
    """Accuracy of the forecasts that were kept before their outcome."""
    if live is None or not live.n:
        hint = (
            "no forecast made before its session is scored yet: `stockml performance` keeps and"
            " scores them"
        )
        return wrapped(line(hint, "dim"), width, 4)
    values = (
        ("mape", live.mape, 2),
        ("naive_mape", live.naive_mape, 2),
        ("mase", live.mase, 3),
        ("direction_accuracy", live.direction_accuracy, 2),
        ("coverage80", live.coverage80, 2),
        ("coverage95", live.coverage95, 2),
        ("confidence", live.confidence, 2),
    )
    words = [
        f"{name} {figures.number(value, digits)}"
        for name, value, digits in values
        if value is not None
    ]
    text = "  ".join([f"n {live.n}", *words])
    return wrapped(line(f"{live.first} to {live.last}: {text}"), width, 4)
