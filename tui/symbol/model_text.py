"""The charts and tables of one symbol's model: closes, errors, calibration, members, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.core.snapshot import SymbolRow
from engine.core.symbol_details import ModelSummary, RecordedSession
from engine.words import figures
from engine.words.tables import TableColumn
from tui.look.chart import chart
from tui.look.table import table
from tui.widgets.lines import Line, line, wrapped

if TYPE_CHECKING:
    from engine.watch.records import Accuracy

# Sessions of the price chart, and of one point of the error chart.
PRICES = 90
WINDOW = 20
LEAST = 5
CALIBRATION_HEADS = (
    TableColumn("STATED", 0),
    TableColumn("SESSIONS", 2, right=True),
    TableColumn("MEAN", 0, right=True),
    TableColumn("CAME", 0, right=True),
)


def price_lines(
    model: ModelSummary, width: int, height: int, *, ascii_only: bool
) -> tuple[Line, ...]:
    """Closes, and the forecasts with 80 % intervals that the model made for unseen sessions."""
    closes = model.closes[-PRICES:]
    if len(closes) < 2:
        return (line("no stored bars to draw", "dim"),)
    by_day = {session.day: session for session in model.record}
    sessions = [by_day.get(close.day) for close in closes]
    curves: list[list[float | None]] = [
        [close.price for close in closes],
        [session.forecast if session else None for session in sessions],
        [session.low80 if session else None for session in sessions],
        [session.high80 if session else None for session in sessions],
    ]
    drawn = chart(curves, width, height, ascii_only=ascii_only, band=True)
    marks = (
        "* close, o forecast, + and x the 80 % interval"
        if ascii_only
        else "line: close, dots: forecast and 80 % interval"
    )
    unseen = sum(session is not None for session in sessions)
    head = (
        f"{closes[0].day} to {closes[-1].day}; {marks}; {unseen} of {len(closes)} sessions were"
        " forecast unseen"
    )
    return (*wrapped(line(head, "dim"), width, 4), *(line(text, "live") for text in drawn))


def rolling_mase(record: Sequence[RecordedSession]) -> tuple[float | None, ...]:
    """The model's mean error divided by the naive forecast's, per window; below 1 is better."""
    ratios: list[float | None] = []
    for end in range(LEAST, len(record) + 1):
        window = record[max(0, end - WINDOW) : end]
        own = sum(abs(session.forecast / session.actual - 1) for session in window)
        naive = sum(abs(session.last_close / session.actual - 1) for session in window)
        ratios.append(own / naive if naive else None)
    return tuple(ratios)


def error_lines(
    model: ModelSummary, width: int, height: int, *, ascii_only: bool
) -> tuple[Line, ...]:
    """Error against naive over time."""
    record = model.record
    values = rolling_mase(record)
    if not values:
        return (line(f"fewer than {LEAST} unseen sessions", "dim"),)
    drawn = chart([values, [1.0] * len(values)], width, height, ascii_only=ascii_only)
    mark = "o" if ascii_only else "dots"
    head = (
        f"MASE over {WINDOW} sessions, {record[0].day} to {record[-1].day}; {mark} = 1, the naive"
        f" forecast; now {figures.number(values[-1], 3)}"
    )
    return (*wrapped(line(head, "dim"), width, 4), *(line(text, "live") for text in drawn))


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
        return (line("the model tells no weights" if row.model else "no model", "dim"),)
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
