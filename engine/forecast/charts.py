"""The charts of an evaluation as inline SVG; Matplotlib is loaded here, without a display."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib import dates
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from engine.forecast.evaluate import Evaluation
from engine.forecast.evaluation_document import kept_of, reliability_of
from engine.forecast.metrics import relative_errors

# Okabe and Ito's palette: distinct for every kind of colour vision.
OURS, ACTUAL, WIDE, NARROW, GREY = "#0072B2", "#000000", "#D6E6F2", "#A9CCE3", "#777777"
PAGE_COLOURS = {
    "#000000": "var(--ink)",
    "#ffffff": "var(--paper)",
    "#cccccc": "var(--line)",
    "#777777": "var(--soft)",
    "#0072b2": "var(--ours)",
    "#d6e6f2": "var(--wide)",
    "#a9cce3": "var(--narrow)",
}
"""The page decides about these: it has a light and a dark form."""
MEMBERS = ("#BBBBBB", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00")
SLIDING = 20
"""Sessions of a sliding mean: a trading month."""
# Text stays text (small, searchable); a fixed salt makes the same figures the same bytes.
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stockml",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def drawn(size: tuple[float, float], title: str, draw: Callable[[Figure], None]) -> str:
    """The SVG element of a figure of `size` inches that `draw` fills; `title` says it in words."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        buffer = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", metadata=metadata)
    text = buffer.getvalue()
    svg = text[text.index("<svg") :]  # without the XML prologue
    # Responsive: the page sets the width.
    svg = re.sub(r' (?:width|height)="[^"]*pt"', "", svg, count=2)
    svg = re.sub("|".join(PAGE_COLOURS), lambda colour: PAGE_COLOURS[colour[0]], svg)
    opening, _, rest = svg.partition(">")
    words = escape(title)
    return f'{opening} role="img" aria-label="{words}"><title>{words}</title>{rest}'


def forecast_chart(evaluation: Evaluation) -> str:
    """Forecast against actual with both intervals, and below it the gain on naive over time."""

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_against_actual(top, evaluation)
        _draw_against_naive(bottom, evaluation)
        _format_dates(bottom)

    return drawn((9.0, 5.2), _forecast_words(evaluation), draw)


def _forecast_words(evaluation: Evaluation) -> str:
    """What the chart shows, for who cannot see it."""
    record = evaluation.record
    ours = relative_errors(record.forecast, record.target)
    naive = relative_errors(np.zeros(len(record)), record.target)
    mark = " (SIMULATED)" if evaluation.simulated else ""
    return (
        f"{evaluation.symbol}{mark}: forecast and close of {len(record)} sessions, mean error"
        f" {100.0 * ours.mean():.2f} % (naive {100.0 * naive.mean():.2f} %);"
        f" {_kept(record.half80, evaluation):.0f} % of closes inside the 80 % interval,"
        f" {_kept(record.half95, evaluation):.0f} % inside the 95 % one"
    )


def _kept(half: np.ndarray, evaluation: Evaluation) -> float:
    record = evaluation.record
    return 100.0 * float(np.mean(np.abs(record.target - record.forecast) <= half))


def _draw_against_actual(axes: Any, evaluation: Evaluation) -> None:
    record = evaluation.record
    before = evaluation.before
    for level, half, colour in (("95", record.half95, WIDE), ("80", record.half80, NARROW)):
        low = before * np.exp(record.forecast - half)
        high = before * np.exp(record.forecast + half)
        label = f"{level} % interval"
        axes.fill_between(record.dates, low, high, color=colour, linewidth=0, label=label)
    forecast = before * np.exp(record.forecast)
    actual = before * np.exp(record.target)
    axes.plot(record.dates, forecast, color=OURS, linewidth=1.0, label="forecast")
    axes.plot(record.dates, actual, ".", color=ACTUAL, markersize=3, label="actual close")
    axes.set_ylabel("index, start = 100" if evaluation.indexed else "close, dollars")
    mark = " (SIMULATED)" if evaluation.simulated else ""
    title = f"{evaluation.symbol}{mark}: forecast against actual"
    axes.set_title(f"{title}, {evaluation.part}, n={len(record)}", loc="left")
    axes.legend(loc="upper left", fontsize=7, ncols=4)


