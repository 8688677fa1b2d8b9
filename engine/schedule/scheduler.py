"""The schedule of one home: look at it, draft a change, see the difference, write it, take it back.

base = scheduler.look()                         what stands now: the tab's bytes, our lines
draft = scheduler.draft(base, lines, "set")     what would be written, the difference, the warnings
scheduler.write(draft)                          only if nobody changed the tab since `look`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from engine.core.audit import audited
from engine.core.clock import Clock, SystemClock
from engine.core.errors import RefusedError, StockmlError, UsageError
from engine.core.paths import Home
from engine.schedule.block import (
    JobLine,
    cut_block,
    find_block,
    foreign_bytes,
    other_name_of,
    put_block,
    splice,
    with_line,
)
from engine.schedule.crontab import Crontab, CrontabError, CrontabMissingError, DeniedError
from engine.schedule.daemon import Daemon, find_daemon, find_manager
from engine.schedule.diff import tab_diff, text_diff
from engine.schedule.explain import clashes, explain
from engine.schedule.expression import parse
from engine.schedule.jobs import JOBS, STANDARD_JOBS, find_program, job_named, shell_command
from engine.schedule.record import ScheduleChange, ScheduleHistory, read_history, write_changes
from engine.schedule.slots import host_zone
from engine.schedule.swap import WriteResult, swap
from engine.schedule.systemd import Systemd, gap_warnings, unit_files, user_units
from engine.schedule.tab_copies import UNDO, TabCopies, state_folder, tab_digest

_NO_STANDARD = "none of the standard jobs is in the schedule; `stockml schedule install` adds them"


class Backend(StrEnum):
    """Who starts the jobs."""

    CRONTAB = "crontab"
    SYSTEMD = "systemd"


class EditPolicy(StrEnum):
    """What to do about a block that was edited by hand."""

    REFUSE = "refuse"
    ADOPT = "adopt"
    OVERWRITE = "overwrite"


@dataclass(frozen=True, slots=True)
class CurrentSchedule:
    """What stands now; `tab` None is no crontab, and always None for systemd."""

    backend: Backend
    tab: bytes | None
    lines: tuple[JobLine, ...]
    edited: str = ""
    """What was edited by hand in our block, in words."""

    def line(self, job: str) -> JobLine | None:
        """The line of a job, if it is installed."""
        return next((line for line in self.lines if line.job == job), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that can be written; without a difference it changes nothing."""

    base: CurrentSchedule
    reason: str
    lines: tuple[JobLine, ...]
    after: bytes | None
    diff: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.diff)


