"""One run: the progress of its symbols, a chart of the chosen one's losses, and the run's log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Job, Run
from engine.runs.journal import JournalTail
from engine.runs.training_log import event_text
from engine.runs.training_log import log_line as training_log_line
from engine.words.sources import SIMULATED
from engine.words.tables import meanings
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.logs.text import log_line
from tui.look.glyphs import ASCII, UNICODE
from tui.look.table import table
from tui.runs.cancel import ask_cancel
from tui.runs.race import lane, total_line
from tui.runs.text import JOB_HEADS, STATE_WORDS, STYLES, job_row, loss_lines
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Lines, Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice

# Lines of the log that are kept; the journal has them all.
KEPT = 5000


class RunScreen(LiveScreen):
    """A detail of the Runs screen."""

    GROUP = "run"
    UNDER = "runs"
    NAME = "Run"
    EVERY = 0.5
    BINDINGS: ClassVar[list[BindingType]] = bindings("run")

    value: tuple[Run, tuple[str, ...]] | None

    def __init__(self, run_id: str, symbol: str = "") -> None:
        super().__init__()
        self._run_id, self._symbol = run_id, symbol
        self._tail: JournalTail | None = None
        self._log: tuple[str, ...] = ()

    def look(self) -> tuple[Run, tuple[str, ...]]:
        run = self.shell.engine.runs.show(self._run_id)
        if self._tail is None:
            self._tail = self.shell.engine.runs.journal(self._run_id)
        new_lines = []
        for event in self._tail.poll():
            if (level_and_text := event_text(event, run.source)) is not None:
                level, text = level_and_text
                new_lines.append(training_log_line(level, event.ts, text))
        self._log = (*self._log, *new_lines)[-KEPT:]
        return run, self._log

    def value_changed(self) -> None:
        if self._symbol and self.value:
            self.draw()
            self.query_one(Picker).choose(self._symbol)
            self._symbol = ""

    def compose_body(self) -> ComposeResult:
        yield Picker(id="jobs")
        yield Lines(id="chart")
        yield ScrollLines(id="page", follow=True)

    def on_resize(self) -> None:
        self._place()

    def _place(self) -> None:
        """Divide the height; a small terminal drops the log first, then the chart."""
        height = self.app.size.height - 2
        jobs = len(self.value[0].jobs) + 1 if self.value else 2
        chart = self.query_one("#chart")
        chart.display = height >= 10
        taken = max(6, min(14, height // 3)) if chart.display else 0
        chart.styles.height = taken
        self.query_one("#jobs").styles.height = max(
            2, min(jobs, (height - taken) // 2 if height >= 14 else height - taken)
        )

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ((self._run_id, ""),)
        run = self.value[0]
        mark: tuple[Span, ...] = ((SIMULATED, "mark"),) if run.simulated else ()
        return (
            (run.id, ""),
            (run.state.value.upper(), STYLES[run.state]),
            (run.reason, "dim"),
            *mark,
        )

    def sections(self) -> Sections:
        return (("Columns", meanings(JOB_HEADS)), ("State words", STATE_WORDS))

    def draw(self) -> None:
        jobs, page, drawn = (
            self.query_one(Picker),
            self.query_one(ScrollLines),
            self.query_one("#chart", Lines),
        )
        if self.value is None:
            jobs.fill((), (), self.waiting("reading the run"))
            return
        self._place()
        run, said = self.value
        now = self.shell.wall.now()
        header, rows = self._rows(run, jobs.size.width - 2, now)
        jobs.fill(header, [(job.symbol, row) for job, row in zip(run.jobs, rows, strict=True)])
        width, height = drawn.size
        drawn.show(
            loss_lines(self._job(), width, height, ascii_only=self.shell.ascii_only)
            if height
            else ()
        )
        page.fill([log_line(text) for text in said] or [line("its journal is empty so far", "dim")])

    def _rows(self, run: Run, width: int, now: datetime) -> tuple[Line, Sequence[Line]]:
        """A lane a symbol under the total while it runs; figures before and after once it ended."""
        if not run.live:
            return table(JOB_HEADS, [job_row(job, now) for job in run.jobs], width)
        glyphs = ASCII if self.shell.ascii_only else UNICODE
        lanes = [lane(job, width, now, glyphs) for job in run.jobs]
        return total_line(run, now, glyphs), lanes

    def _job(self) -> Job | None:
        return self.value[0].job(self.query_one(Picker).chosen) if self.value else None

    def copyable(self) -> str:
        row = self.query_one(Picker).chosen_text
        return f"{self._run_id}  {row}" if row else self._run_id

    def do_cancel(self) -> None:
        if self.value is None or not self.value[0].live:
            self.tell(Notice("this run has ended"))
            return
        ask_cancel(self.shell, self.value[0])

    def do_follow(self) -> None:
        page = self.query_one(ScrollLines)
        page.follow = not page.follow
        self.tell(
            Notice(
                "the log follows"
                if page.follow
                else f"the log is frozen, {key('run_follow')} follows"
            )
        )

    def _page(self, pages: int) -> None:
        self.query_one(ScrollLines).page(pages)
