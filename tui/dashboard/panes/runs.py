"""The runs: what trains now, else how the last run ended."""

from __future__ import annotations

from collections.abc import Iterable

from tui.dashboard.text import run_lines
from tui.widgets.lines import Line, line
from tui.widgets.pane import Pane


class RunsPane(Pane):
    """The live runs with their running jobs."""

    TITLE = "Runs"
    HELP = (
        "Each live run: how many symbols ended, for how long, who started it; tall terminals add"
        " its running symbols."
    )

    def lines(self) -> Iterable[Line]:
        if self.snapshot is None:
            return (line("the runs were not read" if self.failure else "reading the runs", "dim"),)
        return run_lines(self.snapshot, self.size.width, self.size.height, self.glyphs)