class Scheduler:
    """One home's schedule; every part that touches the machine can be handed in."""

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
        self.zone = zone or host_zone()
        self.daemon, self.manager = daemon, manager

    def look(
        self, backend: Backend | None = None, edits: EditPolicy = EditPolicy.REFUSE
    ) -> CurrentSchedule:
        """What stands now; without a name, of the backend that is in use.

        RefusedError for damaged markers, and for a block edited by hand unless `edits` says what
        to do about it.
        """
        backend = backend or self.in_use() or Backend.CRONTAB
        if backend is Backend.SYSTEMD:
            return CurrentSchedule(backend, None, self.systemd.read())
        tab = self.crontab.read()
        block = find_block(tab, self.home)
        if block is None:
            return CurrentSchedule(backend, tab, ())
        if not block.edited and not block.strange:
            return CurrentSchedule(backend, tab, block.lines)
        where = f"the stockml block (line {block.first_line} of the crontab) was edited by hand"
        edited = f"{where}: not ours: {'; '.join(block.strange)}" if block.strange else where
        if edits is EditPolicy.REFUSE or (edits is EditPolicy.ADOPT and block.strange):
            hint = (
                "`schedule install --overwrite` puts our lines back; move lines of your own out of"
                " the block first"
            )
            raise RefusedError(
                edited,
                hint if block.strange else f"`schedule install --adopt` keeps the edit; {hint}",
            )
        if edits is EditPolicy.ADOPT:
            for line in block.lines:
                parse(line.expression, reboot=JOBS[line.job].reboot)
            return CurrentSchedule(backend, tab, block.lines, edited)
        return CurrentSchedule(backend, tab, self._recorded(), edited)

    def in_use(self) -> Backend | None:
        """The backend that holds jobs of this home.

        RefusedError when both do, which starts every job twice.

        CrontabError when neither the units nor a readable tab can tell: our block may stand in
        the tab all the same.
        """
        in_tab = self._in_tab()
        if in_tab and self.systemd.present():
            raise RefusedError(
                "the jobs stand both in the crontab and in systemd: each would start twice",
                "take one out: `stockml schedule remove --systemd`, or `schedule remove --crontab`",
            )
        return Backend.CRONTAB if in_tab else Backend.SYSTEMD if self.systemd.present() else None

    def _in_tab(self) -> bool:
        try:
            return find_block(self.crontab.read(), self.home) is not None
        except CrontabMissingError:
            return False
        except CrontabError as error:
            # Of a user who may have no crontab our own record tells; anything else might hide a
            # block that fires.
            changes = self.history().changes.values() if isinstance(error, DeniedError) else None
            known = changes is not None and not any(
                one.expression and one.backend == Backend.CRONTAB for one in changes
            )
            if known or self.systemd.present():
                return False
            raise

    def draft(self, base: CurrentSchedule, lines: tuple[JobLine, ...], reason: str) -> Draft:
        """What writing these lines would do; UsageError names the job whose line cannot be."""
        for line in lines:
            parse(line.expression, reboot=JOBS[line.job].reboot)
        now, told = self.clock.now(), []
        known = {(old.job, old.expression, old.enabled) for old in base.lines}
        for line in lines:
            if line.enabled and (line.job, line.expression, line.enabled) not in known:
                told += [
                    f"{line.job}: {warning}"
                    for warning in explain(line.expression, line.job, now, self.zone).warnings
                ]
        told += (
            [str(clash) for clash in clashes(lines, now, self.zone)]
            if set(lines) != set(base.lines)
            else []
        )
        if base.backend is Backend.SYSTEMD:
            diff = text_diff(self.systemd.texts(), unit_files(self.home, lines))
            return Draft(
                base, reason, lines, None, diff, (*told, *gap_warnings(lines, now, self.zone))
            )
        after = splice(base.tab, self.home, lines)
        diff = tab_diff(base.tab, after, foreign_bytes(base.tab, self.home))
        return Draft(base, reason, lines, after, diff, tuple(told))

    def install(
        self,
        base: CurrentSchedule,
        names: Sequence[str] = (),
        program: Path | None = None,
        reset: bool = False,
    ) -> Draft:
        """The standard jobs where none of them is installed, or exactly the named ones, beside
        what is installed.

        Every line gets this program's path. `reset`: the named jobs (without names, all that are
        installed) get their default time back.
        """
        program = program or find_program()
        names = [job_named(name).name for name in names]
        wanted = {line.job: line for line in base.lines}
        for job in names or ([] if wanted.keys() & set(STANDARD_JOBS) else STANDARD_JOBS):
            wanted.setdefault(job, JobLine(job, JOBS[job].expression, ""))
        alone = (
            "" if wanted.keys() & set(STANDARD_JOBS) else f"only {' '.join(wanted)}: {_NO_STANDARD}"
        )
        if reset:
            wanted |= {job: JobLine(job, JOBS[job].expression, "") for job in names or wanted}
        lines = (
            replace(line, command=shell_command(program, line.job, self.home))
            for line in wanted.values()
        )
        draft = self.draft(base, in_order(lines), "install")
        return replace(draft, warnings=(*draft.warnings, alone)) if alone else draft

    def remove(self, base: CurrentSchedule, names: Sequence[str] = ()) -> Draft:
        """Without names, the whole block."""
        gone = {self._installed(base, name).job for name in names}
        return self.draft(
            base, tuple(line for line in base.lines if names and line.job not in gone), "remove"
        )

    def enable(self, base: CurrentSchedule, names: Sequence[str], enabled: bool) -> Draft:
        """Switch jobs on or off; a paused job keeps its line as a comment."""
        lines = base.lines
        for name in names:
            lines = with_line(lines, replace(self._installed(base, name), enabled=enabled))
        return self.draft(base, lines, "enable" if enabled else "disable")

    def set(self, base: CurrentSchedule, name: str, text: str) -> Draft:
        """Give a job another time; ExpressionError names the field that is wrong."""
        expression = parse(text, reboot=job_named(name).reboot)
        return self.draft(
            base,
            with_line(base.lines, replace(self._installed(base, name), expression=expression.text)),
            "set",
        )

    def undo(self) -> Draft:
        """Take back this home's last write: the whole tab where nobody changed it since, else
        our block alone."""
        backup = self.tab_copies.to_undo(self.home)
        if backup is None:
            raise UsageError(
                f"nothing to undo: no copy of a write for {self.home.root} in"
                f" {self.tab_copies.folder}"
            )
        base, old = self.look(Backend.CRONTAB), backup.tab()
        before = find_block(old, self.home)
        if tab_digest(base.tab) == backup.after:
            # Debian takes no tab without a last newline.
            after = old if not old or old.endswith(b"\n") else old + b"\n"
        else:
            found = find_block(base.tab, self.home)
            raw = old[before.start : before.end] if old and before else None
            after = cut_block(base.tab, found) if raw is None else put_block(base.tab, found, raw)
        diff = tab_diff(base.tab, after, foreign_bytes(base.tab, self.home))
        return Draft(base, UNDO, before.lines if before else (), after, diff)

    @audited(
        "schedule",
        lambda draft: draft_audit(draft) if draft.changed else None,
        lambda done: {"warnings": done[1]},
    )
    def write(self, draft: Draft) -> tuple[WriteResult, tuple[str, ...]]:
        """Make the draft real, unless the crontab was changed since; what to tell the user.

        Raises what `swap` raises; RefusedError where the other backend, or another name of this
        home, starts the jobs already.
        """
        if not draft.changed:
            return WriteResult(False), ()
        other = Backend.SYSTEMD if draft.base.backend is Backend.CRONTAB else Backend.CRONTAB
        if draft.lines and self.in_use() is other:
            raise RefusedError(
                f"the jobs are already started by {other}: both would start each twice",
                "`stockml schedule install --move` takes them over",
            )
        if (
            draft.lines
            and not draft.base.lines
            and (twin := other_name_of(draft.base.tab, self.home))
        ):
            raise RefusedError(
                f"the jobs of this home stand in the crontab already, as {twin}: each would start"
                " twice",
                f"`stockml --home {quote(str(twin))} schedule show`",
            )
        told: tuple[str, ...] = ()
        if draft.base.backend is Backend.CRONTAB:
            written = swap(
                self.crontab, self.tab_copies, self.home, draft.base.tab, draft.after, draft.reason
            )
            told = self._daemon_told(draft)
        else:
            written = WriteResult(True)
            told = self.systemd.write(draft.lines) if draft.lines else self._removed_units()
        try:
            write_changes(self.home, changes_between(self.history(), draft, self.clock.now()))
        except StockmlError as error:
            told = (*told, f"the schedule is written, but not recorded: {error.message}")
        return written, told

    def move(self, leaving: Draft, draft: Draft) -> tuple[WriteResult, tuple[str, ...]]:
        """Write `leaving`, which empties one backend, then `draft` to the other;
        on a fault the first gets its jobs back."""
        self.write(leaving)
        try:
            return self.write(draft)
        except StockmlError:
            # Half a move would leave nothing that fires.
            self.write(self.draft(self.look(leaving.base.backend), leaving.base.lines, "install"))
            raise

    def starter(self) -> Daemon:
        """Who starts the jobs: the user's systemd where the timers are, else cron."""
        return self.manager() if self.systemd.present() else self.daemon()

    def history(self) -> ScheduleHistory:
        """What is recorded of every job."""
        return read_history(self.home, tuple(JOBS))

    def _removed_units(self) -> tuple[str, ...]:
        self.systemd.remove()
        return ()

    def _daemon_told(self, draft: Draft) -> tuple[str, ...]:
        daemon = self.daemon()
        if daemon.running or not draft.lines:
            return ()
        return (
            (
                f"no cron daemon runs here ({daemon.detail}): the schedule is installed, nothing"
                " fires until one is started"
            ),
        )

    def _installed(self, base: CurrentSchedule, name: str) -> JobLine:
        job = job_named(name).name
        if (line := base.line(job)) is None:
            raise UsageError(
                f"{job} is not in the schedule", f"`stockml schedule install {job}` adds it"
            )
        return line

    def _recorded(self) -> tuple[JobLine, ...]:
        """Our lines as they were last written; the standard ones where nothing is recorded."""
        changes = self.history().changes
        lines = [
            JobLine(job, change.expression, "", change.enabled)
            for job, change in changes.items()
            if change.expression
        ]
        return in_order(lines) or tuple(
            JobLine(job, JOBS[job].expression, "") for job in STANDARD_JOBS
        )


