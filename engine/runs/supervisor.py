"""The process that runs one run: `python -m engine.runs.supervisor RUN_DIR [LOCK_FD]`.

It gives workers one symbol at a time, records events, ends what is late, cancelled or left behind,
and writes result.json last. One thread, no terminal, no numeric library. It holds the run's lock;
when it dies, its workers read EOF and die too.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from collections import Counter, deque
from contextlib import suppress
from functools import partial
from pathlib import Path

from engine.core.anchor import hold_home
from engine.core.clock import Clock, SystemClock
from engine.core.errors import ExitCode, FileError
from engine.core.failpoints import failpoint
from engine.core.files import FileLock
from engine.core.memory import available_mb
from engine.core.reading import read_bytes
from engine.core.text import clean_bytes
from engine.runs.processes import adopt_orphans, identity_of, oom_kills
from engine.runs.recorder import RunRecorder
from engine.runs.rules import StopLevel, explain_exit, overdue, room_mb, stop_level_due
from engine.runs.spec import RunFolder, RunSpec, read_spec
from engine.runs.sweep import reap_adopted, sweep
from engine.runs.worker_process import WorkerProcess

_TICK_S = 0.2
_MAX_TRIES = 2
_CANCELLED = "cancelled"
_SEE_LOG = "see the worker's log in the run's folder"


class Supervisor:
    """One run from its first event to its result."""

    def __init__(self, folder: RunFolder, spec: RunSpec, clock: Clock) -> None:
        self.folder = folder
        self.spec = spec
        self.clock = clock
        self.recorder = RunRecorder(folder, spec, clock)
        self.queue = deque(spec.symbols)
        self.tries: Counter[str] = Counter()
        self.workers: list[WorkerProcess] = []
        self.selector = selectors.DefaultSelector()
        """Its data are functions that read the ready pipe; False when the pipe is at its end."""
        self.started_workers = 0
        self.failed_starts = 0
        self.dropped_log_bytes = 0
        self.oom_kills = oom_kills()
        self.short_of_memory_since: float | None = None
        self.cancelling = False
        self.cancel_signal = ""

    def run(self) -> None:
        """Do the whole run."""
        self.recorder.begin()
        try:
            while self.queue or self.workers:
                self.read_pipes()
                self.reap()
                self.apply_cancel()
                self.enforce_limits()
                self.assign()
        finally:
            left_processes = sweep(keep=(), own=())
        self.recorder.close(self.dropped_log_bytes, left_processes)

    def read_pipes(self) -> None:
        """Wait for a pipe, a signal or the tick; each pipe is read once, so none starves."""
        for key, _ in self.selector.select(_TICK_S):
            if not key.data():
                self.selector.unregister(key.fd)
        reap_adopted(self.worker_pids())

    def read_events(self, worker: WorkerProcess) -> bool:
        """Record what a worker wrote; False when nothing more will come."""
        lines, more = worker.read_events(self.clock.monotonic())
        self.recorder.record(lines, worker.symbol)
        return more

    def reap(self) -> None:
        """Settle the jobs of workers that have died, and end what they left behind."""
        for worker in [worker for worker in self.workers if worker.process.poll() is not None]:
            for fd in (worker.events_fd, worker.output_fd):
                with suppress(KeyError):
                    self.selector.unregister(fd)
            self.workers.remove(worker)
            sweep(keep=self.worker_pids(), own=self.worker_pids())
            self.recorder.record(worker.read_rest(self.clock.monotonic()), worker.symbol)
            returncode = worker.process.returncode
            self.settle_job(worker, returncode)
            self.recorder.emit(
                "worker",
                state="ended",
                worker=worker.number,
                code=returncode,
                why=worker.stop_reason,
            )
            self.dropped_log_bytes += worker.log.dropped
            worker.close()

    def settle_job(self, worker: WorkerProcess, returncode: int) -> None:
        """What the death of a worker means for its symbol, and for those still queued."""
        oom_kills_before = self.oom_kills
        self.oom_kills = oom_kills()
        symbol = worker.symbol
        if symbol is not None and not self.recorder.has_ended(symbol):
            if worker.stop_reason == _CANCELLED:
                self.recorder.emit("cancelled", symbol)
            elif worker.stopping:
                self.recorder.emit("failed", symbol, message=worker.stop_reason, hint=_SEE_LOG)
            else:
                self.retry_or_fail(symbol, returncode, self.oom_kills > oom_kills_before)
        elif not worker.ever_ready and not worker.stopping:
            self.failed_starts += 1
            if self.failed_starts >= _MAX_TRIES:
                cause = worker.last_output_line() or f"code {returncode}"
                self.fail_queued(f"no worker can start: {cause}", "stockml doctor")

    def retry_or_fail(self, symbol: str, returncode: int, out_of_memory: bool) -> None:
        """Queue the symbol once more after a death worth a retry; else its job has failed."""
        end = explain_exit(returncode, out_of_memory)
        if end.retry and not self.cancelling and self.tries[symbol] < _MAX_TRIES:
            self.queue.appendleft(symbol)
            message = f"{end.message}; tried once more"
            self.recorder.emit("warning", symbol, message=message)
            self.recorder.emit("queued", symbol, message=message)
        else:
            self.recorder.emit(
                "failed", symbol, message=end.message, hint=end.hint, exit_code=end.exit_code
            )

    def apply_cancel(self) -> None:
        """Begin to cancel when the file exists or a signal came."""
        if self.cancelling or not (self.cancel_signal or self.folder.cancel.exists()):
            return
        self.cancelling = True
        self.recorder.emit("cancelling", by=self.cancel_signal or _first_line(self.folder.cancel))
        while self.queue:
            self.recorder.emit("cancelled", self.queue.popleft())
        for worker in self.workers:
            worker.stop(_CANCELLED, StopLevel.ASK, self.clock.monotonic())

    def enforce_limits(self) -> None:
        """Stop what is over a limit, and escalate every stop that has begun."""
        now = self.clock.monotonic()
        limits = self.spec.limits
        for worker in self.workers:
            if not worker.stopping and not worker.ready:
                reason = overdue(
                    now, since=worker.assigned_at, heard=worker.last_heard, limits=limits
                )
                if reason:
                    worker.stop(reason, StopLevel.TERM, now)
            if worker.stopping:
                waited_s = now - worker.stop_since
                level = stop_level_due(waited_s, limits.grace_s, worker.first_stop_level)
                if worker.escalate(level):
                    others = [other.pid for other in self.workers if other is not worker]
                    sweep(keep=others, own=self.worker_pids())

    def assign(self) -> None:
        """Give every ready worker a symbol; start one more when symbols wait and there is room."""
        now = self.clock.monotonic()
        for worker in self.workers:
            if not worker.ready:
                continue
            self.finish_job(worker)
            if self.queue and not worker.stopping:
                symbol = self.queue.popleft()
                self.tries[symbol] += 1
                worker.assign(symbol, now)
                failpoint("supervisor.handed")
            else:
                worker.stop("no more symbols", StopLevel.ASK, now)
        starting = sum(not worker.ready and worker.symbol is None for worker in self.workers)
        may_start = len(self.workers) < self.spec.limits.workers
        if len(self.queue) > starting and may_start and self.has_memory(now):
            self.start_worker(now)

    def finish_job(self, worker: WorkerProcess) -> None:
        """A ready worker is done with its symbol, and must have reported how it ended."""
        if worker.symbol is not None and not self.recorder.has_ended(worker.symbol):
            message = "the worker did not say how it ended"
            self.recorder.emit("failed", worker.symbol, message=message)
        worker.symbol = None

    def has_memory(self, now: float) -> bool:
        """Whether one more worker fits; without any worker the run gives up after a while."""
        limits = self.spec.limits
        resident = [worker.resident_mb for worker in self.workers]
        room = room_mb(available_mb(), resident, limits.memory_mb)
        if room >= limits.memory_mb:
            self.short_of_memory_since = None
            return True
        figures = f"{room} MB available, {limits.memory_mb} MB needed"
        if self.short_of_memory_since is None:
            self.short_of_memory_since = now
            self.recorder.emit("warning", message=f"waiting for memory: {figures}")
        elif not self.workers and now - self.short_of_memory_since > limits.memory_wait_s:
            self.fail_queued(
                f"not enough memory: {figures} (training.worker_memory_mb)",
                "end other programs, or lower training.worker_memory_mb",
            )
        return False

    def start_worker(self, now: float) -> None:
        """Start one worker."""
        self.started_workers += 1
        try:
            worker = WorkerProcess(self.folder, self.started_workers, now)
        except OSError as error:
            self.failed_starts += 1
            if self.failed_starts >= _MAX_TRIES and not self.workers:
                self.fail_queued(f"no worker can start: {error.strerror}", "stockml doctor")
            return
        failpoint("supervisor.spawned")
        self.workers.append(worker)
        read_events = partial(self.read_events, worker)
        self.selector.register(worker.events_fd, selectors.EVENT_READ, read_events)
        self.selector.register(worker.output_fd, selectors.EVENT_READ, worker.drain_output)
        identity = str(worker.identity or worker.pid)
        self.recorder.emit("worker", state="started", worker=worker.number, identity=identity)

    def fail_queued(self, message: str, hint: str) -> None:
        """Fail every symbol that is still queued."""
        while self.queue:
            self.recorder.emit("failed", self.queue.popleft(), message=message, hint=hint)

    def worker_pids(self) -> list[int]:
        """The workers that have not been reaped."""
        return [worker.pid for worker in self.workers]


def _first_line(path: Path) -> str:
    try:
        return clean_bytes(read_bytes(path, 10_000)[:200].split(b"\n")[0]) or "somebody"
    except (OSError, FileError):
        return "somebody"


def _handle_signals(supervisor: Supervisor) -> None:
    """SIGTERM and SIGINT cancel the run, SIGCHLD wakes it, SIGHUP is ignored."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def drain_wakeups() -> bool:
        with suppress(BlockingIOError):
            os.read(reader, 1024)
        return True

    def cancel(number: int, _: object) -> None:
        supervisor.cancel_signal = signal.Signals(number).name

    supervisor.selector.register(reader, selectors.EVENT_READ, drain_wakeups)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, cancel)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Supervise the run in the folder `arguments[0]`, its lock inherited as `arguments[1]`."""
    os.umask(os.umask(0o022) | 0o022)  # cron may have none: nothing here is for others to write
    folder = RunFolder(Path(arguments[0]).absolute())
    hold_home(folder.home.root)
    owner = (
        f"run {folder.id}, supervisor pid {os.getpid()} on {socket.gethostname()}"
        f" [{identity_of(os.getpid())}]"
    )
    if len(arguments) > 1:
        lock = FileLock.adopt(folder.lock, int(arguments[1]))
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
        _handle_signals(supervisor)
        supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
