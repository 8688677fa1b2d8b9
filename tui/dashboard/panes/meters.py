"""The meters line: the host's CPU, memory, disk and load against their limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.core.records import Level
from engine.core.snapshot import Meter
from engine.words import figures
from tui.frame.status_line import LEVEL_STYLES
from tui.look.glyphs import Glyphs, progress_bar
from tui.widgets.lines import Line, Span, line
from tui.widgets.pane import Pane


def meter_spans(meter: Meter, bar_width: int, glyphs: Glyphs) -> tuple[Span, ...]:
    """One meter: name, bar, value, level in a word; all values take the same width."""
    style = LEVEL_STYLES[meter.level]
    if meter.unit != "%":
        word = f" {meter.level.value}" if meter.level is not Level.OK else ""
        return (
            (f"{meter.name} {figures.number(meter.value, 2, 5)}{meter.unit}", ""),
            (word, style),
        )
    bar = f"{progress_bar(meter.value / 100, bar_width, glyphs)} " if bar_width else ""
    return (
        (f"{meter.name} {bar}", ""),
        (f"{figures.number(meter.value, 0):>3}% {meter.level.value:<4}", style),
    )


def meters_line(meters: Sequence[Meter], width: int, glyphs: Glyphs) -> Line:
    """All meters with the widest bars that fit; if none fit, the worst meters first."""
    for bar_width in range(12, 2, -1):
        drawn = [meter_spans(meter, bar_width, glyphs) for meter in meters]
        if _width(drawn) <= width:
            return _joined(drawn)
    order = sorted(meters, key=lambda meter: list(Level).index(meter.level), reverse=True)
    drawn = [meter_spans(meter, 0, glyphs) for meter in order]
    while len(drawn) > 1 and _width(drawn) > width:
        drawn.pop()
    return _joined(drawn)


def _width(meters: Sequence[Sequence[Span]]) -> int:
    return sum(len(text) for spans in meters for text, _ in spans) + len(meters) - 1


def _joined(meters: Sequence[Sequence[Span]]) -> Line:
    spans: list[Span] = []
    for meter in meters:
        spans += [(" ", ""), *meter] if spans else meter
    return tuple(spans)


def meter_lines(meters: Sequence[Meter], width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """One meter a line, with its detail."""
    bar = min(30, max(0, width - 30))
    return tuple(
        (*meter_spans(meter, bar, glyphs), (f"  {meter.detail}", "dim")) for meter in meters
    )


class MetersPane(Pane):
    """The host: what a training has to share."""

    TITLE = "Meters"
    HELP = (
        "CPU, memory and disk in percent in use, with OK, WARN or CRIT by the limits of"
        " [resources]; load of one minute."
    )

    def lines(self) -> Iterable[Line]:
        if self.snapshot is None:
            return (line("the host was not read" if self.failure else "reading the host", "dim"),)
        if not self.snapshot.meters:
            return (line("the host's meters could not be read", "warn"),)
        width, height = self.size
        if height > 1:
            return meter_lines(self.snapshot.meters, width, self.glyphs)
        return (meters_line(self.snapshot.meters, width, self.glyphs),)
