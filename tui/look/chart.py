"""Charts with a band, dates, the last value and a whisker; ASCII where braille is missing."""

from __future__ import annotations

from calendar import month_abbr
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.words import figures
from tui.look.canvas import Canvas, Scale, Series, is_finite
from tui.widgets.lines import Line

LABEL_WIDTH = 8
_WHISKER_WIDTH = 2
# More sessions are labelled by month.
_DAYS_LABELLED = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A series in its style; `dotted` and `mark` (in ASCII) tell it apart without colour."""

    values: Series
    style: str = ""
    mark: str = "*"
    dotted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """An interval at each value, shaded."""

    low: Series
    high: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """The interval of the next value, behind the last one."""

    low: float
    middle: float
    high: float
    style: str = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn on one scale; the first curve is on top and has its last value tagged."""

    curves: tuple[Curve, ...]
    band: Band | None = None
    whisker: Whisker | None = None
    days: Sequence[str] = ()
    """ISO days, one a value; they stand under the axis."""
    least: tuple[float, float] | None = None
    """What the scale covers at least, so that noise does not fill it."""
    cursor: int | None = None
    """The value that is pointed at."""
    digits: int | None = None
    """Decimals of labels and tag; None: as many as a loss has."""

    def label(self, number: float | None) -> str:
        """A number as the axis has it."""
        if self.digits is None:
            return figures.loss(number)
        return figures.number(number, self.digits, LABEL_WIDTH - 1)


def chart_lines(chart: Chart, width: int, height: int, *, ascii_only: bool) -> tuple[Line, ...]:
    """The chart in `height` lines of `width` cells; empty without two numbers or without room."""
    numbers = _numbers(chart)
    rows = height - bool(chart.days)
    last = next((number for number in reversed(chart.curves[0].values) if is_finite(number)), None)
    tag = chart.label(last) if last is not None else ""
    columns = width - LABEL_WIDTH - 2
    plot = columns - len(tag) - 1 - (_WHISKER_WIDTH if chart.whisker else 0)
    if len(numbers) < 2 or plot < 4 or rows < 2:
        return ()
    scale = _scale(numbers, chart.least, rows)
    canvas = Canvas(columns, scale, ascii_only=ascii_only)
    labels = _labels(scale, chart)
    canvas.grid(tuple(labels), plot)
    _draw_series(canvas, chart, plot)
    taken = _draw_tag(canvas, last, tag, chart.curves[0].style)
    if chart.whisker:
        _draw_whisker(canvas, chart, plot, taken)
    axis = "|" if ascii_only else "┤"
    lines: list[Line] = [
        ((f"{labels.get(row, ''):>{LABEL_WIDTH}} {axis}", "dim"), *body)
        for row, body in enumerate(canvas.lines())
    ]
    if chart.days:
        days = date_axis(chart.days, plot).ljust(columns)
        lines.append(((f"{'':{LABEL_WIDTH + 2}}{days}", "dim"),))
    return tuple(lines)


def _numbers(chart: Chart) -> list[float]:
    series = [curve.values for curve in chart.curves]
    if chart.band:
        series += [chart.band.low, chart.band.high]
    if chart.whisker:
        series.append((chart.whisker.low, chart.whisker.middle, chart.whisker.high))
    return [number for values in series for number in values if is_finite(number)]


def _scale(numbers: Sequence[float], least: tuple[float, float] | None, rows: int) -> Scale:
    low, high = min(*numbers, *(least or ())), max(*numbers, *(least or ()))
    if high <= low:
        high = low + (abs(low) or 1.0) * 1e-6
    return Scale(rows=rows, low=low, high=high)


def _labels(scale: Scale, chart: Chart) -> dict[int, str]:
    """The labels of the axis by their row: top, bottom, and the middle where there is room."""
    labels = {0: chart.label(scale.high), scale.rows - 1: chart.label(scale.low)}
    if scale.rows > 4:
        middle = scale.high - (scale.high - scale.low) * (scale.rows // 2) / (scale.rows - 1)
        labels[scale.rows // 2] = chart.label(middle)
    return labels


def _draw_series(canvas: Canvas, chart: Chart, plot: int) -> None:
    if chart.band:
        canvas.fill(chart.band.low, chart.band.high, plot)
    if chart.cursor is not None:
        count = max(len(curve.values) for curve in chart.curves)
        column = round(min(chart.cursor, count - 1) * (plot - 1) / max(1, count - 1))
        for row in range(canvas.scale.rows):
            canvas.put(row, column, "|" if canvas.ascii_only else "│", "warn")
    for curve in reversed(chart.curves):
        canvas.curve(curve.values, plot, curve.style, curve.mark, dotted=curve.dotted)


def _draw_tag(canvas: Canvas, last: float | None, tag: str, style: str) -> int:
    """The last value at the right edge; its row."""
    if last is None:
        return -1
    row = canvas.scale.row(last)
    canvas.write(row, canvas.columns - len(tag), tag, style or "head")
    return row


def _draw_whisker(canvas: Canvas, chart: Chart, plot: int, taken: int) -> None:
    """A vertical bar with its ends behind the curves; ends are labelled where a row is free."""
    whisker, column, scale = chart.whisker, plot + 1, canvas.scale
    assert whisker is not None
    top, bottom = scale.row(whisker.high), scale.row(whisker.low)
    stem, ends, dot = ("|", "++", "o") if canvas.ascii_only else ("│", "┬┴", "●")
    for row in range(top, bottom + 1):
        canvas.put(row, column, stem, whisker.style)
    canvas.put(top, column, ends[0], whisker.style)
    canvas.put(bottom, column, ends[1], whisker.style)
    canvas.put(scale.row(whisker.middle), column, dot, whisker.style)
    for row, number in ((top, whisker.high), (bottom, whisker.low)):
        text = chart.label(number)
        if row != taken and top != bottom:
            canvas.write(row, canvas.columns - len(text), text, "dim")


def date_axis(days: Sequence[str], width: int) -> str:
    """The first session of each month by its name, of January by its year; few sessions by day."""
    text = [" "] * width
    end = -2
    for index, label in _day_labels(days):
        place = round(index * (width - 1) / max(1, len(days) - 1))
        place = min(place, width - len(label))
        if place > end + 1 or not index:
            text[place : place + len(label)] = label
            end = place + len(label)
    return "".join(text)[:width]


def _day_labels(days: Sequence[str]) -> list[tuple[int, str]]:
    if len(days) <= _DAYS_LABELLED:
        return [(index, days[index][5:]) for index in sorted({0, len(days) // 2, len(days) - 1})]
    labels = [(0, days[0])]
    for index in range(1, len(days)):
        if days[index][:7] != days[index - 1][:7]:
            day = date.fromisoformat(days[index])
            labels.append((index, str(day.year) if day.month == 1 else month_abbr[day.month]))
    return labels
