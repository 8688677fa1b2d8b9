"""The process that runs one run: `python -m engine.runs.supervisor RUN_DIR [LOCK_FD]`.

It gives workers one symbol at a time, records events, ends what is late, cancelled or left behind,
and writes result.json last. One thread, no terminal, no numeric library. It holds the run's lock;
when it dies, its workers read EOF and die too.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from collections import Counter, deque
from contextlib import suppress
from functools import partial
from pathlib import Path

from engine.core.anchor import hold_home
from engine.core.clock import Clock, SystemClock
from engine.core.errors import ExitCode
from engine.core.failpoints import failpoint
from engine.core.files import FileLock
from engine.runs import rules
from engine.runs.cancel import cancelled_by
from engine.runs.memory_gate import MemoryGate
from engine.runs.processes import adopt_orphans, identity_of, oom_kills
from engine.runs.recorder import RunRecorder
from engine.runs.spec import Limits, RunFolder, RunSpec, read_spec
from engine.runs.sweep import reap_adopted, sweep
from engine.runs.wakeups import handle_signals
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
        self.remote = bool(spec.executor)
        """Whether the cluster fits."""
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
        self.memory = MemoryGate()
        self.cancelling = False
        self.cancel_signal = ""

    @property
    def kind(self) -> str:
        """The work of the workers that are started now."""
        return "train-remotely" if self.remote else self.spec.kind

    @property
    def limits(self) -> Limits:
        """How much the run may use now."""
        return self.spec.remote_limits if self.remote else self.spec.limits

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
            elif returncode == rules.CLUSTER_GONE:
                self.leave_cluster(symbol, worker.last_output_line())
            else:
                word = worker.last_output_line() if returncode == rules.HOST_LOST else ""
                out_of_memory = self.oom_kills > oom_kills_before
                self.retry_or_fail(symbol, returncode, out_of_memory, word)
        elif not worker.ever_ready and not worker.stopping:
            self.failed_starts += 1
            if self.failed_starts >= _MAX_TRIES:
                cause = worker.last_output_line() or f"code {returncode}"
                self.fail_queued(f"no worker can start: {cause}", "stockml doctor")

    def leave_cluster(self, symbol: str, cause: str) -> None:
        """The run goes on on this machine, or fails when it must not."""
        self.queue.appendleft(symbol)
        self.tries[symbol] -= 1
        if not self.spec.executor_fallback:
            self.fail_queued(cause, "stockml cluster status, or training.executor_fallback = true")
            return
        self.remote = False
        message = f"{cause}; the run goes on on this machine"
        self.recorder.emit("warning", symbol, message=message)
        self.recorder.emit("queued", symbol, message=message)

    def retry_or_fail(
        self, symbol: str, returncode: int, out_of_memory: bool, last_word: str
    ) -> None:
        """Queue the symbol once more after a death worth a retry; else its job has failed."""
        end = rules.explain_exit(returncode, out_of_memory)
        cause = last_word or end.message
        if end.retry and not self.cancelling and self.tries[symbol] < _MAX_TRIES:
            self.queue.appendleft(symbol)
            message = f"{cause}; tried once more"
            self.recorder.emit("warning", symbol, message=message)
            self.recorder.emit("queued", symbol, message=message)
        else:
            self.recorder.emit(
                "failed", symbol, message=cause, hint=end.hint, exit_code=end.exit_code
            )

    def note_signal(self, name: str) -> None:
        """Cancel the run at the next tick."""
        self.cancel_signal = name

    def apply_cancel(self) -> None:
        """Begin to cancel when the file exists or a signal came."""
        if self.cancelling or not (self.cancel_signal or self.folder.cancel.exists()):
            return
        self.cancelling = True
        self.recorder.emit("cancelling", by=self.cancel_signal or cancelled_by(self.folder))
        while self.queue:
            self.recorder.emit("cancelled", self.queue.popleft())
        for worker in self.workers:
            worker.stop(_CANCELLED, rules.StopLevel.ASK, self.clock.monotonic())

    def enforce_limits(self) -> None:
        """Stop what is over a limit, and escalate every stop that has begun."""
        now = self.clock.monotonic()
        limits = self.spec.limits
        for worker in self.workers:
            if not worker.stopping and not worker.ready:
                reason = rules.overdue(
                    now, since=worker.assigned_at, heard=worker.last_heard, limits=limits
                )
                if reason:
                    worker.stop(reason, rules.StopLevel.TERM, now)
            if worker.stopping:
                waited_s = now - worker.stop_since
                level = rules.stop_level_due(waited_s, limits.grace_s, worker.first_stop_level)
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
            if self.queue and not worker.stopping and worker.kind == self.kind:
                symbol = self.queue.popleft()
                self.tries[symbol] += 1
                worker.assign(symbol, now)
                failpoint("supervisor.handed")
            else:
                worker.stop("no more symbols", rules.StopLevel.ASK, now)
        starting = sum(not worker.ready and worker.symbol is None for worker in self.workers)
        may_start = len(self.workers) < self.limits.workers
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
        limits, gate = self.limits, self.memory
        if gate.has_room(limits, [worker.resident_mb for worker in self.workers]):
            return True
        if gate.short_since is None:
            gate.short_since = now
            self.recorder.emit("warning", message=f"waiting for memory: {gate.figures}")
        elif not self.workers and now - gate.short_since > limits.memory_wait_s:
            self.fail_queued(
                f"not enough memory: {gate.figures} (training.worker_memory_mb)",
                "end other programs, or lower training.worker_memory_mb",
            )
        return False

    def start_worker(self, now: float) -> None:
        """Start one worker."""
        self.started_workers += 1
        try:
            worker = WorkerProcess(self.folder, self.started_workers, now, self.kind)
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
        handle_signals(supervisor.selector, supervisor.note_signal)
        supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
