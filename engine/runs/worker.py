"""The process that does the work: `python -m engine.runs.worker RUN_DIR N WORDS_FD`, started by
a supervisor only.

It reads symbols from its stdin and does one after the other, so that TensorFlow is imported
once. EOF there means that the supervisor is gone: it ends at once, in the middle of anything,
for everything it writes is whole or absent.
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

from engine.core.clock import SystemClock
from engine.core.errors import BusyError, Interrupted, RefusedError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.runs.journal import EventWriter
from engine.runs.processes import identity_of
from engine.runs.spec import RunFolder, RunSpec, read_spec
from engine.runs.work import Task, find_work
from engine.runs.worker_process import CANCEL, QUIT, READY
from engine.settings import load as config
from engine.settings.schema import Settings

ORPHANED = 70
_ENDS = ("published", "refused", "failed", "cancelled")
# A stat of the cancel file costs 2 µs; a batch of a small network 2 ms. Ten looks a second are
# plenty.
_LOOK_EVERY_S = 0.1


class Inbox:
    """What the supervisor says: symbols in a queue, the wish to cancel as a flag, its death as
    ours."""

    def __init__(self, fd: int, cancel_file: Path) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cancel_file = cancel_file
        self._cancelled = threading.Event()
        self._looked = 0.0
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
        if not self._cancelled.is_set() and now - self._looked > _LOOK_EVERY_S:
            self._looked = now
            if self._cancel_file.exists():
                self._cancelled.set()
        return self._cancelled.is_set()


class Worker:
    """Does the symbols of one run, one at a time, each under its lock."""

    def __init__(self, folder: RunFolder, number: int, words_fd: int, inbox: Inbox) -> None:
        self.folder, self.number, self.inbox = folder, number, inbox
        self.spec: RunSpec = read_spec(folder)
        self.clock = SystemClock()
        self._words_fd = words_fd
        self._events = EventWriter(self.spec.id, f"worker-{number}", self.clock, self._write)
        self._ended = False

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._words_fd, line) :]

    def run(self) -> None:
        """Ask for symbols until there are none."""
        while True:
            self._write(READY + b"\n")
            symbol = self.inbox.next()
            if symbol is None:
                return
            self.do(symbol)

    def do(self, symbol: str) -> None:
        """One symbol under its lock; whatever happens, its end is said once."""
        self._ended = False
        with FileLock(self.folder.home.lock(symbol)) as lock:
            try:
                self._take(lock)
                self._say("started", symbol, {"worker": self.number, "pid": os.getpid()})
                self._work(symbol, config.load(self.folder.home))
            except Interrupted as error:
                self._end("cancelled", symbol, {"message": error.message})
            except RefusedError as error:
                self._fail("refused", symbol, error)
            except StockmlError as error:
                self._fail("failed", symbol, error)
            except OSError as error:
                sys.stderr.write(traceback.format_exc())
                self._end(
                    "failed",
                    symbol,
                    {"message": f"{error.strerror or error}: {error.filename or '?'}"},
                )
            except Exception as error:  # noqa: BLE001 - the journal must say how it ended; the trace stands in the worker's log
                sys.stderr.write(traceback.format_exc())
                self._end(
                    "failed",
                    symbol,
                    {"message": f"{type(error).__name__}: {error}", "hint": self._log_hint()},
                )

    def _take(self, lock: FileLock) -> None:
        if not lock.acquire(self._owner()):
            holder = (lock_holder(lock.path) or "").partition(" [")[0] or "another process"
            raise BusyError(f"busy: {holder}", "wait for it, or cancel that run", holder)

    def _work(self, symbol: str, settings: Settings) -> None:
        task = Task(self.folder.home, settings, self.spec, symbol, self.clock)

        def report(kind: str, data: dict[str, Any] | None = None) -> None:
            (
                self._end(kind, symbol, data or {})
                if kind in _ENDS
                else self._say(kind, symbol, data or {})
            )

        find_work(self.spec.kind)(task, report, self.inbox.cancelled)
        if not self._ended:
            raise StockmlError("the work ended without a result", self._log_hint())

    def _fail(self, kind: str, symbol: str, error: StockmlError) -> None:
        sys.stderr.write(traceback.format_exc())
        self._end(
            kind,
            symbol,
            {"message": error.message, "hint": error.hint, "exit_code": int(error.exit_code)},
        )

    def _end(self, kind: str, symbol: str, data: dict[str, Any]) -> None:
        if not self._ended:
            self._ended = True
            self._say(kind, symbol, data)

    def _say(self, kind: str, symbol: str, data: dict[str, Any]) -> None:
        self._events.emit(kind, symbol, **data)

    def _owner(self) -> str:
        pid = os.getpid()
        return (
            f"run {self.spec.id} ({self.spec.starter}), worker pid {pid} on {socket.gethostname()}"
            f" [{identity_of(pid)}]"
        )

    def _log_hint(self) -> str:
        return f"details in {self.folder.worker_log(self.number)}"


def _be_modest() -> None:
    """Last to get the processor, first to go when memory runs out: the console and the
    supervisor must live."""
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


def main(words: list[str]) -> int:
    """Work for the run in the folder `words[0]` as its worker number `words[1]`, speaking to
    descriptor `words[2]`."""
    folder, number, words_fd = RunFolder(Path(words[0])), int(words[1]), int(words[2])
    os.set_inheritable(words_fd, False)
    inbox = Inbox(_private_stdin(), folder.cancel)
    faulthandler.enable()
    _be_modest()
    Worker(folder, number, words_fd, inbox).run()
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Not through the interpreter's own end: threads of numeric libraries have been seen to hang
    # there.
    os._exit(code)
