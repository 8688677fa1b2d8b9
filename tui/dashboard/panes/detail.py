"""The current row: one sentence in a one-line pane, every detail in a taller one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual.reactive import var

from engine.core.records import SymbolState
from tui.dashboard.detail_text import detail_lines
from tui.dashboard.text import detail
from tui.keys.labels import key
from tui.widgets.lines import Line, line
from tui.widgets.pane import Pane


class DetailPane(Pane):
    """The reason for the current row's state; in a wide terminal, at the side with all details."""

    TITLE = "Current row"
    HELP = (
        "Why a number is missing or a state is bad; else the 80 % interval, P(up) and what the"
        " figures rest on. From 160 columns on it stands at the side with everything known of the"
        " row; {next_pane} and {zoom} show that anywhere."
    )

    cursor: var[str] = var("")
    known: var[frozenset[str]] = var(frozenset)
    """What of it stands elsewhere on the screen."""

    def lines(self) -> Iterable[Line]:
        snapshot, (width, height) = self.snapshot, self.size
        row = snapshot.row(self.cursor) if snapshot else None
        if snapshot is None or row is None:
            waits = "the row was not read" if self.failure else "reading the row"
            return (line(waits if snapshot is None else "nothing selected", "dim"),)
        if row.state is SymbolState.NONE and row.job is None and not self.shell.read_only:
            row = replace(
                row, note=f"{row.note}; {key('retrain')} trains it, {key('train_all')} all"
            )
        if height == 1:
            return (detail(row, width),)
        return detail_lines(row, snapshot, width, height, self.glyphs, known=self.known)

    def watch_known(self) -> None:
        self.redraw()

    def watch_cursor(self) -> None:
        self.redraw()
