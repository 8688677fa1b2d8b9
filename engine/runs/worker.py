"""The process that does the work: `python -m engine.runs.worker RUN_DIR NUMBER EVENTS_FD KIND`.

It reads symbols from stdin and imports TensorFlow once. At EOF (its supervisor died) it exits at
once: everything it writes is whole or absent.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.core.anchor import GONE, hold_home, is_gone
from engine.core.clock import SystemClock
from engine.core.errors import BusyError, Interrupted, RefusedError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.runs.journal import EventWriter
from engine.runs.processes import identity_of
from engine.runs.spec import RunFolder, RunSpec, read_spec
from engine.runs.work import AttemptLostError, Task, find_work
from engine.runs.worker_process import CANCEL, QUIT, READY
from engine.settings import load as config
from engine.settings.schema import Settings

ORPHANED = 70
_ENDS = ("published", "refused", "failed", "cancelled")
# A stat of the cancel file costs 2 µs, a batch of a small network 2 ms: ten a second are plenty.
_CANCEL_CHECK_S = 0.1


class Inbox:
    """What the supervisor sends: symbols into a queue, a cancel as a flag; its death ends us."""

    def __init__(self, fd: int, cancel_file: Path) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cancel_file = cancel_file
        self._cancelled = threading.Event()
        self._checked_at = 0.0
        threading.Thread(target=self._read, args=(fd,), daemon=True).start()

    def _read(self, fd: int) -> None:
        with os.fdopen(fd, "rb", buffering=0) as file:
            rest = b""
            while data := file.read(4096):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.decode() == CANCEL:
                        self._cancelled.set()
                    self._lines.put(line.decode())
        os._exit(ORPHANED)

    def next(self) -> str | None:
        """The next symbol, or None when there is nothing more to do."""
        line = self._lines.get()
        return None if line in (QUIT, CANCEL) or self._cancelled.is_set() else line

    def cancelled(self) -> bool:
        """Whether the run is to stop; cheap enough for every batch."""
        now = time.monotonic()
        if not self._cancelled.is_set() and now - self._checked_at > _CANCEL_CHECK_S:
            self._checked_at = now
            if self._cancel_file.exists():
                self._cancelled.set()
        return self._cancelled.is_set()


class Worker:
    """Does the symbols of one run, one at a time, each under its lock."""

    def __init__(
        self, folder: RunFolder, number: int, events_fd: int, inbox: Inbox, kind: str
    ) -> None:
        self.folder = folder
        self.number = number
        self.inbox = inbox
        self.kind = kind
        self.spec: RunSpec = read_spec(folder)
        self.clock = SystemClock()
        self._events_fd = events_fd
        self._events = EventWriter(self.spec.id, f"worker-{number}", self.clock, self._write)
        self._ended = False

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._events_fd, line) :]

    def run(self) -> None:
        """Ask for symbols until there are none."""
        while True:
            self._write(READY + b"\n")
            symbol = self.inbox.next()
            if symbol is None:
                return
            self.do(symbol)

    def do(self, symbol: str) -> None:
        """One symbol under its lock; whatever happens, its end is reported once."""
        self._ended = False
        with FileLock(self.folder.home.lock(symbol)) as lock:
            try:
                self._acquire(lock)
                self._events.emit("started", symbol, worker=self.number, pid=os.getpid())
                settings = config.load(self.folder.home)
                self._work(symbol, config.with_reports(settings, self.spec.reports))
            except Interrupted as error:
                self._report("cancelled", symbol, message=error.message)
            except AttemptLostError as error:
                sys.stderr.write(f"{error.message}\n")
                raise
            except RefusedError as error:
                self._report_error("refused", symbol, error)
            except StockmlError as error:
                self._report_error("failed", symbol, error)
            except OSError as error:
                sys.stderr.write(traceback.format_exc())
                message = f"{error.strerror or error}: {error.filename or '?'}"
                self._report("failed", symbol, message=message)
            except Exception as error:  # noqa: BLE001 - the journal must say how it ended
                sys.stderr.write(traceback.format_exc())
                message = f"{type(error).__name__}: {error}"
                self._report("failed", symbol, message=message, hint=self._log_hint())

    def _acquire(self, lock: FileLock) -> None:
        if not lock.acquire(self._owner()):
            holder = (lock_holder(lock.path) or "").partition(" [")[0] or "another process"
            raise BusyError(f"busy: {holder}", "wait for it, or cancel that run", holder)

    def _work(self, symbol: str, settings: Settings) -> None:
        def report(kind: str, data: dict[str, Any] | None = None) -> None:
            self._report(kind, symbol, **(data or {}))

        work = find_work(self.kind)
        work(
            Task(
                home=self.folder.home,
                settings=settings,
                spec=self.spec,
                symbol=symbol,
                clock=self.clock,
                report=report,
                cancelled=self.inbox.cancelled,
            )
        )
        if not self._ended:
            raise StockmlError("the work ended without a result", self._log_hint())

    def _report_error(self, kind: str, symbol: str, error: StockmlError) -> None:
        sys.stderr.write(traceback.format_exc())
        exit_code = int(error.exit_code)
        self._report(kind, symbol, message=error.message, hint=error.hint, exit_code=exit_code)

    def _report(self, kind: str, symbol: str, /, **data: Any) -> None:
        """Emit an event; of those that end a job only the first one counts."""
        if kind in _ENDS:
            if self._ended:
                return
            self._ended = True
            if kind == "failed" and is_gone(self.folder.home.root):
                data = {"message": f"{self.folder.home.root}: {GONE}", "exit_code": 1}
        self._events.emit(kind, symbol, **data)

    def _owner(self) -> str:
        pid = os.getpid()
        return (
            f"run {self.spec.id} ({self.spec.starter}), worker pid {pid} on {socket.gethostname()}"
            f" [{identity_of(pid)}]"
        )

    def _log_hint(self) -> str:
        return f"details in {self.folder.worker_log(self.number)}"


def _lower_priority() -> None:
    """Last to get the processor, first to be killed for memory: console and supervisor survive."""
    with suppress(OSError):
        os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _private_stdin() -> int:
    """The pipe from the supervisor, out of reach of programs that this process may start."""
    fd = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.close(null)
    return fd


def main(arguments: list[str]) -> int:
    """Work for the run in a folder as its worker of a number, with events to a descriptor."""
    folder = RunFolder(Path(arguments[0]))
    hold_home(folder.home.root)
    number = int(arguments[1])
    events_fd = int(arguments[2])
    os.set_inheritable(events_fd, False)
    inbox = Inbox(_private_stdin(), folder.cancel)
    faulthandler.enable()
    _lower_priority()
    try:
        Worker(folder, number, events_fd, inbox, arguments[3]).run()
    except AttemptLostError as error:
        return error.code
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Not through the interpreter's own exit: threads of numeric libraries have hung there.
    os._exit(code)
