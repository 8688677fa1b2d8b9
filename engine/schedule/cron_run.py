"""One run of one job, as cron starts it: `stockml cron-run JOB --home HOME`.

It needs nothing from the environment, prints nothing on success and one line on failure. What
the job says goes to the guide's logs (logs/training/cron.log, logs/monitoring/cron.log), what
became of it to history.db. The job's lock is held as long as the job lives, by this process and
by the child alike; a job that finds it held ends with 75, recorded as skipped. `clean` yields to
a training.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import IO
from zoneinfo import ZoneInfo

from engine.core.audit import ORIGIN
from engine.core.clock import Clock, SystemClock, iso
from engine.core.errors import ExitCode, StockmlError
from engine.core.files import FileLock, append_line, lock_holder
from engine.core.paths import Home
from engine.core.symbols import SYMBOL
from engine.core.text import clean, clean_bytes
from engine.schedule.expression import parse
from engine.schedule.jobs import ScheduledJob, child_argv, job_named, training_lock
from engine.schedule.ping import Ping, ping_of
from engine.schedule.record import JobOutcome, JobTrigger, begin_run, end_run, read_history
from engine.schedule.slots import host_zone, last_slot

# cron makes up for a missed time within three hours; a later start belongs to no slot.
_CATCH_UP = timedelta(hours=3)
# A line of a child beyond this many bytes is written in pieces.
_LONGEST_LINE = 65_536
# Seconds to read on after the child has ended, for a grandchild may hold the pipe open.
_DRAIN_S = 5.0


@dataclass(slots=True)
class _Log:
    """The job's cron.log, one stamped line a write; a full disk must not stop a job."""

    path: Path
    job: str
    clock: Clock
    fault: str = ""
    last: str = ""
    """The newest line that the child wrote."""

    def line(self, text: str) -> None:
        try:
            append_line(self.path, f"{iso(self.clock.now())} {self.job}: {text}")
        except OSError as error:
            self.fault = f"cannot write {self.path}: {error.strerror}"

    def copy(self, pipe: IO[bytes]) -> None:
        """Write every line of the child."""
        while raw := pipe.readline(_LONGEST_LINE):
            if text := clean_bytes(raw, 4000).strip():
                # A hint follows the fault that it belongs to: the fault is what one line should
                # tell. Whose words they are the line of `cron-run` says itself.
                self.last = (
                    self.last
                    if text.startswith("→") and self.last
                    else text.removeprefix("stockml: ")
                )
                self.line(text)


@dataclass(slots=True)
class _Record:
    """The run's row in history.db; a job runs also when it cannot be recorded, and says so."""

    home: Home
    number: int | None = None
    fault: str = ""

    def begin(self, job: str, trigger: JobTrigger, slot: datetime | None, at: datetime) -> None:
        try:
            self.number = begin_run(self.home, job, trigger, slot, at)
        except StockmlError as error:
            self.fault = f"the run is not recorded: {error.message}"

    def end(self, at: datetime, code: int, outcome: JobOutcome, message: str) -> None:
        if self.number is None:
            return
        try:
            end_run(self.home, self.number, at, code, outcome, message)
        except StockmlError as error:
            self.fault = f"the end of the run is not recorded: {error.message}"


@dataclass(slots=True)
class _Run:
    """Everything one run needs."""

    home: Home
    job: ScheduledJob
    clock: Clock
    trigger: JobTrigger
    slot: datetime | None
    argv: Sequence[str]
    say: Callable[[str], None]
    locks: list[FileLock] = field(default_factory=list)


def run_job(
    home: Home,
    name: str,
    *,
    clock: Clock | None = None,
    trigger: JobTrigger = JobTrigger.CRON,
    slot: datetime | None = None,
    argv: Sequence[str] | None = None,
    say: Callable[[str], None] | None = None,
) -> int:
    """Run the job now and return its exit code: 0 done (a refusal counts as done), 75 skipped,
    else what the child said.

    `slot` None: the newest slot of the recorded schedule, where that is less than three hours ago.
    """
    job, clock = job_named(name), clock or SystemClock()
    if slot is None and trigger is JobTrigger.CRON:
        slot = expected_slot(home, job, clock.now(), host_zone())
    run = _Run(
        home, job, clock, trigger, slot, argv or child_argv(home, job.verb), say or _to_stderr
    )
    holder = _take_locks(run)
    try:
        return _skip(run, holder) if holder is not None else _work(run)
    finally:
        for lock in run.locks:
            lock.release()


