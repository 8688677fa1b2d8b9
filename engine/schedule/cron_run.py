"""One run of one job, as cron starts it: `stockml cron-run JOB --home HOME`.

It needs no environment and prints nothing on success, one line on failure. Output goes to
logs/training/cron.log or logs/monitoring/cron.log, the outcome to history.db. This process and
its child hold the job's lock; a job that finds it held exits with 75 and is recorded as skipped.
`clean` yields to training.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.core.clock import Clock, SystemClock, iso
from engine.core.errors import ExitCode, FileError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.schedule.expression import parse
from engine.schedule.job_child import run_child
from engine.schedule.job_log import JobLog, RunRecord
from engine.schedule.jobs import ScheduledJob, child_argv, job_named, training_lock
from engine.schedule.ping import Ping, ping_of
from engine.schedule.record import read_history
from engine.schedule.records import JobOutcome, JobTrigger
from engine.schedule.slots import last_slot
from engine.schedule.surroundings import job_zone
from engine.words import times

# cron makes up for a missed time within three hours; a later start belongs to no slot.
_CATCH_UP = timedelta(hours=3)
# A refusal by a guard is the work done as asked; a busy child is a skip.
_OUTCOMES: dict[int, JobOutcome] = {
    ExitCode.DONE: JobOutcome.DONE,
    ExitCode.REFUSED: JobOutcome.DONE,
    ExitCode.BUSY: JobOutcome.SKIPPED,
}


@dataclass(slots=True)
class _Run:
    """The context of one run."""

    home: Home
    job: ScheduledJob
    _: KW_ONLY
    clock: Clock
    trigger: JobTrigger
    slot: datetime | None
    log: JobLog
    record: RunRecord
    report: Callable[[str], None]
    locks: list[FileLock] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The origin that the audit log records for the child."""
        suffix = "" if self.trigger is JobTrigger.CRON else f" ({self.trigger})"
        return f"cron {self.job.name}{suffix}"


def run_job(
    home: Home,
    name: str,
    *,
    clock: Clock | None = None,
    trigger: JobTrigger = JobTrigger.CRON,
    slot: datetime | None = None,
    argv: Sequence[str] | None = None,
    report: Callable[[str], None] | None = None,
) -> int:
    """Run the job now; exit code 0 (done or refused), 75 (skipped), else the child's.

    Without `slot`, use the newest recorded slot if it is less than three hours old.
    """
    job = job_named(name)
    clock = clock or SystemClock()
    if slot is None and trigger is JobTrigger.CRON:
        slot = expected_slot(home, job, clock.now(), job_zone(home, os.environ))
    run = _Run(
        home,
        job,
        clock=clock,
        trigger=trigger,
        slot=slot,
        log=JobLog(job.log_path(home), job.name, clock),
        record=RunRecord(home),
        report=report or _to_stderr,
    )
    holder = _take_locks(run)
    try:
        if holder is not None:
            return _skip(run, holder)
        return _work(run, argv or child_argv(home, job.verb))
    finally:
        for lock in run.locks:
            lock.release()


def expected_slot(home: Home, job: ScheduledJob, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The slot that a start by cron belongs to, by the schedule as it was last written."""
    try:
        change = read_history(home, (job.name,)).changes.get(job.name)
        if change is None or change.expression is None:
            return None
        slot = last_slot(parse(change.expression, reboot=True), now, zone)
    except StockmlError:
        return None  # the run matters more than its slot; the record reports the fault
    return slot if slot and now - slot < _CATCH_UP else None


def _take_locks(run: _Run) -> str | None:
    """Take the job's locks; the holder of one of them, or None when all are ours."""
    owner = f"{run.job.name} (process {os.getpid()}, since {iso(run.clock.now())})"
    paths = [run.job.lock_path(run.home)]
    if run.job.trains:
        paths.append(training_lock(run.home))
    for path in paths:
        lock = FileLock(path)
        try:
            if not lock.acquire(owner):
                return lock_holder(path) or "another process"
        except FileError as error:
            raise StockmlError(
                f"{run.job.name}: cannot take the lock {path}: {error.reason}",
                "the job did not run",
            ) from error
        run.locks.append(lock)
    return _training_holder(run.home) if run.job.name == "clean" else None


def _training_holder(home: Home) -> str | None:
    """The training in progress: a cron job, or a process that holds a symbol."""
    holder = lock_holder(training_lock(home))
    if holder is not None:
        return holder or "a training job"
    for path in sorted(home.locks.glob("*.lock")):
        if SYMBOL.fullmatch(path.stem) and (holder := lock_holder(path)) is not None:
            return f"the training of {path.stem} ({holder or 'another process'})"
    return None


def _skip(run: _Run, holder: str) -> int:
    now = run.clock.now()
    run.log.line(f"skipped: held by {clean(holder, 200)}")
    run.record.begin(run.job.name, run.trigger, run.slot, now)
    run.record.end(now, ExitCode.BUSY, JobOutcome.SKIPPED, f"held by {holder}")
    if fault := run.record.fault or run.log.fault:
        run.report(f"{run.job.name} was skipped; {fault}")
    return ExitCode.BUSY


def _work(run: _Run, argv: Sequence[str]) -> int:
    ping, no_ping = ping_of(run.home, run.job.name)
    began = run.clock.monotonic()
    due = f", due {iso(run.slot)}" if run.slot else ""
    run.log.line(f"started by {run.trigger}{due}" + (f"; {no_ping}" if no_ping else ""))
    run.record.begin(run.job.name, run.trigger, run.slot, run.clock.now())
    start_ping = _ping_start(ping, run.log)
    code = run_child(argv, run.locks, run.home.root, run.origin, run.log)
    seconds = run.clock.monotonic() - began
    outcome = _OUTCOMES.get(code, JobOutcome.FAILED)
    done = outcome is JobOutcome.DONE
    run.log.line(f"{outcome} after {times.duration(seconds)} (exit {code})")
    run.record.end(run.clock.now(), code, outcome, "" if done else run.log.last_line)
    start_ping.join()
    if fault := ping.send("0" if done else str(code)):
        run.log.line(fault)
    _report(run, outcome, code, seconds)
    return ExitCode.DONE if done else code


def _report(run: _Run, outcome: JobOutcome, code: int, seconds: float) -> None:
    """One line when the job failed, or could not be logged or recorded."""
    faults = "; ".join(fault for fault in (run.record.fault, run.log.fault) if fault)
    if outcome is JobOutcome.FAILED:
        cause = f": {run.log.last_line}" if run.log.last_line else ""
        took = times.duration(seconds)
        text = f"{run.job.name} failed after {took} (exit {code}){cause}; log: {run.log.path}"
        run.report(f"{text}; {faults}" if faults else text)
    elif faults:
        run.report(f"{run.job.name} {outcome}, but {faults}")


def _ping_start(ping: Ping, log: JobLog) -> threading.Thread:
    """Ping the start in parallel with the work."""

    def send() -> None:
        if fault := ping.send("start"):
            log.line(fault)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"stockml: {clean(text)}\n")
