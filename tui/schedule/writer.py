"""Writing the schedule: the difference, the question, the write, and a new look."""

from __future__ import annotations

from collections.abc import Callable

from engine.schedule.drafts import Draft
from engine.schedule.records import Backend, ConflictError
from tui.dialogs.confirm import Question, confirm
from tui.ports import Shell
from tui.schedule.edit import ScheduleEdit
from tui.schedule.look import ScheduleLook, read_schedule
from tui.schedule.text import diff_lines
from tui.work.messages import Notice

Written = tuple[ConflictError | tuple[str, ...], ScheduleLook]
"""The warnings of a write, or the conflict that stopped it; and the schedule after it."""


class ScheduleWriter:
    """Asks before each write, and reports its outcome."""

    def __init__(
        self, shell: Shell, tell: Callable[[Notice], None], written: Callable[[Written], None]
    ) -> None:
        self._shell = shell
        self._tell = tell
        self._written = written

    def undo(self) -> None:
        """Take back the last write."""
        schedule = self._shell.engine.schedule
        self._shell.ask(
            "undo",
            lambda: schedule.scheduler().undo(),
            lambda draft: self._confirm(draft, "Undo"),
        )

    def write(self, edit: ScheduleEdit) -> None:
        """Write the lines of the edit."""
        schedule = self._shell.engine.schedule
        self._shell.ask(
            "difference",
            lambda: schedule.scheduler().draft(edit.base, edit.lines, "edit"),
            lambda draft: self._confirm(draft, "Write"),
        )

    def _confirm(self, draft: Draft, verb: str) -> None:
        if not draft.changed:
            self._tell(Notice("no difference: the crontab is as asked"))
            return
        has_tab = draft.after is not None or draft.base.tab is not None
        to_systemd = draft.base.backend is Backend.SYSTEMD and not has_tab
        place = "systemd timers" if to_systemd else "crontab"
        lines = diff_lines(draft.diff, draft.warnings)
        question = Question(f"{verb} this to your {place}?", lines, verb)
        confirm(
            self._shell,
            question,
            lambda: self._shell.ask("write", lambda: self._write(draft), self._written),
        )

    def _write(self, draft: Draft) -> Written:
        """In a thread: write, and look again, so that the next change starts from there."""
        scheduler = self._shell.engine.schedule.scheduler()
        ending: ConflictError | tuple[str, ...]
        try:
            _, ending = scheduler.write(draft)
        except ConflictError as error:
            ending = error
        return ending, read_schedule(self._shell.engine.schedule)
