"""The Schedule screen: our jobs, what became of them, and changes to the crontab that are shown
before they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.errors import StockmlError
from engine.core.records import Level
from engine.schedule.drafts import CurrentSchedule, Draft
from engine.schedule.job_lines import JobLine, with_line
from engine.schedule.jobs import JOBS
from engine.schedule.records import ConflictError, JobView, ScheduleView
from engine.words.tables import meanings
from tui.dialogs.confirm import Question, confirm, confirm_leaving
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.schedule import text as words
from tui.schedule.form import ScheduleForm
from tui.schedule.text import Edit
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice, level_of


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the view, and what changes would start from;
    without a base, why there can be none."""

    view: ScheduleView
    base: CurrentSchedule | None
    zone: ZoneInfo
    refused: str = ""
    hint: str = ""


class ScheduleScreen(LiveScreen):
    """Opening and leaving writes nothing;
    `w` shows the difference of the whole crontab, and only then writes."""

    GROUP = "schedule"
    NAME = "Schedule"
    TAB = "schedule"
    # Each look asks the crontab program three times, 3 to 40 ms each.
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("schedule")

    value: Seen | None

    def __init__(self) -> None:
        super().__init__()
        self.edit: Edit | None = None
        """Changes that are not written; None without any."""

    # -- looking --------------------------------------------------------------------------------

    def look(self) -> Seen:
        scheduler = self.shell.engine.schedule.scheduler()
        seen = self.shell.engine.schedule.view()
        try:
            base = scheduler.current()
        except StockmlError as error:
            return Seen(seen, None, scheduler.zone, error.message, error.hint)
        return Seen(seen, base, scheduler.zone)

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
        seen = self.value
        if seen is None:
            jobs.fill((), (), self.waiting("reading the crontab"))
            page.fill(())
            return
        now = seen.view.taken_at
        rows = [
            words.job_row(found, self._wanted(found), now, seen.zone) for found in seen.view.jobs
        ]
        header, lines = table(words.HEADS, rows, jobs.size.width - 2)
        jobs.fill(
            header,
            [(found.job.name, text) for found, text in zip(seen.view.jobs, lines, strict=True)],
        )
        width = page.size.width
        current = self._current()
        detail = (
            words.detail_lines(current, self._wanted(current), now, seen.zone, width)
            if current
            else ()
        )
        page.fill((*detail, line(""), *words.around_lines(seen.view, width)))

    def _current(self) -> JobView | None:
        name = self.query_one(Picker).chosen
        return (
            next((found for found in self.value.view.jobs if found.job.name == name), None)
            if self.value
            else None
        )

    def copyable(self) -> str:
        current = self._current()
        planned = self._wanted(current) if current else None
        return (
            f"{planned.expression} {planned.command}"
            if planned
            else current.job.name
            if current
            else ""
        )

    def _wanted(self, found: JobView) -> JobLine | None:
        """The job's line as it would be written."""
        return self.edit.line(found.job.name) if self.edit else found.line

    # -- changing -------------------------------------------------------------------------------

    def _begin(self) -> tuple[JobView, Edit] | None:
        """The current job, and the changes so far; None, and why, where nothing can be changed."""
        seen, current = self.value, self._current()
        if seen is None or current is None:
            self.tell(Notice("the crontab was not read yet", self.failure))
            return None
        if seen.base is None and self.edit is None:
            self.tell(Notice(seen.refused, seen.hint, level=Level.CRIT))
            return None
        if self.edit is None:
            assert seen.base is not None
            self.edit = Edit(seen.base, seen.base.lines)
        return current, self.edit

    def _begin_planned(self) -> tuple[Edit, JobLine] | None:
        """The edit and the current job's line in it; says so where the job has none."""
        if (begun := self._begin()) is None:
            return None
        current, edit = begun
        if (one := edit.line(current.job.name)) is None:
            self.tell(
                Notice(
                    f"{current.job.name} is not in the schedule", f"{key('schedule_add')} adds it"
                )
            )
            return None
        return edit, one

    def _put(self, edit: Edit) -> None:
        self.edit = edit if edit.changed else None
        self.redraw()

    def do_toggle(self) -> None:
        if (planned := self._begin_planned()) is not None:
            edit, one = planned
            self._put(edit.to(with_line(edit.lines, replace(one, enabled=not one.enabled))))

    def do_edit(self) -> None:
        if (planned := self._begin_planned()) is not None:
            self._form(planned[1])

    def _form(self, one: JobLine) -> None:
        assert self.value is not None

        def taken(expression: str | None) -> None:
            if expression is not None and self.edit is not None:
                self._put(
                    self.edit.to(with_line(self.edit.lines, replace(one, expression=expression)))
                )
            elif self.edit is not None:
                self._put(self.edit)

        now = self.shell.engine.schedule.scheduler().clock.now()
        self.app.push_screen(ScheduleForm(one.job, one.expression, now, self.value.zone), taken)

    def do_add(self) -> None:
        if (begun := self._begin()) is None:
            return
        current, edit = begun
        name = current.job.name
        if edit.line(name) is not None:
            missing = [job for job in JOBS if edit.line(job) is None]
            hint = f"move to {' or '.join(missing)}" if missing else "all jobs are in it"
            self.tell(
                Notice(
                    f"{name} is in the schedule already; {key('schedule_edit')} gives it another"
                    " time",
                    hint,
                )
            )
            return
        engine = self.shell.engine
        first = not edit.lines and JOBS[name].standard

        def lines() -> tuple[JobLine, ...]:
            return (
                engine.schedule.scheduler()
                .install(replace(edit.base, lines=edit.lines), () if first else (name,))
                .lines
            )

        def added(found: tuple[JobLine, ...]) -> None:
            new = [one for one in found if edit.line(one.job) is None]
            for one in new:
                edit_now = self.edit or edit
                self.edit = edit_now.to(with_line(edit_now.lines, one))
            self.redraw()
            if first:
                self.tell(
                    Notice(
                        f"the standard jobs are added: {', '.join(one.job for one in new)}",
                        f"{key('schedule_write')} shows and writes them",
                    )
                )
            elif new:
                self._form(new[0])

        self.shell.ask("add", lines, added)

    def do_remove(self) -> None:
        if (planned := self._begin_planned()) is None:
            return
        one = planned[1]

        def remove() -> None:
            if self.edit is not None:
                self._put(
                    self.edit.to(tuple(other for other in self.edit.lines if other.job != one.job))
                )

        listed = (
            line(f"  {one.expression} {one.command}"),
            line(f"{key('schedule_write')} writes it; until then nothing is changed", "dim"),
        )
        question = Question(f"Take {one.job} out of the schedule?", listed, "Take it out")
        confirm(self.shell, question, remove)

    # -- writing --------------------------------------------------------------------------------

    def do_undo(self) -> None:
        """The last change that is not written, else the last write."""
        if self.edit is not None:
            self._put(self.edit.back())
            return
        self.shell.ask(
            "undo",
            lambda: self.shell.engine.schedule.scheduler().undo(),
            lambda draft: self._ask_write(draft, "Undo"),
        )

    def do_write(self) -> None:
        edit = self.edit
        if edit is None or not edit.changed:
            self.tell(Notice("nothing to write: the schedule is as it stands"))
            return
        work = lambda: self.shell.engine.schedule.scheduler().draft(edit.base, edit.lines, "edit")  # noqa: E731
        self.shell.ask("difference", work, lambda draft: self._ask_write(draft, "Write"))

    def _ask_write(self, draft: Draft, verb: str) -> None:
        if not draft.changed:
            self.tell(Notice("no difference: the crontab is as asked"))
            return

        def write() -> None:
            self.shell.ask("write", lambda: self._write(draft), self._written)

        what = (
            "systemd timers"
            if draft.after is None
            and draft.base.tab is None
            and str(draft.base.backend) == "systemd"
            else "crontab"
        )
        question = Question(
            f"{verb} this to your {what}?", words.diff_lines(draft.diff, draft.warnings), verb
        )
        confirm(self.shell, question, write)

    def _write(self, draft: Draft) -> tuple[ConflictError | tuple[str, ...], Seen]:
        """In a thread: write, and look again, so that the next change starts from what stands
        now."""
        try:
            result: ConflictError | tuple[str, ...] = self.shell.engine.schedule.scheduler().write(
                draft
            )[1]
        except ConflictError as error:
            result = error
        return result, self.look()

    def _written(self, done: tuple[ConflictError | tuple[str, ...], Seen]) -> None:
        result, seen = done
        if isinstance(result, ConflictError):
            if self.edit and seen.base:
                # Somebody else wrote: our changes stay, and start from the new crontab.
                self.edit = Edit(seen.base, self.edit.lines)
            self.tell(
                Notice(
                    result.message,
                    f"your changes are kept: look again and press {key('schedule_write')}",
                    level=Level.CRIT,
                )
            )
        else:
            self.edit = None
            self.tell(
                Notice(
                    f"written; {key('schedule_undo')} takes it back",
                    "; ".join(result),
                    level=level_of(incomplete=bool(result)),
                )
            )
        self.take(seen)

    def do_run_now(self) -> None:
        current = self._current()
        if current is None:
            return
        job = current.job
        listed = (
            line(f"  stockml cron-run {job.name}: {job.summary}"),
            line(
                f"  with cron's environment; its words go to logs/{job.log}/cron.log, its end to"
                " this screen",
                "dim",
            ),
        )

        def run() -> None:
            self.shell.ask("run", lambda: self.shell.engine.schedule.start_now(job.name), self._ran)

        question = Question(f"Run {job.name} now, as cron would?", listed, "Run it")
        confirm(self.shell, question, run)

    def _ran(self, pid: int) -> None:
        self.tell(Notice(f"started as process {pid}; it goes on without the console"))
        self.do_refresh()

    # -- leaving --------------------------------------------------------------------------------

    def before_leaving(self, go: Callable[[], None]) -> None:
        if self.edit is None or not self.edit.changed:
            go()
            return

        def leave() -> None:
            self.edit = None
            go()

        confirm_leaving(self.shell, self.edit.changed, key("schedule_write"), leave)

    def _page(self, pages: int) -> None:
        self.query_one(ScrollLines).page(pages)
