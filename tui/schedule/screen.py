"""The Schedule screen: the jobs, their runs, and changes that are shown before writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Level
from engine.schedule.job_lines import JobLine, with_line
from engine.schedule.jobs import JOBS
from engine.schedule.records import ConflictError, JobView
from engine.words.tables import meanings
from tui.dialogs.confirm import Question, confirm
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.schedule import text as words
from tui.schedule.check_verbs import ScheduleCheckVerbs
from tui.schedule.edit import ScheduleEdit
from tui.schedule.form import ScheduleForm
from tui.schedule.job_text import detail_lines
from tui.schedule.look import ScheduleLook, read_schedule
from tui.schedule.writer import ScheduleWriter, Written
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice, level_of


class ScheduleScreen(LiveScreen):
    """Opening and leaving writes nothing; `w` shows the difference, and only then writes."""

    GROUP = "schedule"
    NAME = "Schedule"
    TAB = "schedule"
    # Each look asks the crontab program three times, 3 to 40 ms each.
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("schedule")
    VERBS = (ScheduleCheckVerbs,)

    value: ScheduleLook | None

    @property
    def edit(self) -> ScheduleEdit | None:
        """Changes that are not written; None without any. They outlive the screen."""
        edit = self.shell.drafts.get(self.TAB)
        return edit if isinstance(edit, ScheduleEdit) else None

    @edit.setter
    def edit(self, edit: ScheduleEdit | None) -> None:
        if edit is None:
            self.shell.drafts.pop(self.TAB, None)
        else:
            self.shell.drafts[self.TAB] = edit
        self.draw_frame()

    # -- looking --------------------------------------------------------------------------------

    def look(self) -> ScheduleLook:
        return read_schedule(self.shell.engine.schedule)

    def value_changed(self) -> None:
        if self.edit and not self.edit.changed:
            self.edit = None

    def compose_body(self) -> ComposeResult:
        yield Picker(id="jobs")
        yield ScrollLines(id="page")

    def on_mount(self) -> None:
        self.query_one("#jobs").styles.height = len(JOBS) + 1

    def on_resize(self) -> None:
        self.query_one("#jobs").styles.height = max(1, min(len(JOBS) + 1, self.app.size.height - 4))

    def facts(self) -> Sequence[Span]:
        return tuple(words.facts(self.value.view, self.edit)) if self.value else ()

    def sections(self) -> Sections:
        return (
            ("Columns", meanings(words.HEADS)),
            ("State words", tuple(words.STATE_WORDS.items())),
        )

    def draw(self) -> None:
        jobs, page = self.query_one(Picker), self.query_one(ScrollLines)
        look = self.value
        if look is None:
            jobs.fill((), (), self.waiting("reading the crontab"))
            page.fill(())
            return
        now, width = look.view.taken_at, page.size.width
        rows = [words.job_row(job, self._planned(job), now, look.zone) for job in look.view.jobs]
        header, lines = table(words.HEADS, rows, jobs.size.width - 2)
        names = [job.job.name for job in look.view.jobs]
        jobs.fill(header, list(zip(names, lines, strict=True)))
        detail: tuple[Line, ...] = ()
        if current := self._current():
            detail = detail_lines(current, self._planned(current), now, look.zone, width)
        page.fill((*detail, line(""), *words.around_lines(look.view, width)))

    def _current(self) -> JobView | None:
        if self.value is None:
            return None
        name = self.query_one(Picker).chosen
        return next((job for job in self.value.view.jobs if job.job.name == name), None)

    def copyable(self) -> str:
        current = self._current()
        if current is None:
            return ""
        planned = self._planned(current)
        return f"{planned.expression} {planned.command}" if planned else current.job.name

    def _planned(self, job: JobView) -> JobLine | None:
        """The job's line as it would be written."""
        return self.edit.line(job.job.name) if self.edit else job.line

    # -- changing -------------------------------------------------------------------------------

    def _begin(self) -> tuple[JobView, ScheduleEdit] | None:
        """The current job, and the changes so far; None, and why, where nothing can be changed."""
        look, current = self.value, self._current()
        if look is None or current is None:
            self.tell(Notice("the crontab was not read yet", self.failure))
            return None
        if self.edit is None:
            if look.base is None:
                self.tell(Notice(look.refused, look.hint, level=Level.CRIT))
                return None
            self.edit = ScheduleEdit(look.base, look.base.lines)
        return current, self.edit

    def _begin_planned(self) -> tuple[ScheduleEdit, JobLine] | None:
        """The edit and the current job's line in it; None, and why, where the job has none."""
        if (begun := self._begin()) is None:
            return None
        current, edit = begun
        name = current.job.name
        if (planned := edit.line(name)) is None:
            hint = f"{key('schedule_add')} adds it"
            self.tell(Notice(f"{name} is not in the schedule", hint))
            return None
        return edit, planned

    def _put(self, edit: ScheduleEdit) -> None:
        self.edit = edit if edit.changed else None
        self.redraw()

    def do_toggle(self) -> None:
        if (begun := self._begin_planned()) is not None:
            edit, planned = begun
            toggled = replace(planned, enabled=not planned.enabled)
            self._put(edit.to(with_line(edit.lines, toggled)))

    def do_edit(self) -> None:
        if (begun := self._begin_planned()) is not None:
            self._open_form(begun[1])

    def _open_form(self, planned: JobLine) -> None:
        assert self.value is not None

        def put(expression: str | None) -> None:
            if self.edit is None:
                return
            edit = self.edit
            if expression is not None:
                changed = replace(planned, expression=expression)
                edit = edit.to(with_line(edit.lines, changed))
            self._put(edit)

        now = self.shell.engine.schedule.scheduler().clock.now()
        form = ScheduleForm(planned.job, planned.expression, now, self.value.zone)
        self.app.push_screen(form, put)

    def do_add(self) -> None:
        if (begun := self._begin()) is None:
            return
        current, edit = begun
        name = current.job.name
        if edit.line(name) is not None:
            missing = [job for job in JOBS if edit.line(job) is None]
            hint = f"move to {' or '.join(missing)}" if missing else "all jobs are in it"
            change = f"{key('schedule_edit')} gives it another time"
            self.tell(Notice(f"{name} is in the schedule already; {change}", hint))
            return
        # The first standard job brings the others with it.
        all_standard = not edit.lines and JOBS[name].standard
        names = () if all_standard else (name,)
        base = replace(edit.base, lines=edit.lines)
        scheduler = self.shell.engine.schedule.scheduler
        self.shell.ask(
            "add",
            lambda: scheduler().install(base, names).lines,
            lambda lines: self._added(lines, edit, all_standard=all_standard),
        )

    def _added(
        self, lines: tuple[JobLine, ...], before: ScheduleEdit, *, all_standard: bool
    ) -> None:
        """Add the new lines to the edit; ask for the time of a single one."""
        new_lines = [planned for planned in lines if before.line(planned.job) is None]
        for new_line in new_lines:
            edit = self.edit or before
            self.edit = edit.to(with_line(edit.lines, new_line))
        self.redraw()
        if all_standard:
            names = ", ".join(new_line.job for new_line in new_lines)
            hint = f"{key('schedule_write')} shows and writes them"
            self.tell(Notice(f"the standard jobs are added: {names}", hint))
        elif new_lines:
            self._open_form(new_lines[0])

    def do_remove(self) -> None:
        if (begun := self._begin_planned()) is None:
            return
        planned = begun[1]

        def remove() -> None:
            if self.edit is not None:
                self._put(self.edit.without(planned.job))

        lines = (
            line(f"  {planned.expression} {planned.command}"),
            line(f"{key('schedule_write')} writes it; until then nothing is changed", "dim"),
        )
        question = Question(f"Take {planned.job} out of the schedule?", lines, "Take it out")
        confirm(self.shell, question, remove)

    # -- writing --------------------------------------------------------------------------------

    def do_undo(self) -> None:
        """The last change that is not written, else the last write."""
        if self.edit is not None:
            self._put(self.edit.back())
        else:
            self._writer.undo()

    def do_write(self) -> None:
        if self.edit is None or not self.edit.changed:
            self.tell(Notice("nothing to write: the schedule is unchanged"))
        else:
            self._writer.write(self.edit)

    @property
    def _writer(self) -> ScheduleWriter:
        return ScheduleWriter(self.shell, self.tell, self._written)

    def _written(self, answer: Written) -> None:
        ending, look = answer
        if isinstance(ending, ConflictError):
            if self.edit and look.base:
                # Somebody else wrote: our changes stay, and start from the new crontab.
                self.edit = ScheduleEdit(look.base, self.edit.lines)
            hint = f"your changes are kept: look again and press {key('schedule_write')}"
            self.tell(Notice(ending.message, hint, level=Level.CRIT))
        else:
            self.edit = None
            text = f"written; {key('schedule_undo')} takes it back"
            level = level_of(incomplete=bool(ending))
            self.tell(Notice(text, "; ".join(ending), level=level))
        self.take(look)

    def do_run_now(self) -> None:
        current = self._current()
        if current is None:
            return
        job = current.job
        lines = (
            line(f"  stockml cron-run {job.name}: {job.summary}"),
            line(
                f"  with cron's environment; its words go to logs/{job.log}/cron.log, its end to"
                " this screen",
                "dim",
            ),
        )

        def run() -> None:
            self.shell.ask("run", lambda: self.shell.engine.schedule.start_now(job.name), self._ran)

        question = Question(f"Run {job.name} now, as cron would?", lines, "Run it")
        confirm(self.shell, question, run)

    def _ran(self, pid: int) -> None:
        self.tell(Notice(f"started as process {pid}; it keeps running without the console"))
        self.do_refresh()

    def _page(self, pages: int) -> None:
        self.query_one(ScrollLines).page(pages)
