"""Everything a person wants to see of the schedule, as one value; reading it writes nothing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.core.files import lock_holder
from engine.schedule.block import Block, find_blocks
from engine.schedule.crontab import CrontabMissingError
from engine.schedule.daemon import boot_time
from engine.schedule.diff import visible
from engine.schedule.explain import Clash, clashes, explain
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS, ScheduledJob, is_runnable, parse_command
from engine.schedule.missed import NEW_PATH, Circumstances, missed_reason
from engine.schedule.records import (
    Backend,
    CronRun,
    Daemon,
    JobOutcome,
    JobStatus,
    JobView,
    ScheduleHistory,
    ScheduleState,
    ScheduleView,
)
from engine.schedule.scheduler import Scheduler
from engine.schedule.state import InstalledJob, job_status

DIED = "it died without a word"


def schedule_view(scheduler: Scheduler) -> ScheduleView:
    """Read the tab, the units and the history; what cannot be read is named in `problems`."""
    problems: list[str] = []
    history = ScheduleHistory()
    try:
        history = scheduler.history()
    except StockmlError as error:
        problems.append(str(error))
    tab = _read_tab(scheduler, problems)
    backend, lines = _read_lines(scheduler, tab.blocks, problems)
    daemon = scheduler.manager() if backend is Backend.SYSTEMD else scheduler.daemon()
    taken_at = scheduler.clock.now()
    by_job = {line.job: line for line in lines}
    jobs = _Jobs(
        scheduler=scheduler,
        history=history,
        daemon=daemon,
        now=taken_at,
        hidden=tab.unread and backend is None,
    )
    return ScheduleView(
        taken_at=taken_at,
        zone=scheduler.zone.key or "",
        backend=backend,
        jobs=tuple(jobs.view(job, by_job.get(job.name)) for job in JOBS.values()),
        clashes=_clashes(lines, taken_at, scheduler.zone),
        daemon=daemon,
        other_lines=_other_lines(tab, scheduler),
        other_homes=tuple(block.home for block in tab.blocks if block.home != scheduler.home.root),
        problems=tuple(problems),
        unread=tab.unread,
    )


@dataclass(frozen=True, slots=True)
class _Tab:
    """The crontab of the user with every block of ours in it."""

    text: bytes | None = None
    blocks: tuple[Block, ...] = ()
    _: KW_ONLY
    unread: bool = False


def _read_tab(scheduler: Scheduler, problems: list[str]) -> _Tab:
    try:
        text = scheduler.crontab.read()
    except CrontabMissingError as error:
        problems.append(str(error))
        return _Tab()
    except StockmlError as error:
        problems.append(str(error))
        return _Tab(unread=True)
    blocks, faults = find_blocks(text)
    problems += [fault.text for fault in faults]
    return _Tab(text, blocks)


def _read_lines(
    scheduler: Scheduler, blocks: tuple[Block, ...], problems: list[str]
) -> tuple[Backend | None, tuple[JobLine, ...]]:
    block = next((block for block in blocks if block.home == scheduler.home.root), None)
    units: tuple[JobLine, ...] = ()
    try:
        units = scheduler.systemd.read()
    except StockmlError as error:
        problems.append(str(error))
    if block and units:
        problems.append("the jobs stand both in the crontab and in systemd: each starts twice")
    if block and (block.edited or block.foreign_lines):
        foreign = "; ".join(block.foreign_lines)
        problems.append(
            f"the stockml block (line {block.line_number} of the crontab) was edited by hand"
            + (f"; not ours: {foreign}" if foreign else "")
        )
    if block:
        return Backend.CRONTAB, block.lines
    return (Backend.SYSTEMD, units) if units else (None, ())


def _clashes(lines: tuple[JobLine, ...], now: datetime, zone: ZoneInfo) -> tuple[Clash, ...]:
    try:
        return clashes(lines, now, zone)
    except StockmlError:
        return ()  # a line edited by hand into something cron-like; `problems` names it


def _other_lines(tab: _Tab, scheduler: Scheduler) -> tuple[str, ...]:
    text = tab.text or b""
    for block in tab.blocks:
        if block.home == scheduler.home.root:
            text = text[: block.start] + text[block.end :]
    lines = text.split(b"\n")
    if not text or text.endswith(b"\n"):
        lines.pop()
    return tuple(visible(raw) for raw in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jobs:
    """What the view of every single job is made from."""

    scheduler: Scheduler
    history: ScheduleHistory
    daemon: Daemon
    now: datetime
    hidden: bool

    def view(self, job: ScheduledJob, line: JobLine | None) -> JobView:
        """The view of one job; `line` None where it is not installed."""
        runs = self.history.runs.get(job.name, ())
        last = runs[0] if runs else None
        if line is None:
            return JobView(job, last=last, reason=self._why_absent(job), hidden=self.hidden)
        zone = self.scheduler.zone
        try:
            explained = explain(line.expression, job.name, self.now, zone)
        except StockmlError as error:
            return JobView(job, line, last=last, reason=str(error))
        change = self.history.changes.get(job.name)
        recorded = change is not None and (change.expression, change.enabled) == (
            line.expression,
            line.enabled,
        )
        installed = InstalledJob(
            explained.expression,
            enabled=line.enabled,
            since=change.at if change and recorded else None,
        )
        holder = lock_holder(job.lock_path(self.scheduler.home))
        boot = boot_time()
        status = job_status(
            installed, runs, running=holder is not None, now=self.now, zone=zone, boot=boot
        )
        command = parse_command(line.command)
        program = command.program if command else Path()
        if status.missed:
            circumstances = Circumstances(
                daemon=self.daemon,
                line_recorded=recorded,
                program=program,
                program_runs=is_runnable(program),
                boot=boot,
                lock_holder=holder,
            )
            reason = missed_reason(status.missed[0], circumstances)
        elif not is_runnable(program):
            reason = f"the program {program} is gone: {NEW_PATH}"
        else:
            reason = _reason_of_last(status, last)
        return JobView(
            job,
            line,
            explained=explained,
            status=status,
            last=last,
            reason=reason,
            before=_failure_before(job, status, runs),
        )

    def _why_absent(self, job: ScheduledJob) -> str:
        """What the record says of a job without a line."""
        change = self.history.changes.get(job.name)
        expression = change.expression if change else None
        if self.hidden:
            recorded = f"recorded as installed at {expression}"
            known = recorded if expression else "not recorded as installed"
            return f"{known}; the crontab cannot be read"
        return "not in the schedule but is recorded as installed" if expression else ""


def _failure_before(job: ScheduledJob, status: JobStatus, runs: tuple[CronRun, ...]) -> str:
    """How the run before the one under way failed, skipped runs aside.

    A job that runs until it is stopped is well while it runs, whatever ended it before: a power
    cut is no fault of it.
    """
    if status.state is not ScheduleState.STARTED or job.reboot:
        return ""
    under_way = next(at for at, run in enumerate(runs) if run.outcome is None)
    earlier = (run for run in runs[under_way + 1 :] if run.outcome is not JobOutcome.SKIPPED)
    ended = next(earlier, None)
    if ended is None or ended.outcome is JobOutcome.DONE:
        return ""
    if ended.outcome is None:
        return DIED
    return ended.message or f"exit {ended.exit_code}"


def _reason_of_last(status: JobStatus, last: CronRun | None) -> str:
    """What the newest run said, where the state is about it."""
    if last is None or status.state not in (ScheduleState.FAILED, ScheduleState.SKIPPED):
        return ""
    return last.message if last.outcome else DIED