def _draw_against_naive(axes: Any, evaluation: Evaluation) -> None:
    record = evaluation.record
    ours = relative_errors(record.forecast, record.target)
    naive = relative_errors(np.zeros(len(record)), record.target)
    gained = 100.0 * np.cumsum(naive - ours)
    label = "naive's error - ours, summed up"
    axes.plot(record.dates, gained, color=OURS, linewidth=1.2, label=label)
    axes.axhline(0.0, color=ACTUAL, linewidth=0.8)
    axes.set_ylabel("points gained on naive")
    axes.margins(y=0.3)  # room for the legend
    right = axes.twinx()
    right.grid(visible=False)
    for errors, colour, name in ((ours, OURS, "ours"), (naive, GREY, "naive")):
        right.plot(
            record.dates,
            100.0 * sliding_mean(errors),
            color=colour,
            linewidth=0.8,
            linestyle="--",
            label=f"MAPE, {name}",
        )
    right.set_ylabel(f"MAPE %, {SLIDING} sessions")
    lines = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    axes.legend(lines, [line.get_label() for line in lines], loc="upper left", fontsize=7, ncols=3)


def sliding_mean(values: np.ndarray) -> np.ndarray:
    """[n] the mean of the newest SLIDING values; NaN until there are that many."""
    if len(values) < SLIDING:
        return np.full(len(values), np.nan)
    means = np.convolve(values, np.full(SLIDING, 1.0 / SLIDING), mode="valid")
    return np.concatenate([np.full(SLIDING - 1, np.nan), means])


def _format_dates(axes: Any) -> None:
    """Readable dates below."""
    library: Any = dates
    locator = library.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(library.ConciseDateFormatter(locator))


def reliability_chart(evaluations: Sequence[Evaluation]) -> str:
    """Stated against observed, for the confidence and for P(up), all symbols together."""
    bins = reliability_of(evaluations)
    titles = {"confidence": f"confidence, n={len(kept_of(evaluations))}", "p_up": "P(up)"}

    def draw(figure: Figure) -> None:
        for axes, (name, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
            _draw_reliability(axes, bins[name])
            axes.set_title(f"Reliability of the {title}")

    words = "; ".join(
        f"{titles[name]}: "
        + ", ".join(
            f"{100 * part['stated']:.0f} % came true {100 * part['observed']:.0f} %"
            for part in bins[name]
        )
        for name in titles
    )
    return drawn((9.0, 3.8), f"Reliability of the {words}", draw)


def _draw_reliability(axes: Any, bins: Sequence[dict[str, Any]]) -> None:
    """One diagram: a point for each bin with its number of sessions."""
    stated = [100.0 * part["stated"] for part in bins]
    observed = [100.0 * part["observed"] for part in bins]
    diagonal = [0, 100]
    axes.plot(diagonal, diagonal, color=GREY, linewidth=0.8, linestyle="--", label="as stated")
    axes.plot(stated, observed, "o-", color=OURS, markersize=4, linewidth=1.0, label="came true")
    for part, point in zip(bins, zip(stated, observed, strict=True), strict=True):
        axes.annotate(
            str(part["n"]),
            point,
            textcoords="offset points",
            xytext=(4, -9),
            fontsize=7,
            color=GREY,
        )
    axes.set(xlabel="stated %", ylabel="observed %", xlim=(0, 102), ylim=(0, 102))
    axes.legend(loc="upper left", fontsize=7)


def weights_chart(evaluations: Sequence[Evaluation]) -> str:
    """The ensemble's weights, one bar a symbol."""
    weights = [dict(evaluation.model.weights) for evaluation in reversed(evaluations)]
    symbols = [evaluation.symbol for evaluation in reversed(evaluations)]
    names = list(dict.fromkeys(name for part in reversed(weights) for name in part))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.zeros(len(symbols))
        for index, name in enumerate(names):
            widths = np.array([part.get(name, 0.0) for part in weights])
            colour = MEMBERS[index % len(MEMBERS)]
            axes.barh(symbols, widths, left=left, color=colour, label=name, edgecolor="white")
            left += widths
        axes.set(title="Weights of the members", xlim=(0, 1))
        axes.grid(visible=False)
        figure.legend(loc="outside lower center", ncols=len(names), fontsize=8)

    words = "; ".join(
        f"{evaluation.symbol} "
        + ", ".join(f"{name} {weight:.2f}" for name, weight in evaluation.model.weights)
        for evaluation in evaluations
    )
    return drawn((9.0, 1.2 + 0.28 * len(symbols)), f"Weights of the members: {words}", draw)
