"""Everything a person wants to see of the schedule, as one value; looking writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.errors import StockmlError
from engine.core.files import lock_holder
from engine.schedule.block import Block, JobLine, find_blocks
from engine.schedule.crontab import CrontabMissingError
from engine.schedule.daemon import Daemon, boot_time
from engine.schedule.diff import visible
from engine.schedule.explain import Clash, Explanation, clashes, explain
from engine.schedule.jobs import JOBS, ScheduledJob, is_runnable, parse_command
from engine.schedule.record import CronRun, JobOutcome, ScheduleHistory
from engine.schedule.scheduler import Backend, Scheduler
from engine.schedule.state import (
    Circumstances,
    InstalledJob,
    JobStatus,
    ScheduleState,
    job_status,
    missed_reason,
)


@dataclass(frozen=True, slots=True)
class JobView:
    """One job: how it stands in the schedule, and what became of it.
    Not installed: `line` is None, no status."""

    job: ScheduledJob
    line: JobLine | None = None
    explained: Explanation | None = None
    status: JobStatus | None = None
    last: CronRun | None = None
    """The newest run, skipped ones too."""
    reason: str = ""
    """Why it was missed, failed or skipped; what is wrong with its line."""
    hidden: bool = False
    """Whether it is installed is not known: the crontab could not be read."""
    before: str = ""
    """Of a job that runs now: how the run before failed; empty when it did not."""

    @property
    def in_trouble(self) -> bool:
        """Missed, or its newest run failed."""
        return self.status is not None and self.status.state in (
            ScheduleState.MISSED,
            ScheduleState.FAILED,
        )

    @property
    def was_missed(self) -> bool:
        """Its time came and nothing ran."""
        return self.status is not None and self.status.state is ScheduleState.MISSED

    @property
    def trouble(self) -> str:
        """What is wrong with it, also while it runs again after a failure; empty when nothing is.

        A run under way proves nothing yet: an alert must not end and fire again at every run.
        """
        if self.in_trouble:
            return str(self)
        return f"{self.job.name} {ScheduleState.FAILED}: {self.before}" if self.before else ""

    def __str__(self) -> str:
        state = self.status.state if self.status else "off"
        return f"{self.job.name} {state}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """The schedule of one home, and what stands around it."""

    taken_at: datetime
    zone: str
    """The host's zone, which cron keeps."""
    backend: Backend | None
    """Who starts the jobs; None while none is installed."""
    jobs: tuple[JobView, ...]
    clashes: tuple[Clash, ...]
    daemon: Daemon
    """Who starts the jobs: of timers the user's systemd, else cron."""
    other_lines: tuple[str, ...]
    """The rest of the crontab, line by line, made safe for a terminal."""
    other_homes: tuple[Path, ...]
    """Further homes with a block of their own."""
    problems: tuple[str, ...]
    """What could not be read or is not as it was written, in words."""
    unread: bool = False
    """There may be a crontab, but it could not be read: what it holds is not known."""

    @property
    def installed(self) -> tuple[JobView, ...]:
        """The jobs in the schedule whose state is known."""
        return tuple(job for job in self.jobs if job.line is not None and job.status is not None)

    @property
    def unknown(self) -> str:
        """Why it is not known whether any job is installed; empty when it is."""
        return self.problems[0] if self.unread and self.problems and not self.installed else ""

    def has(self, name: str) -> bool:
        """Whether a job is installed."""
        return any(job.job.name == name for job in self.installed)

    def lines(self) -> tuple[str, ...]:
        """Each job in the schedule in a line: its times, its state, its next run."""
        lines = tuple(_line(job, job.line) for job in self.jobs if job.line is not None)
        unread = self.problems[:1] if self.unread else ()
        return lines or unread or ("no job is installed: stockml schedule install",)


def _line(job: JobView, line: JobLine) -> str:
    runs = job.explained.next_runs if job.explained and line.enabled else ()
    state = job.status.state if job.status else "off"
    following = f", next {runs[0]:%a %Y-%m-%d %H:%M}" if runs else ""
    return f"{job.job.name}: {line.expression} ({state}){following}"


def schedule_view(scheduler: Scheduler) -> ScheduleView:
    """Read the tab, the units and the history; what cannot be read stands in `problems`."""
    now, problems = scheduler.clock.now(), []
    history = ScheduleHistory()
    try:
        history = scheduler.history()
    except StockmlError as error:
        problems.append(str(error))
    tab, blocks, unread = _tab(scheduler, problems)
    backend, lines = _lines(scheduler, blocks, problems)
    daemon = scheduler.manager() if backend is Backend.SYSTEMD else scheduler.daemon()
    hidden = unread and backend is None
    jobs = tuple(_job(scheduler, job, lines, history, daemon, now, hidden) for job in JOBS.values())
    try:
        met = clashes(lines, now, scheduler.zone)
    except StockmlError:
        met = ()  # a line edited by hand into something cron-like; `problems` names it
    others = tuple(block.home for block in blocks if block.home != scheduler.home.root)
    rest = _others(tab, blocks, scheduler)
    return ScheduleView(
        now,
        scheduler.zone.key or "",
        backend,
        jobs,
        met,
        daemon,
        rest,
        others,
        tuple(problems),
        unread,
    )


