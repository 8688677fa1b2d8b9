"""The Runs screen: what waits, what runs, and how everything before ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Run
from engine.words.sources import SIMULATED
from engine.words.tables import meanings
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.runs.cancel import ask_cancel
from tui.runs.text import (
    JOB_HEADS,
    RUN_HEADS,
    STATE_WORDS,
    job_row,
    runs_table,
    summary_lines,
)
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice

# The newest runs; older ones are told by `stockml runs list`.
SHOWN = 200


class RunsScreen(LiveScreen):
    """The list above, the symbols of the chosen run below."""

    GROUP = "runs"
    NAME = "Runs"
    TAB = "runs"
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")

    value: tuple[Run, ...] | None

    def look(self) -> tuple[Run, ...]:
        runs = self.shell.engine.runs.recent(SHOWN)
        return (*(run for run in runs if run.live), *(run for run in runs if not run.live))

    def compose_body(self) -> ComposeResult:
        yield Picker(id="runs")
        yield ScrollLines(id="page")

    def facts(self) -> Sequence[Span]:
        runs = self.value or ()
        live = sum(run.live for run in runs)
        shown = f"{len(runs)} shown" + (
            ", older ones: stockml runs list" if len(runs) == SHOWN else ""
        )
        mark: tuple[Span, ...] = (
            ((SIMULATED, "mark"),) if runs and all(run.simulated for run in runs) else ()
        )
        return (
            (f"{live} live" if live else "idle", "live" if live else "dim"),
            (shown, "dim"),
            *mark,
        )

    def sections(self) -> Sections:
        return (
            ("Columns", meanings(RUN_HEADS)),
            ("Symbols of a run", meanings(JOB_HEADS)),
            ("State words", STATE_WORDS),
        )

    def draw(self) -> None:
        runs, page = self.query_one(Picker), self.query_one(ScrollLines)
        if self.value is None:
            runs.fill((), (), self.waiting("reading the runs"))
            return
        now = self.shell.wall.now()
        header, lines = runs_table(self.value, now, runs.size.width - 2)
        empty = (
            line(
                f"no run yet: {key('runs_to_dashboard')}, then {key('train_all')} trains every"
                " symbol",
                "dim",
            ),
        )
        runs.fill(
            header, [(run.id, text) for run, text in zip(self.value, lines, strict=True)], empty
        )
        current = self.current()
        if current is None:
            page.fill(())
            return
        width = page.size.width
        header, rows = table(JOB_HEADS, [job_row(job, now) for job in current.jobs], width - 2)
        page.fill(
            (
                *summary_lines(current, width),
                (("  ", ""), *header),
                *((("  ", ""), *row) for row in rows),
            )
        )

    def current(self) -> Run | None:
        """The run under the cursor."""
        chosen = self.query_one(Picker).chosen
        return next((run for run in self.value or () if run.id == chosen), None)

    def copyable(self) -> str:
        return self.query_one(Picker).chosen

    def do_open(self) -> None:
        from tui.runs.detail import RunScreen

        if (run := self.current()) is not None:
            self.app.push_screen(RunScreen(run.id))

    def do_cancel(self) -> None:
        run = self.current()
        if run is None or not run.live:
            self.tell(
                Notice("this run has ended" if run else "there is no run", "move to a live one")
            )
            return
        ask_cancel(self.shell, run)
