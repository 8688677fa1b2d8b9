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
from engine.schedule.daemon import Daemon, boot_time
from engine.schedule.diff import visible
from engine.schedule.drafts import Backend
from engine.schedule.explain import Clash, Explanation, clashes, explain
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS, ScheduledJob, is_runnable, parse_command
from engine.schedule.missed import NEW_PATH, Circumstances, missed_reason
from engine.schedule.record import CronRun, JobOutcome, ScheduleHistory
from engine.schedule.scheduler import Scheduler
from engine.schedule.state import InstalledJob, JobStatus, ScheduleState, job_status

DIED = "it died without a word"


@dataclass(frozen=True, slots=True)
class JobView:
    """One job, its line in the schedule and its last run; not installed: no line, no status."""

    job: ScheduledJob
    line: JobLine | None = None
    _: KW_ONLY
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
        """What is wrong, also while it runs again after a failure; empty when nothing is.

        A run under way proves nothing yet: an alert must not end and fire again at every run.
        """
        if self.in_trouble:
            return str(self)
        return f"{self.job.name} {ScheduleState.FAILED}: {self.before}" if self.before else ""

    def __str__(self) -> str:
        state = self.status.state if self.status else "off"
        return f"{self.job.name} {state}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """The schedule of one home, and what surrounds it."""

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
    """What could not be read or differs from what was written, in words."""
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
