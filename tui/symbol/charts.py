"""Charts of a symbol's price and of its model's error: the same on its page and the dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.recent import LEAST, WINDOW, rolling_mase
from engine.core.records import Forecast, ModelInfo
from engine.core.symbol_details import Close, RecordedSession
from engine.words import figures, forecasts
from tui.look.chart import Band, Chart, Curve, Whisker, chart_lines
from tui.look.glyphs import ASCII, Glyphs
from tui.look.sparkline import gauge
from tui.widgets.lines import Line, Span, line

MASE_SCALE = (0.9, 1.1)
"""What the scale of a MASE covers at least: a difference of 0.01 is noise."""
_WEIGHT_CELLS = 16
NOISE = 0.02
"""Differences of a MASE to 1 that are not called better or worse."""


def price_chart(
    closes: Sequence[Close],
    record: Sequence[RecordedSession],
    forecast: Forecast | None,
    *,
    cursor: int | None = None,
) -> Chart:
    """Closes over the forecasts made for unseen sessions, their band, and the next range."""
    by_day = {session.day: session for session in record}
    sessions = [by_day.get(close.day) for close in closes]
    made = [session.forecast if session else None for session in sessions]
    whisker = None
    if forecast is not None:
        style = "warn" if forecasts.is_widened(forecast) else "live"
        whisker = Whisker(
            low=forecast.low80, middle=forecast.next_close, high=forecast.high80, style=style
        )
    return Chart(
        curves=(
            Curve(values=[close.price for close in closes], style="head"),
            Curve(values=made, style="live", mark="o", dotted=True),
        ),
        band=Band(
            low=[session.low80 if session else None for session in sessions],
            high=[session.high80 if session else None for session in sessions],
        ),
        whisker=whisker,
        days=[close.day for close in closes],
        digits=2,
        cursor=cursor,
    )


def price_legend(unseen: int, sessions: int, *, ascii_only: bool) -> Line:
    """What the marks of the price chart are, and how many forecasts it has."""
    marks = ("*", "o", ":") if ascii_only else ("─", "┄", "░")
    return (
        (f"{marks[0]} close", "head"),
        (f"  {marks[1]} forecast", "live"),
        (f"  {marks[2]} 80 % interval", "dim"),
        (f"  {unseen} of {sessions} sessions out of sample", "dim"),
    )


def day_figures(close: Close, session: RecordedSession | None) -> Line:
    """What the day under the cursor was: close, range, inside or outside."""
    head: Span = (f"{close.day}  close {figures.number(close.price, 2)}", "head")
    if session is None:
        return (head, ("  no unseen forecast", "dim"))
    inside = session.low80 <= close.price <= session.high80
    place: Span = ("inside", "ok") if inside else ("outside", "warn")
    made = f"  forecast {figures.number(session.forecast, 2)}"
    interval = f"  80 % {figures.interval(session.low80, session.high80)}  "
    return (head, (made, "live"), (interval, ""), place)


def against_naive_style(mase: float | None) -> str:
    """Good and bad only beyond noise."""
    if mase is None or abs(mase - 1.0) <= NOISE:
        return "dim"
    return "ok" if mase < 1.0 else "warn"


def error_lines(
    record: Sequence[RecordedSession], width: int, height: int, *, ascii_only: bool
) -> tuple[Line, ...]:
    """Error against naive over time, with its verdict."""
    values = rolling_mase(record)
    if not values:
        return (line(f"fewer than {LEAST} unseen sessions", "dim"),)
    style = against_naive_style(values[-1])
    naive = Curve(values=[1.0] * len(values), style="dim", mark="-", dotted=True)
    own = Curve(values=values, style="live")
    days = [session.day for session in record[LEAST - 1 :]]
    chart = Chart(curves=(own, naive), days=days, least=MASE_SCALE, digits=3)
    newest = figures.number(values[-1], 3)
    verdict = forecasts.against_naive(values[-1]) or "better than naive"
    head: Line = ((f"MASE over {WINDOW} sessions ", ""), (f"{newest} {verdict}", style))
    return (head, *chart_lines(chart, width, height - 1, ascii_only=ascii_only))


def held_line(record: Sequence[RecordedSession]) -> tuple[Line, ...]:
    """How often the close lay in the 80 % range: what a range is worth."""
    if not record:
        return ()
    held = sum(session.low80 <= session.actual <= session.high80 for session in record)
    share = figures.percent(100 * held / len(record), 0)
    return (line(f"80 % range held {held} of {len(record)} sessions, {share}"),)


def session_lines(record: Sequence[RecordedSession], count: int) -> tuple[Line, ...]:
    """The newest sessions: forecast, close, inside or outside of the range; the newest first."""
    rows: list[Line] = [line(f"{'SESSION':<8}{'FORECAST':>9}{'CLOSE':>9}{'ERROR':>8}", "head")]
    for session in list(reversed(record))[:count]:
        inside = session.low80 <= session.actual <= session.high80
        error = figures.signed(100 * (session.actual / session.forecast - 1), 1)
        text = (
            f"{session.day[5:]:<8}{figures.number(session.forecast, 2):>9}"
            f"{figures.number(session.actual, 2):>9}{error:>7}% "
        )
        rows.append(((text, ""), ("in" if inside else "out", "dim" if inside else "warn")))
    return tuple(rows) if record else ()


def weight_bars(model: ModelInfo, glyphs: Glyphs) -> tuple[Line, ...]:
    """The members' weights as bars, the heaviest first."""
    return tuple(
        (
            (f"{name:<10} ", ""),
            (gauge(weight, _WEIGHT_CELLS, glyphs, ascii_only=glyphs is ASCII), "live"),
            (f" {figures.number(100 * weight):>5} %", ""),
        )
        for name, weight in sorted(model.weights, key=lambda pair: -pair[1])
    )
