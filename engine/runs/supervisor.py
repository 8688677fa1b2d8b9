"""The process that looks after one run: `python -m engine.runs.supervisor RUN_DIR [LOCK_FD]`.

It hands the symbols one at a time to its workers, writes down what they say, ends what takes too
long, what was cancelled and what workers leave behind, and writes result.json last. No terminal,
no numeric library, one thread. It holds the run's lock as long as it lives; when it dies, its
workers read EOF and die too.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.core.audit import AuditOutcome, note
from engine.core.clock import Clock, SystemClock
from engine.core.errors import ExitCode
from engine.core.events import TYPES, Event, decode
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, append_line
from engine.core.records import Job, JobState
from engine.core.text import clean_bytes
from engine.runs.fold import RunFold, run_state
from engine.runs.journal import EventWriter, Journal
from engine.runs.memory import available_mb
from engine.runs.processes import adopt_orphans, identity_of, oom_kills
from engine.runs.result import reserve_room, write_result
from engine.runs.rules import Force, death_of, force_due, overdue, room_mb
from engine.runs.spec import RunFolder, RunSpec, read_spec
from engine.runs.sweep import reap_adopted, sweep
from engine.runs.training_log import log_line, narrate, opening
from engine.runs.worker_process import WorkerProcess

_TICK_S = 0.2
_TRIES = 2
_CANCELLED = "cancelled"


class Supervisor:
    """One run from its first event to its result."""

    def __init__(self, folder: RunFolder, spec: RunSpec, clock: Clock) -> None:
        self.folder, self.spec, self.clock = folder, spec, clock
        self.journal = Journal(folder.events)
        self.writer = EventWriter(spec.id, "supervisor", clock, self.journal.write)
        self.fold = RunFold(spec)
        self.queue = deque(spec.symbols)
        self.tried: Counter[str] = Counter()
        self.workers: list[WorkerProcess] = []
        self.selector = selectors.DefaultSelector()
        self.started = 0
        self.failed_starts = 0
        self.dropped_bytes = 0
        self.oom_seen = oom_kills()
        self.short_of_memory_since: float | None = None
        self.cancelling = False
        self.signalled = ""

    # -- speaking -------------------------------------------------------------------------------

    def emit(self, kind: str, symbol: str = "", /, **data: Any) -> None:
        """Write one event of the supervisor's own."""
        self.note(self.writer.emit(kind, symbol, **data))

    def record_events(self, worker: WorkerProcess, lines: list[bytes]) -> None:
        """Write down what a worker said of the symbol that it has;
        anything else it says is dropped."""
        for line in lines:
            event = decode(line)
            if event is None or event.type not in TYPES or event.symbol != worker.symbol:
                self.journal.dropped += 1
                continue
            self.journal.write(line)
            if event.type == "published":
                self.journal.sync()
            self.note(event)

    def note(self, event: Event) -> None:
        """Bring the state forward, and training.log."""
        self.fold.apply(event)
        if told := narrate(event, self.spec.source):
            self.log(told[0], told[1])

    def log(self, tag: str, text: str) -> None:
        """One line in training.log; a full disk costs the line, not the run."""
        with suppress(OSError):
            append_line(self.folder.home.training_log, log_line(tag, self.clock.now(), text))

    # -- the loop -------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the whole run."""
        self.open()
        try:
            while self.queue or self.workers:
                self.listen()
                self.reap()
                self.apply_cancel()
                self.enforce_limits()
                self.assign()
        finally:
            left = sweep(keep=(), own=())
        self.close(left)

    def open(self) -> None:
        """Say what will be done."""
        reserve_room(self.folder)
        self.log("INFO", opening(self.spec))
        for symbol in self.spec.symbols:
            self.emit("queued", symbol)
        failpoint("supervisor.opened")

    def listen(self) -> None:
        """Wait for a pipe, a signal or the tick;
        read each pipe once, so that no worker can keep the others waiting."""
        for key, _ in self.selector.select(_TICK_S):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(key.fd, 1024)
                continue
            worker, what = key.data
            if what == "output":
                more = worker.drain()
            else:
                lines, more = worker.listen(self.clock.monotonic())
                self.record_events(worker, lines)
            if not more:
                self.selector.unregister(key.fd)
        reap_adopted([worker.process.pid for worker in self.workers])

    def reap(self) -> None:
        """Judge the jobs of workers that have died, and end what they left behind."""
        for worker in [worker for worker in self.workers if worker.process.poll() is not None]:
            for fd in (worker.words_fd, worker.output_fd):
                with suppress(KeyError):
                    self.selector.unregister(fd)
            self.workers.remove(worker)
            sweep(keep=self.pids(), own=self.pids())
            self.record_events(worker, worker.rest(self.clock.monotonic()))
            self.settle_job(worker, worker.process.returncode)
            self.emit(
                "worker",
                state="ended",
                worker=worker.number,
                code=worker.process.returncode,
                why=worker.stop_reason,
            )
            self.dropped_bytes += worker.log.dropped
            worker.close()

    def settle_job(self, worker: WorkerProcess, returncode: int) -> None:
        """What the death of a worker means for the symbol it had, and for those that wait."""
        out_of_memory, self.oom_seen = oom_kills() > self.oom_seen, oom_kills()
        symbol = worker.symbol
        if symbol is not None and not self.fold.job(symbol).state.ended:
            death = death_of(returncode, out_of_memory)
            if worker.stop_reason == _CANCELLED:
                self.emit("cancelled", symbol)
            elif worker.stopping:
                self.emit(
                    "failed",
                    symbol,
                    message=worker.stop_reason,
                    hint="see the worker's log in the run's folder",
                )
            elif death.retry and not self.cancelling and self.tried[symbol] < _TRIES:
                self.queue.appendleft(symbol)
                self.emit("warning", symbol, message=f"{death.message}; tried once more")
                self.emit("queued", symbol, message=f"{death.message}; tried once more")
            else:
                self.emit(
                    "failed",
                    symbol,
                    message=death.message,
                    hint=death.hint,
                    exit_code=death.exit_code,
                )
        elif not worker.ever_ready and not worker.stopping:
            self.failed_starts += 1
            if self.failed_starts >= _TRIES:
                self.fail_queued(
                    f"no worker can start: {worker.last_words() or f'code {returncode}'}",
                    "stockml doctor",
                )

    def apply_cancel(self) -> None:
        """Begin to cancel when the file is there or a signal came."""
        if self.cancelling or not (self.signalled or self.folder.cancel.exists()):
            return
        self.cancelling = True
        self.emit("cancelling", by=self.signalled or _first_line(self.folder.cancel))
        while self.queue:
            self.emit("cancelled", self.queue.popleft())
        for worker in self.workers:
            worker.stop(_CANCELLED, Force.ASK, self.clock.monotonic())

    def enforce_limits(self) -> None:
        """Stop what is over a limit, and escalate every stop that has begun."""
        now, limits = self.clock.monotonic(), self.spec.limits
        for worker in self.workers:
            if (
                not worker.stopping
                and not worker.ready
                and (reason := overdue(now, worker.since, worker.heard, limits))
            ):
                worker.stop(reason, Force.TERM, now)
            if worker.stopping and worker.escalate(
                force_due(now - worker.stop_since, limits.grace_s, worker.stop_first)
            ):
                others = [other.process.pid for other in self.workers if other is not worker]
                sweep(keep=others, own=self.pids())

    def assign(self) -> None:
        """Hand a symbol to every worker that waits;
        start one more when symbols wait and there is room."""
        now = self.clock.monotonic()
        for worker in self.workers:
            if not worker.ready:
                continue
            self.release(worker)
            if self.queue and not worker.stopping:
                symbol = self.queue.popleft()
                self.tried[symbol] += 1
                worker.give(symbol, now)
                failpoint("supervisor.handed")
            else:
                worker.stop("no more symbols", Force.ASK, now)
        coming = sum(not worker.ready and worker.symbol is None for worker in self.workers)
        if (
            len(self.queue) > coming
            and len(self.workers) < self.spec.limits.workers
            and self.has_room(now)
        ):
            self.start_worker(now)

    def release(self, worker: WorkerProcess) -> None:
        """A worker that waits has done with its symbol, and must have said how it ended."""
        if worker.symbol is not None and not self.fold.job(worker.symbol).state.ended:
            self.emit("failed", worker.symbol, message="the worker did not say how it ended")
        worker.symbol = None

    def has_room(self, now: float) -> bool:
        """The memory guard: wait for room while other workers run, give up after a while when
        there are none."""
        limits = self.spec.limits
        room = room_mb(
            available_mb(), [worker.resident_mb for worker in self.workers], limits.memory_mb
        )
        if room >= limits.memory_mb:
            self.short_of_memory_since = None
            return True
        since = self.short_of_memory_since
        if since is None:
            self.short_of_memory_since = now
            self.emit(
                "warning",
                message=f"waiting for memory: {room} MB available, {limits.memory_mb} MB needed",
            )
        elif not self.workers and now - since > limits.memory_wait_s:
            message = (
                f"not enough memory: {room} MB available, {limits.memory_mb} MB needed"
                " (training.worker_memory_mb)"
            )
            self.fail_queued(message, "end other programs, or lower training.worker_memory_mb")
        return False

    def start_worker(self, now: float) -> None:
        """Start one worker."""
        self.started += 1
        try:
            worker = WorkerProcess(self.folder, self.started, now)
        except OSError as error:
            self.failed_starts += 1
            if self.failed_starts >= _TRIES and not self.workers:
                self.fail_queued(f"no worker can start: {error.strerror}", "stockml doctor")
            return
        failpoint("supervisor.spawned")
        self.workers.append(worker)
        self.selector.register(worker.words_fd, selectors.EVENT_READ, (worker, "words"))
        self.selector.register(worker.output_fd, selectors.EVENT_READ, (worker, "output"))
        self.emit(
            "worker",
            state="started",
            worker=worker.number,
            identity=str(worker.identity or worker.process.pid),
        )

    def fail_queued(self, message: str, hint: str) -> None:
        """Fail every symbol that still waits."""
        while self.queue:
            self.emit("failed", self.queue.popleft(), message=message, hint=hint)

    def pids(self) -> list[int]:
        """The workers that have not been reaped."""
        return [worker.process.pid for worker in self.workers]

    def close(self, left: tuple[int, ...]) -> None:
        """Say how it ended, then write the result: nothing of the run is alive any more."""
        jobs = [self.fold.job(symbol) for symbol in self.spec.symbols]
        counts = Counter(str(job.state) for job in jobs)
        message = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        failpoint("supervisor.swept")
        self.emit("finished", state=str(run_state(jobs)), message=message)
        self.journal.sync()
        failpoint("supervisor.finished")
        extra = {
            "dropped_log_bytes": self.dropped_bytes,
            "dropped_events": self.journal.dropped,
            "left_processes": left,
        }
        run = self.fold.run(lock_held=False)
        if not write_result(self.folder, run, extra, pause=lambda: time.sleep(0.5)):
            sys.stderr.write(f"result.json could not be written: {run.state}; {message}\n")
        self.record(run_state(jobs), jobs)
        failpoint("supervisor.closed")

    def record(self, state: JobState, jobs: Sequence[Job]) -> None:
        """One line in the audit: how the run that somebody started has ended."""
        ends = {
            str(state): [job.symbol for job in jobs if job.state is state] for state in JobState
        }
        told: dict[str, Any] = {name: symbols for name, symbols in ends.items() if symbols}
        outcome = (
            str(state)
            if state in (JobState.DONE, JobState.REFUSED, JobState.CANCELLED)
            else AuditOutcome.FAILED
        )
        note(
            self.folder.home,
            self.clock,
            "train",
            outcome,
            run=self.folder.id,
            started_by=self.spec.starter,
            **told,
        )


