"""Reads the view of one job: its line, its state, its last run, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.core.files import lock_holder
from engine.schedule.daemon import boot_time
from engine.schedule.explain import explain
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import ScheduledJob, is_runnable, parse_command
from engine.schedule.missed import NEW_PATH, Circumstances, missed_reason
from engine.schedule.records import (
    CronRun,
    Daemon,
    JobOutcome,
    JobStatus,
    JobView,
    ScheduleHistory,
    ScheduleState,
)
from engine.schedule.scheduler import Scheduler
from engine.schedule.state import InstalledJob, job_status
from engine.schedule.surroundings import Surroundings
from engine.words import times

DIED = "it died without a word"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReader:
    """Builds the view of every job."""

    scheduler: Scheduler
    history: ScheduleHistory
    daemon: Daemon
    now: datetime
    zone: ZoneInfo
    surroundings: Surroundings
    hidden: bool

    def view(self, job: ScheduledJob, line: JobLine | None) -> JobView:
        """The view of one job; `line` None where it is not installed."""
        runs = self.history.runs.get(job.name, ())
        last = runs[0] if runs else None
        if line is None:
            return JobView(job, last=last, reason=self._why_absent(job), hidden=self.hidden)
        try:
            explained = explain(line.expression, job.name, self.now, self.zone)
        except StockmlError as error:
            return JobView(job, line, last=last, reason=str(error))
        recorded = self._recorded_since(line)
        # Edited by hand: since when that line stands is not known, but for its runs.
        edited = recorded is None and line.job in self.history.changes and not runs
        since = self.now if edited else recorded
        installed = InstalledJob(explained.expression, enabled=line.enabled, since=since)
        circumstances = self._circumstances(job, line, recorded=recorded is not None)
        status = job_status(
            installed,
            runs,
            running=circumstances.lock_holder is not None,
            now=self.now,
            zone=self.zone,
            boot=circumstances.boot,
        )
        return JobView(
            job,
            line,
            explained=explained,
            status=status,
            last=last,
            reason=_reason(status, last, circumstances),
            before=_failure_before(job, status, runs),
        )

    def _recorded_since(self, line: JobLine) -> datetime | None:
        """Since when the line matches its record; None if it differs."""
        change = self.history.changes.get(line.job)
        if change is None or (change.expression, change.enabled) != (line.expression, line.enabled):
            return None
        return change.at

    def _circumstances(self, job: ScheduledJob, line: JobLine, *, recorded: bool) -> Circumstances:
        command = parse_command(line.command)
        program = command.program if command else Path()
        return Circumstances(
            daemon=self.daemon,
            line_recorded=recorded,
            program=program,
            program_runs=is_runnable(program),
            boot=boot_time(),
            lock_holder=lock_holder(job.lock_path(self.scheduler.home)),
        )

    def _why_absent(self, job: ScheduledJob) -> str:
        """Why a job has no line, from the record."""
        change = self.history.changes.get(job.name)
        expression = change.expression if change else None
        if self.hidden:
            recorded = f"recorded as installed at {expression}"
            known = recorded if expression else "not recorded as installed"
            return f"{known}; the crontab cannot be read"
        return "not in the schedule but is recorded as installed" if expression else ""


def _failure_before(job: ScheduledJob, status: JobStatus, runs: tuple[CronRun, ...]) -> str:
    """How the last run before the current one failed, ignoring skipped runs and @reboot jobs."""
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


def _reason(status: JobStatus, last: CronRun | None, circumstances: Circumstances) -> str:
    """Why it is unknown, was missed or will fail, else the newest run's failure or skip."""
    if status.state is ScheduleState.UNKNOWN:
        if last is None:
            return (
                "not recorded since when it is installed (history.db lost, restored, or written by"
                " a wrong clock): `stockml schedule install` records it"
            )
        return (
            f"a run is dated {times.moment(last.started)}, later than now: the clock was wrong;"
            " the next run makes it known again"
        )
    if status.missed:
        return missed_reason(status.missed[0], circumstances)
    if not circumstances.program_runs:
        return f"the program {circumstances.program} is gone: {NEW_PATH}"
    if last is None or status.state not in (ScheduleState.FAILED, ScheduleState.SKIPPED):
        return ""
    return last.message if last.outcome else DIED
