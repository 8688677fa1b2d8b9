"""Reads one home's schedule, drafts a change, shows the difference, writes it, undoes it.

base = scheduler.current()                      the tab's bytes, our lines
draft = scheduler.draft(base, lines, "set")     what would be written, the difference, the warnings
scheduler.write(draft)                          only if nobody changed the tab meanwhile
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from engine.core.audit import audited
from engine.core.clock import Clock, SystemClock
from engine.core.errors import RefusedError, StockmlError, UsageError
from engine.core.paths import Home
from engine.schedule.block import (
    cut_block,
    find_block,
    foreign_bytes,
    other_name_of,
    put_block,
    splice,
)
from engine.schedule.crontab import Crontab
from engine.schedule.daemon import find_daemon, find_manager
from engine.schedule.daemon_zone import DaemonZone
from engine.schedule.diff import tab_diff, text_diff
from engine.schedule.drafts import CurrentSchedule, Draft, EditPolicy, changes_between, draft_audit
from engine.schedule.explain import clashes, explain
from engine.schedule.expression import parse
from engine.schedule.job_lines import JobLine, default_line, in_order, with_line
from engine.schedule.jobs import JOBS, STANDARD_JOBS, find_program, job_named, shell_command
from engine.schedule.reader import ScheduleReader
from engine.schedule.record import write_changes
from engine.schedule.records import Backend, Daemon, ScheduleHistory
from engine.schedule.slots import host_zone
from engine.schedule.surroundings import Surroundings, tab_surroundings, unit_surroundings
from engine.schedule.swap import WriteResult, swap
from engine.schedule.systemd import Systemd, user_units
from engine.schedule.tab_copies import UNDO, TabCopies, state_folder, tab_digest
from engine.schedule.units import gap_warnings, unit_files

_NO_STANDARD = "none of the standard jobs is in the schedule; `stockml schedule install` adds them"


class Scheduler:
    """One home's schedule; every part that touches the machine can be injected."""

    def __init__(
        self,
        home: Home,
        clock: Clock | None = None,
        *,
        crontab: Crontab | None = None,
        state: Path | None = None,
        units: Path | None = None,
        zone: ZoneInfo | None = None,
        daemon: Callable[[], Daemon] = find_daemon,
        manager: Callable[[], Daemon] = find_manager,
    ) -> None:
        self.home = home
        self.clock: Clock = clock or SystemClock()
        self.crontab = crontab or Crontab()
        self.tab_copies = TabCopies(state or state_folder(), self.clock)
        self.systemd = Systemd(home, units or user_units())
        self.reader = ScheduleReader(home, self.crontab, self.systemd)
        self.host_zone = zone or host_zone()
        self.daemon = daemon
        self.manager = manager

    def current(
        self, backend: Backend | None = None, edits: EditPolicy = EditPolicy.REFUSE
    ) -> CurrentSchedule:
        """The installed schedule, see `ScheduleReader.current`."""
        return self.reader.current(backend, edits)

    def in_use(self) -> Backend | None:
        """The backend that holds jobs of this home, see `ScheduleReader.in_use`."""
        return self.reader.in_use()

    def history(self) -> ScheduleHistory:
        """The recorded history of every job."""
        return self.reader.history()

    def surroundings(self) -> Surroundings:
        """What surrounds the jobs where they stand; parts that cannot be read are left out."""
        lines: tuple[JobLine, ...] = ()
        tab = None
        if self.systemd.present():
            with suppress(StockmlError):
                lines = self.systemd.read()
            return unit_surroundings(self.home, lines, self.host_zone, self.manager())
        with suppress(StockmlError):
            tab = self.crontab.read()
        return tab_surroundings(self.crontab, self.home, tab, self.host_zone, self.daemon())

    def counted(self) -> DaemonZone:
        """The zone that the jobs are counted in, with its source; read anew at each call."""
        history = ScheduleHistory()
        with suppress(StockmlError):
            history = self.history()
        return self.surroundings().zone(history, self.clock.now())

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the jobs are counted in."""
        return self.counted().zone

    def draft(self, base: CurrentSchedule, lines: tuple[JobLine, ...], reason: str) -> Draft:
        """Draft a write of these lines; UsageError names the job with an invalid line."""
        for line in lines:
            parse(line.expression, reboot=JOBS[line.job].reboot)
        warnings = self._warnings(base, lines)
        if base.backend is Backend.SYSTEMD:
            after = None
            diff = text_diff(self.systemd.texts(), unit_files(self.home, lines))
            warnings += gap_warnings(lines, self.clock.now(), self.host_zone)
        else:
            after = splice(base.tab, self.home, lines)
            diff = tab_diff(base.tab, after, foreign_bytes(base.tab, self.home))
        return Draft(base, reason, lines=lines, after=after, diff=diff, warnings=tuple(warnings))

    def _warnings(self, base: CurrentSchedule, lines: tuple[JobLine, ...]) -> list[str]:
        """Warnings about new times, and about clashes if any time is new."""
        now, zone = self.clock.now(), self.zone
        known_times = {(line.job, line.expression) for line in base.lines if line.enabled}
        warnings = [
            f"{line.job}: {warning}"
            for line in lines
            if line.enabled and (line.job, line.expression) not in known_times
            for warning in explain(line.expression, line.job, now, zone).warnings
        ]
        if set(lines) != set(base.lines):
            warnings += [str(clash) for clash in clashes(lines, now, zone)]
        return warnings

    def install(
        self,
        base: CurrentSchedule,
        names: Sequence[str] = (),
        program: Path | None = None,
        *,
        reset: bool = False,
    ) -> Draft:
        """Add the named jobs (by default the standard ones if none is installed), update the path.

        `reset` gives the named jobs, or all installed ones, their default time back.
        """
        program = program or find_program()
        names = [job_named(name).name for name in names]
        lines = {line.job: line for line in base.lines}
        has_standard = any(job in lines for job in STANDARD_JOBS)
        for job in names or (() if has_standard else STANDARD_JOBS):
            lines.setdefault(job, default_line(job))
        warning = f"only {' '.join(lines)}: {_NO_STANDARD}"
        lacks_standard = not any(job in lines for job in STANDARD_JOBS)
        if reset:
            lines |= {job: default_line(job) for job in names or lines}
        with_program = (
            replace(line, command=shell_command(program, line.job, self.home))
            for line in lines.values()
        )
        draft = self.draft(base, in_order(with_program), "install")
        return replace(draft, warnings=(*draft.warnings, warning)) if lacks_standard else draft

    def remove(self, base: CurrentSchedule, names: Sequence[str] = ()) -> Draft:
        """Remove the named jobs, or the whole block."""
        removed = {self._installed(base, name).job for name in names}
        kept = tuple(line for line in base.lines if names and line.job not in removed)
        return self.draft(base, kept, "remove")

    def enable(self, base: CurrentSchedule, names: Sequence[str], *, enabled: bool) -> Draft:
        """Switch jobs on or off; a paused job keeps its line as a comment."""
        lines = base.lines
        for name in names:
            lines = with_line(lines, replace(self._installed(base, name), enabled=enabled))
        return self.draft(base, lines, "enable" if enabled else "disable")

    def set(self, base: CurrentSchedule, name: str, text: str) -> Draft:
        """Change the time of a job; ExpressionError names the wrong field."""
        expression = parse(text, reboot=job_named(name).reboot)
        line = replace(self._installed(base, name), expression=expression.text)
        return self.draft(base, with_line(base.lines, line), "set")

    def undo(self) -> Draft:
        """Undo this home's last write: the whole tab if nobody changed it, else our block."""
        copy = self.tab_copies.to_undo(self.home)
        if copy is None:
            raise UsageError(
                f"nothing to undo: no copy of a write for {self.home.root} in"
                f" {self.tab_copies.folder}"
            )
        base = self.current(Backend.CRONTAB)
        old_tab = copy.tab()
        old_block = find_block(old_tab, self.home)
        if tab_digest(base.tab) == copy.after:
            # Debian takes no tab without a last newline.
            after = old_tab + b"\n" if old_tab and not old_tab.endswith(b"\n") else old_tab
        else:
            block = find_block(base.tab, self.home)
            if old_tab and old_block:
                after = put_block(base.tab, block, old_tab[old_block.start : old_block.end])
            else:
                after = cut_block(base.tab, block)
        diff = tab_diff(base.tab, after, foreign_bytes(base.tab, self.home))
        return Draft(base, UNDO, lines=old_block.lines if old_block else (), after=after, diff=diff)

    @audited(
        "schedule",
        lambda draft: draft_audit(draft) if draft.changed else None,
        lambda done: {"warnings": done[1]},
    )
    def write(self, draft: Draft) -> tuple[WriteResult, tuple[str, ...]]:
        """Write the draft unless the crontab changed since; the result, and notes for the user.

        Raises what `swap` raises; RefusedError if another backend or home name starts the jobs.
        """
        if not draft.changed:
            return WriteResult(False), self._record(draft) if draft.lines else ()
        self._refuse_double_start(draft)
        if draft.base.backend is Backend.CRONTAB:
            written = swap(
                self.crontab,
                self.tab_copies,
                self.home,
                approved=draft.base.tab,
                after=draft.after,
                reason=draft.reason,
            )
            notes = self._daemon_notes(draft)
        else:
            written = WriteResult(True)
            notes = self.systemd.write(draft.lines)
        notes = (*notes, *self._record(draft))
        return written, notes

    def _record(self, draft: Draft) -> tuple[str, ...]:
        """Record what stands now; a note where that fails, for the schedule stands already."""
        try:
            write_changes(self.home, changes_between(self.history(), draft, self.clock.now()))
        except StockmlError as error:
            return (f"the schedule is written, but not recorded: {error.message}",)
        return ()

    def _refuse_double_start(self, draft: Draft) -> None:
        if not draft.lines:
            return
        other_backend = draft.base.backend.other
        if self.in_use() is other_backend:
            raise RefusedError(
                f"the jobs are already started by {other_backend}: both would start each twice",
                "`stockml schedule install --move` takes them over",
            )
        if draft.base.lines:
            return
        if other_name := other_name_of(draft.base.tab, self.home):
            raise RefusedError(
                f"the jobs of this home are already in the crontab, as {other_name}: each would"
                " start twice",
                f"`stockml --home {quote(str(other_name))} schedule show`",
            )

    def move(self, leaving: Draft, draft: Draft) -> tuple[WriteResult, tuple[str, ...]]:
        """Write `leaving`, which empties one backend, then `draft`; on failure, undo the first."""
        self.write(leaving)
        try:
            return self.write(draft)
        except StockmlError:
            emptied = self.current(leaving.base.backend)
            self.write(self.draft(emptied, leaving.base.lines, "install"))
            raise

    def starter(self) -> Daemon:
        """Who starts the jobs: the user's systemd where the timers are, else cron."""
        return self.manager() if self.systemd.present() else self.daemon()

    def _daemon_notes(self, draft: Draft) -> tuple[str, ...]:
        daemon = self.daemon()
        if not daemon.absent or not draft.lines:
            return ()
        note = (
            f"no cron daemon runs here ({daemon.detail}): the schedule is installed, nothing fires"
            " until one is started"
        )
        return (note,)

    def _installed(self, base: CurrentSchedule, name: str) -> JobLine:
        job = job_named(name).name
        if (line := base.line(job)) is None:
            raise UsageError(
                f"{job} is not in the schedule", f"`stockml schedule install {job}` adds it"
            )
        return line
