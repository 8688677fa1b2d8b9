"""The detail line: the current row in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from textual.reactive import var

from tui.panes.pane import Pane
from tui.widgets.lines import Line, line
from tui.words import detail


class DetailPane(Pane):
    """Why the current row is as it is."""

    TITLE = "Current row"
    HELP = "Why a number is missing or a state is bad; else the 80 % interval, P(up) and what the figures rest on."

    cursor: var[str] = var("")

    def lines(self) -> Iterable[Line]:
        row = self.snapshot.row(self.cursor) if self.snapshot else None
        return (detail(row, self.size.width) if row else line(""),)

    def watch_cursor(self) -> None:
        self.redraw()