def draft_audit(draft: Draft) -> dict[str, object]:
    """What a draft changes, for the record: `weekly 0 4 * * 0`, `clean 0 3 * * * off`, `health
    removed`."""
    old, new = (
        {line.job: line for line in draft.base.lines},
        {line.job: line for line in draft.lines},
    )
    told = [
        f"{job} {line.expression}{'' if line.enabled else ' off'}"
        for job, line in new.items()
        if old.get(job) != line
    ]
    told += [f"{job} removed" for job in old if job not in new]
    return {"reason": draft.reason, "in": str(draft.base.backend), "jobs": told}


def in_order(lines: Iterable[JobLine]) -> tuple[JobLine, ...]:
    """The lines in the order of the table of jobs."""
    found: tuple[JobLine, ...] = ()
    for line in lines:
        found = with_line(found, line)
    return found


def changes_between(
    history: ScheduleHistory, draft: Draft, now: datetime
) -> tuple[ScheduleChange, ...]:
    """What the record must learn: a job counts from now on when its time, its switch or its
    backend changed."""
    backend = str(draft.base.backend)
    found = []
    for line in draft.lines:
        known = history.changes.get(line.job)
        if known is None or (known.expression, known.enabled, known.backend) != (
            line.expression,
            line.enabled,
            backend,
        ):
            found.append(ScheduleChange(now, line.job, line.expression, line.enabled, backend))
    standing = {line.job for line in draft.lines}
    for job, known in history.changes.items():
        if known.expression is not None and job not in standing:
            found.append(ScheduleChange(now, job, None, False, backend))
    return tuple(found)