def _tab(scheduler: Scheduler, problems: list[str]) -> tuple[bytes | None, tuple[Block, ...], bool]:
    try:
        tab = scheduler.crontab.read()
    except StockmlError as error:
        problems.append(str(error))
        return None, (), not isinstance(error, CrontabMissingError)
    blocks, faults = find_blocks(tab)
    problems += [fault.text for fault in faults]
    return tab, blocks, False


def _lines(
    scheduler: Scheduler, blocks: tuple[Block, ...], problems: list[str]
) -> tuple[Backend | None, tuple[JobLine, ...]]:
    block = next((block for block in blocks if block.home == scheduler.home.root), None)
    try:
        units = scheduler.systemd.read()
    except StockmlError as error:
        problems.append(str(error))
        units = ()
    if block and units:
        problems.append("the jobs stand both in the crontab and in systemd: each starts twice")
    if block and (block.edited or block.strange):
        strange = f"; not ours: {'; '.join(block.strange)}" if block.strange else ""
        problems.append(
            f"the stockml block (line {block.first_line} of the crontab) was edited by"
            f" hand{strange}"
        )
    if block:
        return Backend.CRONTAB, block.lines
    return (Backend.SYSTEMD, units) if units else (None, ())


def _job(
    scheduler: Scheduler,
    job: ScheduledJob,
    lines: tuple[JobLine, ...],
    history: ScheduleHistory,
    daemon: Daemon,
    now: datetime,
    hidden: bool,
) -> JobView:
    line = next((line for line in lines if line.job == job.name), None)
    runs = history.runs.get(job.name, ())
    last = runs[0] if runs else None
    change = history.changes.get(job.name)
    holder = lock_holder(job.lock_path(scheduler.home))
    if line is None:
        recorded = bool(change and change.expression)
        if hidden:
            known = (
                f"recorded as installed at {change.expression}"
                if change and recorded
                else "not recorded as installed"
            )
            return JobView(
                job, last=last, reason=f"{known}; the crontab cannot be read", hidden=True
            )
        return JobView(
            job,
            last=last,
            reason="not in the schedule but is recorded as installed" if recorded else "",
        )
    try:
        explained = explain(line.expression, job.name, now, scheduler.zone)
    except StockmlError as error:
        return JobView(job, line, last=last, reason=str(error))
    same = change is not None and (change.expression, change.enabled) == (
        line.expression,
        line.enabled,
    )
    installed = InstalledJob(
        explained.expression, line.enabled, change.at if change and same else None
    )
    boot = boot_time()
    status = job_status(installed, runs, holder is not None, now, scheduler.zone, boot)
    command = parse_command(line.command)
    program = command[1] if command else Path()
    if status.missed:
        seen = Circumstances(daemon, same, is_runnable(program), str(program), boot, holder)
        reason = missed_reason(status.missed[0], seen)
    elif not is_runnable(program):
        reason = f"the program {program} is gone: `stockml schedule install` writes the new path"
    else:
        reason = _of_last(status, last)
    return JobView(job, line, explained, status, last, reason, before=_before(job, status, runs))


def _before(job: ScheduledJob, status: JobStatus, runs: tuple[CronRun, ...]) -> str:
    """How the run before the one under way failed; a run that was skipped tells nothing.

    A job that runs until it is stopped is well while it runs, whatever ended it before: a power
    cut is no fault of it.
    """
    if status.state is not ScheduleState.STARTED or job.reboot:
        return ""
    under_way = next(at for at, run in enumerate(runs) if run.outcome is None)
    ended = next(
        (run for run in runs[under_way + 1 :] if run.outcome is not JobOutcome.SKIPPED), None
    )
    if ended is None or ended.outcome is JobOutcome.DONE:
        return ""
    return ended.message or f"exit {ended.exit_code}" if ended.outcome else "it died without a word"


def _of_last(status: JobStatus, last: CronRun | None) -> str:
    """What the newest run said, where it is what the state tells of."""
    if last is None or status.state not in (ScheduleState.FAILED, ScheduleState.SKIPPED):
        return ""
    return last.message if last.outcome else "it died without a word"


def _others(tab: bytes | None, blocks: tuple[Block, ...], scheduler: Scheduler) -> tuple[str, ...]:
    text = tab or b""
    for block in blocks:
        if block.home == scheduler.home.root:
            text = text[: block.start] + text[block.end :]
    lines = text.split(b"\n")
    return tuple(
        visible(raw) for raw in (lines[:-1] if text.endswith(b"\n") or not text else lines)
    )