def _first_line(path: Path) -> str:
    try:
        return clean_bytes(path.read_bytes()[:200].split(b"\n")[0]) or "somebody"
    except OSError:
        return "somebody"


def _listen_to_signals(supervisor: Supervisor) -> None:
    """SIGTERM and SIGINT cancel the run; SIGCHLD wakes it;
    a terminal's hang-up means nothing to it."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    supervisor.selector.register(reader, selectors.EVENT_READ, None)

    def cancel(number: int, _: object) -> None:
        supervisor.signalled = signal.Signals(number).name

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, cancel)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main(words: list[str]) -> int:
    """Supervise the run in the folder `words[0]`, whose lock was handed over as the descriptor
    `words[1]`."""
    os.umask(os.umask(0o022) | 0o022)  # cron may have none: nothing here is for others to write
    folder = RunFolder(Path(words[0]).absolute())
    owner = (
        f"run {folder.id}, supervisor pid {os.getpid()} on {socket.gethostname()}"
        f" [{identity_of(os.getpid())}]"
    )
    if len(words) > 1:
        lock = FileLock.adopt(folder.lock, int(words[1]))
        lock.describe(owner)
    else:
        lock = FileLock(folder.lock)
        if not lock.acquire(owner):
            sys.stderr.write(f"run {folder.id} has a supervisor already\n")
            return int(ExitCode.BUSY)
    with lock:
        failpoint("supervisor.locked")
        adopt_orphans()
        supervisor = Supervisor(folder, read_spec(folder), SystemClock())
        _listen_to_signals(supervisor)
        supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