def expected_slot(home: Home, job: ScheduledJob, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The slot that a start by cron belongs to, by the schedule as it was last written."""
    try:
        change = read_history(home, (job.name,)).changes.get(job.name)
        if change is None or change.expression is None:
            return None
        found = last_slot(parse(change.expression, reboot=True), now, zone)
    except StockmlError:
        return None  # the run matters more than its slot; the record tells of the fault
    return found if found and now - found < _CATCH_UP else None


def _take_locks(run: _Run) -> str | None:
    """Take the job's locks; who holds one of them, or None when all are ours."""
    owner = f"{run.job.name} (process {os.getpid()}, since {iso(run.clock.now())})"
    paths = [run.job.lock_path(run.home), *([training_lock(run.home)] if run.job.trains else [])]
    for path in paths:
        lock = FileLock(path)
        try:
            if not lock.acquire(owner):
                return lock_holder(path) or "another process"
        except OSError as error:
            raise StockmlError(
                f"{run.job.name}: cannot take the lock {path}: {error.strerror}",
                "the job did not run",
            ) from error
        run.locks.append(lock)
    return _training(run.home) if run.job.name == "clean" else None


def _training(home: Home) -> str | None:
    """Who trains right now: a training job of cron, or any process that holds a symbol."""
    holder = lock_holder(training_lock(home))
    if holder is not None:
        return holder or "a training job"
    for path in sorted(home.locks.glob("*.lock")):
        if SYMBOL.fullmatch(path.stem) and (holder := lock_holder(path)) is not None:
            return f"the training of {path.stem} ({holder or 'another process'})"
    return None


def _skip(run: _Run, holder: str) -> int:
    log, record, now = (
        _Log(run.job.log_path(run.home), run.job.name, run.clock),
        _Record(run.home),
        run.clock.now(),
    )
    log.line(f"skipped: held by {clean(holder, 200)}")
    record.begin(run.job.name, run.trigger, run.slot, now)
    record.end(now, ExitCode.BUSY, JobOutcome.SKIPPED, f"held by {holder}")
    if record.fault or log.fault:
        run.say(f"{run.job.name} was skipped; {record.fault or log.fault}")
    return ExitCode.BUSY


def _work(run: _Run) -> int:
    log, record = _Log(run.job.log_path(run.home), run.job.name, run.clock), _Record(run.home)
    ping, no_ping = ping_of(run.home, run.job.name)
    began, tick = run.clock.now(), run.clock.monotonic()
    log.line(
        f"started by {run.trigger}"
        + (f", due {iso(run.slot)}" if run.slot else "")
        + (f"; {no_ping}" if no_ping else "")
    )
    record.begin(run.job.name, run.trigger, run.slot, began)
    starting = _ping_aside(ping, log)
    code = _child(run, log)
    seconds = run.clock.monotonic() - tick
    outcome = _outcome(code)
    log.line(f"{outcome} after {seconds:.1f} s (exit {code})")
    record.end(run.clock.now(), code, outcome, log.last if outcome is not JobOutcome.DONE else "")
    starting.join()
    if fault := ping.send(str(0 if outcome is JobOutcome.DONE else code)):
        log.line(fault)
    faults = "; ".join(fault for fault in (record.fault, log.fault) if fault)
    if outcome is JobOutcome.FAILED:
        last = f": {log.last}" if log.last else ""
        run.say(
            f"{run.job.name} failed after {seconds:.0f} s (exit {code}){last}; log:"
            f" {log.path}{'; ' if faults else ''}{faults}"
        )
    elif faults:
        run.say(f"{run.job.name} {outcome}, but {faults}")
    return ExitCode.DONE if outcome is JobOutcome.DONE else code


def _outcome(code: int) -> JobOutcome:
    """A refusal by a guard is the work done as asked; a busy child is a skip."""
    known = {
        ExitCode.DONE: JobOutcome.DONE,
        ExitCode.REFUSED: JobOutcome.DONE,
        ExitCode.BUSY: JobOutcome.SKIPPED,
    }
    return next((outcome for value, outcome in known.items() if value == code), JobOutcome.FAILED)


def _child(run: _Run, log: _Log) -> int:
    """Start the work, copy what it says into the log, wait for it;
    its exit code, 128 + n for a signal."""
    with _passing_signals() as passed_to:
        try:
            # The locks go along: should this process be killed, they are held as long as the work
            # goes on.
            child = subprocess.Popen(
                run.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno() for lock in run.locks],
                cwd=run.home.root,
                env={**os.environ, ORIGIN: _on_behalf(run)},
            )
        except OSError as error:
            log.last = f"cannot start {run.argv[0]}: {error.strerror}"
            log.line(log.last)
            return ExitCode.FAILED
        passed_to(child)
        assert child.stdout is not None
        reader = threading.Thread(target=log.copy, args=(child.stdout,), daemon=True)
        reader.start()
        code = child.wait()
    reader.join(_DRAIN_S)
    return code if code >= 0 else 128 - code


def _on_behalf(run: _Run) -> str:
    """From where the child acts, for the record of who did what."""
    return f"cron {run.job.name}" + ("" if run.trigger is JobTrigger.CRON else f" ({run.trigger})")


@contextmanager
def _passing_signals() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """A signal to this process ends the child that is handed over, also one that came while it
    started.

    What became of it is then recorded; without this a signal right after the start left the work
    running unrecorded.
    """
    children: list[subprocess.Popen[bytes]] = []
    seen: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        for child in children:
            child.terminate()

    def hand_over(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        if seen:
            child.terminate()

    if threading.current_thread() is not threading.main_thread():
        yield hand_over
        return
    before = {
        number: signal.signal(number, pass_on)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        yield hand_over
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ping_aside(ping: Ping, log: _Log) -> threading.Thread:
    """Ping the start beside the work, which does not wait for it."""

    def send() -> None:
        if fault := ping.send("start"):
            log.line(fault)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"stockml: {clean(text)}\n")
