"""The dashboard in a sentence, for a terminal with no room for rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from textual.reactive import var

from engine.core.records import Level, SymbolState
from engine.core.snapshot import Snapshot
from engine.words import figures, forecasts
from tui.dashboard.columns import STATE_STYLES
from tui.widgets.lines import Line, Span, line, wrapped
from tui.widgets.pane import Pane

# Worst first: what wants a person stands where a small terminal still shows it.
ORDER = tuple(
    sorted(
        SymbolState,
        key=lambda state: ("crit", "warn", "live", "dim", "ok").index(STATE_STYLES[state]),
    )
)


def summary(snapshot: Snapshot, cursor: str) -> Line:
    """The count of symbols in each state, worst first, the host's warnings and the current row."""
    counts = Counter(row.state for row in snapshot.rows)
    spans: list[Span] = []
    for state in ORDER:
        if counts[state]:
            names = [row.symbol for row in snapshot.rows if row.state is state]
            few = f" {' '.join(names)}" if STATE_STYLES[state] == "crit" and len(names) <= 3 else ""
            spans += [
                (", " if spans else "", ""),
                (f"{counts[state]} {state.value}{few}", STATE_STYLES[state]),
            ]
    for meter in snapshot.meters:
        if meter.level is not Level.OK:
            value = f"{figures.number(meter.value, 0)}{meter.unit}"
            spans.append((f", {meter.name} {value} {meter.level.value}", "warn"))
    if row := snapshot.row(cursor):
        reach = f" {forecasts.half_range(row.forecast)}" if row.forecast else ""
        spans.append((f"; > {row.symbol} {row.state.value}{reach}", ""))
    return tuple(spans) or line("no symbol is configured", "warn")


class SummaryPane(Pane):
    """One sentence, wrapped into what lines there are."""

    TITLE = "Summary"
    HELP = "In a very small terminal: symbols by state, the worst first; > is the current row."

    cursor: var[str] = var("")

    def lines(self) -> Iterable[Line]:
        if self.snapshot is None:
            return (
                line(
                    "the home cannot be read" if self.failure else "reading the home",
                    "crit" if self.failure else "dim",
                ),
            )
        return wrapped(summary(self.snapshot, self.cursor), self.size.width, 0)

    def watch_cursor(self) -> None:
        self.redraw()
