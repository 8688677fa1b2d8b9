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

from engine.core.audit import Outcome, note
from engine.core.clock import Clock, SystemClock
from engine.core.errors import ExitCode
from engine.core.events import TYPES, Event, decode
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, append_line
from engine.core.records import Job, JobState
from engine.core.text import clean_bytes
from engine.runs.fold import Folding, run_state
from engine.runs.journal import Journal, Speaker
from engine.runs.memory import available_mb
from engine.runs.processes import adopt_orphans, identity_of, oom_kills
from engine.runs.result import reserve_room, write_result
from engine.runs.rules import Force, death_of, force_due, overdue, room_mb
from engine.runs.spec import RunFolder, RunSpec, read_spec
from engine.runs.sweep import reap_adopted, sweep
from engine.runs.training_log import log_line, narrate, opening
from engine.runs.worker_process import Hand

_TICK_S = 0.2
_TRIES = 2
_CANCELLED = "cancelled"


class Supervisor:
    """One run from its first event to its result."""

    def __init__(self, folder: RunFolder, spec: RunSpec, clock: Clock) -> None:
        self.folder, self.spec, self.clock = folder, spec, clock
        self.journal = Journal(folder.events)
        self.speaker = Speaker(spec.id, "supervisor", clock, self.journal.write)
        self.folding = Folding(spec)
        self.queue = deque(spec.symbols)
        self.tried: Counter[str] = Counter()
        self.hands: list[Hand] = []
        self.selector = selectors.DefaultSelector()
        self.started = 0
        self.failed_starts = 0
        self.dropped_bytes = 0
        self.oom_seen = oom_kills()
        self.short_of_memory_since: float | None = None
        self.cancelling = False
        self.signalled = ""

    # -- speaking -------------------------------------------------------------------------------

    def say(self, kind: str, symbol: str = "", /, **data: Any) -> None:
        """Write one event of the supervisor's own."""
        self.note(self.speaker.say(kind, symbol, **data))

    def hear(self, hand: Hand, lines: list[bytes]) -> None:
        """Write down what a worker said of the symbol that it has;
        anything else it says is dropped."""
        for line in lines:
            event = decode(line)
            if event is None or event.type not in TYPES or event.symbol != hand.symbol:
                self.journal.dropped += 1
                continue
            self.journal.write(line)
            if event.type == "published":
                self.journal.sync()
            self.note(event)

    def note(self, event: Event) -> None:
        """Bring the state forward, and training.log."""
        self.folding.feed(event)
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
            while self.queue or self.hands:
                self.listen()
                self.bury()
                self.obey()
                self.enforce()
                self.staff()
        finally:
            left = sweep(keep=(), own=())
        self.close(left)

    def open(self) -> None:
        """Say what will be done."""
        reserve_room(self.folder)
        self.log("INFO", opening(self.spec))
        for symbol in self.spec.symbols:
            self.say("queued", symbol)
        failpoint("supervisor.opened")

    def listen(self) -> None:
        """Wait for a pipe, a signal or the tick;
        read each pipe once, so that no worker can keep the others waiting."""
        for key, _ in self.selector.select(_TICK_S):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(key.fd, 1024)
                continue
            hand, what = key.data
            if what == "output":
                more = hand.drain()
            else:
                lines, more = hand.listen(self.clock.monotonic())
                self.hear(hand, lines)
            if not more:
                self.selector.unregister(key.fd)
        reap_adopted([hand.process.pid for hand in self.hands])

    def bury(self) -> None:
        """Judge the jobs of workers that have died, and end what they left behind."""
        for hand in [hand for hand in self.hands if hand.process.poll() is not None]:
            for fd in (hand.words_fd, hand.output_fd):
                with suppress(KeyError):
                    self.selector.unregister(fd)
            self.hands.remove(hand)
            sweep(keep=self.pids(), own=self.pids())
            self.hear(hand, hand.rest(self.clock.monotonic()))
            self.judge(hand, hand.process.returncode)
            self.say(
                "worker",
                state="ended",
                worker=hand.number,
                code=hand.process.returncode,
                why=hand.stop_reason,
            )
            self.dropped_bytes += hand.log.dropped
            hand.close()

    def judge(self, hand: Hand, returncode: int) -> None:
        """What the death of a worker means for the symbol it had, and for those that wait."""
        out_of_memory, self.oom_seen = oom_kills() > self.oom_seen, oom_kills()
        symbol = hand.symbol
        if symbol is not None and not self.folding.job(symbol).state.ended:
            death = death_of(returncode, out_of_memory)
            if hand.stop_reason == _CANCELLED:
                self.say("cancelled", symbol)
            elif hand.stopping:
                self.say(
                    "failed",
                    symbol,
                    message=hand.stop_reason,
                    hint="see the worker's log in the run's folder",
                )
            elif death.retry and not self.cancelling and self.tried[symbol] < _TRIES:
                self.queue.appendleft(symbol)
                self.say("warning", symbol, message=f"{death.message}; tried once more")
                self.say("queued", symbol, message=f"{death.message}; tried once more")
            else:
                self.say(
                    "failed",
                    symbol,
                    message=death.message,
                    hint=death.hint,
                    exit_code=death.exit_code,
                )
        elif not hand.ever_ready and not hand.stopping:
            self.failed_starts += 1
            if self.failed_starts >= _TRIES:
                self.fail_queued(
                    f"no worker can start: {hand.last_words() or f'code {returncode}'}",
                    "stockml doctor",
                )

    def obey(self) -> None:
        """Begin to cancel when the file is there or a signal came."""
        if self.cancelling or not (self.signalled or self.folder.cancel.exists()):
            return
        self.cancelling = True
        self.say("cancelling", by=self.signalled or _first_line(self.folder.cancel))
        while self.queue:
            self.say("cancelled", self.queue.popleft())
        for hand in self.hands:
            hand.stop(_CANCELLED, Force.ASK, self.clock.monotonic())

    def enforce(self) -> None:
        """Stop what is over a limit, and press on with every stop that has begun."""
        now, limits = self.clock.monotonic(), self.spec.limits
        for hand in self.hands:
            if (
                not hand.stopping
                and not hand.ready
                and (reason := overdue(now, hand.since, hand.heard, limits))
            ):
                hand.stop(reason, Force.TERM, now)
            if hand.stopping and hand.press(
                force_due(now - hand.stop_since, limits.grace_s, hand.stop_first)
            ):
                others = [other.process.pid for other in self.hands if other is not hand]
                sweep(keep=others, own=self.pids())

    def staff(self) -> None:
        """Hand a symbol to every worker that waits;
        start one more when symbols wait and there is room."""
        now = self.clock.monotonic()
        for hand in self.hands:
            if not hand.ready:
                continue
            self.settle(hand)
            if self.queue and not hand.stopping:
                symbol = self.queue.popleft()
                self.tried[symbol] += 1
                hand.give(symbol, now)
                failpoint("supervisor.handed")
            else:
                hand.stop("no more symbols", Force.ASK, now)
        coming = sum(not hand.ready and hand.symbol is None for hand in self.hands)
        if (
            len(self.queue) > coming
            and len(self.hands) < self.spec.limits.workers
            and self.has_room(now)
        ):
            self.hire(now)

    def settle(self, hand: Hand) -> None:
        """A worker that waits has done with its symbol, and must have said how it ended."""
        if hand.symbol is not None and not self.folding.job(hand.symbol).state.ended:
            self.say("failed", hand.symbol, message="the worker did not say how it ended")
        hand.symbol = None

    def has_room(self, now: float) -> bool:
        """The memory guard: wait for room while other workers run, give up after a while when
        there are none."""
        limits = self.spec.limits
        room = room_mb(available_mb(), [hand.resident_mb for hand in self.hands], limits.memory_mb)
        if room >= limits.memory_mb:
            self.short_of_memory_since = None
            return True
        since = self.short_of_memory_since
        if since is None:
            self.short_of_memory_since = now
            self.say(
                "warning",
                message=f"waiting for memory: {room} MB available, {limits.memory_mb} MB needed",
            )
        elif not self.hands and now - since > limits.memory_wait_s:
            message = (
                f"not enough memory: {room} MB available, {limits.memory_mb} MB needed"
                " (training.worker_memory_mb)"
            )
            self.fail_queued(message, "end other programs, or lower training.worker_memory_mb")
        return False

    def hire(self, now: float) -> None:
        """Start one worker."""
        self.started += 1
        try:
            hand = Hand(self.folder, self.started, now)
        except OSError as error:
            self.failed_starts += 1
            if self.failed_starts >= _TRIES and not self.hands:
                self.fail_queued(f"no worker can start: {error.strerror}", "stockml doctor")
            return
        failpoint("supervisor.spawned")
        self.hands.append(hand)
        self.selector.register(hand.words_fd, selectors.EVENT_READ, (hand, "words"))
        self.selector.register(hand.output_fd, selectors.EVENT_READ, (hand, "output"))
        self.say(
            "worker",
            state="started",
            worker=hand.number,
            identity=str(hand.identity or hand.process.pid),
        )

    def fail_queued(self, message: str, hint: str) -> None:
        """Fail every symbol that still waits."""
        while self.queue:
            self.say("failed", self.queue.popleft(), message=message, hint=hint)

    def pids(self) -> list[int]:
        """The workers that have not been buried."""
        return [hand.process.pid for hand in self.hands]

    def close(self, left: tuple[int, ...]) -> None:
        """Say how it ended, then write the result: nothing of the run is alive any more."""
        jobs = [self.folding.job(symbol) for symbol in self.spec.symbols]
        counts = Counter(str(job.state) for job in jobs)
        message = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        failpoint("supervisor.swept")
        self.say("finished", state=str(run_state(jobs)), message=message)
        self.journal.sync()
        failpoint("supervisor.finished")
        extra = {
            "dropped_log_bytes": self.dropped_bytes,
            "dropped_events": self.journal.dropped,
            "left_processes": left,
        }
        run = self.folding.run(lock_held=False)
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
            else Outcome.FAILED
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
