"""The charts of an evaluation as SVG to stand inside a page.

Matplotlib is loaded here, without a display.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import dates
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from engine.forecast.evaluate import Evaluation
from engine.forecast.metrics import relative_errors
from engine.forecast.report import diagram, kept

# Okabe and Ito's palette: told apart by every kind of colour vision.
OURS, ACTUAL, WIDE, NARROW, GREY = "#0072B2", "#000000", "#D6E6F2", "#A9CCE3", "#777777"
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


def drawn(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """The SVG element of a figure of `size` inches that `draw` fills."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(
            buffer,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = buffer.getvalue()
    # Without the XML prologue, and responsive: the page sets the width.
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*pt"', r"<svg \1", text[text.index("<svg") :], count=1
    ).replace('height="', 'data-height="', 1)


def forecast_chart(found: Evaluation) -> str:
    """Forecast against actual with both intervals, and below it what was gained on naive since
    the first session."""

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _against_actual(top, found)
        _against_naive(bottom, found)
        dated(bottom)

    return drawn((9.0, 5.2), draw)


def _against_actual(axes: Any, found: Evaluation) -> None:
    record, before = found.record, found.before
    for level, colour in (("95", WIDE), ("80", NARROW)):
        half = getattr(record, f"half{level}")
        low, high = before * np.exp(record.forecast - half), before * np.exp(record.forecast + half)
        axes.fill_between(
            record.dates, low, high, color=colour, linewidth=0, label=f"{level} % interval"
        )
    axes.plot(
        record.dates, before * np.exp(record.forecast), color=OURS, linewidth=1.0, label="forecast"
    )
    axes.plot(
        record.dates,
        before * np.exp(record.target),
        ".",
        color=ACTUAL,
        markersize=3,
        label="actual close",
    )
    axes.set_ylabel("index, start = 100" if found.indexed else "close, dollars")
    mark = " (SIMULATED)" if found.simulated else ""
    axes.set_title(
        f"{found.symbol}{mark}: forecast against actual, {found.part}, n={len(record)}", loc="left"
    )
    axes.legend(loc="upper left", fontsize=7, ncols=4)


def _against_naive(axes: Any, found: Evaluation) -> None:
    record = found.record
    ours, naive = (
        relative_errors(record.forecast, record.target),
        relative_errors(np.zeros(len(record)), record.target),
    )
    axes.plot(
        record.dates,
        100.0 * np.cumsum(naive - ours),
        color=OURS,
        linewidth=1.2,
        label="naive's error - ours, summed up",
    )
    axes.axhline(0.0, color=ACTUAL, linewidth=0.8)
    axes.set_ylabel("points gained on naive")
    axes.margins(y=0.3)  # room for the legend
    right = axes.twinx()
    right.grid(visible=False)
    for errors, colour, name in ((ours, OURS, "ours"), (naive, GREY, "naive")):
        right.plot(
            record.dates,
            100.0 * sliding(errors),
            color=colour,
            linewidth=0.8,
            linestyle="--",
            label=f"MAPE, {name}",
        )
    right.set_ylabel(f"MAPE %, {SLIDING} sessions")
    lines = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    axes.legend(lines, [line.get_label() for line in lines], loc="upper left", fontsize=7, ncols=3)


def sliding(values: np.ndarray) -> np.ndarray:
    """[n] the mean of the newest SLIDING values; NaN until there are that many."""
    if len(values) < SLIDING:
        return np.full(len(values), np.nan)
    means = np.convolve(values, np.full(SLIDING, 1.0 / SLIDING), mode="valid")
    return np.concatenate([np.full(SLIDING - 1, np.nan), means])


def dated(axes: Any) -> None:
    """Readable dates below."""
    library: Any = dates
    locator = library.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(library.ConciseDateFormatter(locator))


def reliability_chart(found: Sequence[Evaluation]) -> str:
    """What was stated against what came, for the confidence and for P(up), all symbols together."""
    bins = diagram(found)
    titles = {"confidence": f"confidence, n={len(kept(found))}", "p_up": "P(up)"}

    def draw(figure: Figure) -> None:
        for axes, (name, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
            axes.plot(
                [0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle="--", label="as stated"
            )
            stated, observed = (
                [100.0 * each[key] for each in bins[name]] for key in ("stated", "observed")
            )
            axes.plot(
                stated, observed, "o-", color=OURS, markersize=4, linewidth=1.0, label="came true"
            )
            for each, x, y in zip(bins[name], stated, observed, strict=True):
                axes.annotate(
                    str(each["n"]),
                    (x, y),
                    textcoords="offset points",
                    xytext=(4, -9),
                    fontsize=7,
                    color=GREY,
                )
            axes.set(
                title=f"Reliability of the {title}",
                xlabel="stated %",
                ylabel="observed %",
                xlim=(0, 102),
                ylim=(0, 102),
            )
            axes.legend(loc="upper left", fontsize=7)

    return drawn((9.0, 3.8), draw)


def weights_chart(found: Sequence[Evaluation]) -> str:
    """The ensemble's weights, one bar a symbol."""
    names = list(dict.fromkeys(name for each in found for name, _ in each.model.weights))
    symbols = [each.symbol for each in reversed(found)]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.zeros(len(found))
        for at, name in enumerate(names):
            widths = np.array([dict(each.model.weights).get(name, 0.0) for each in reversed(found)])
            axes.barh(
                symbols,
                widths,
                left=left,
                color=MEMBERS[at % len(MEMBERS)],
                label=name,
                edgecolor="white",
            )
            left += widths
        axes.set(title="Weights of the members", xlim=(0, 1))
        axes.grid(visible=False)
        figure.legend(loc="outside lower center", ncols=len(names), fontsize=8)

    return drawn((9.0, 1.2 + 0.28 * len(found)), draw)
