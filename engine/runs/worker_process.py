"""One worker process as its supervisor sees it: its pipes, its log, the symbol it has, how it is
being stopped.

pipe              direction    carries
its stdin         to it        one symbol a line, `!cancel`, `!quit`; it dies at EOF
its stdout+err    from it      whatever it and its libraries print: drained always, kept bounded
words             from it      events, one a line, and `ready` when it wants the next symbol
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from engine.core.child import child_environment
from engine.core.text import clean
from engine.runs.processes import Identity, identity_of, resident_mb, send
from engine.runs.rules import Force
from engine.runs.spec import RunFolder
from engine.runs.worker_log import WorkerLog, last_lines

READY = b"ready"
CANCEL, QUIT = "!cancel", "!quit"
_CHUNK = 2**16
# Reads after a death: a pipe holds 64 kB to 1 MB; more means that somebody still writes.
_REST = 64
# Parallel work is one process a core: idle spinning threads of the numeric libraries cost half of
# it.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}


class WorkerProcess:
    """A worker process;
    started by exec from the supervisor's main thread, never by fork after an import."""

    def __init__(self, folder: RunFolder, number: int, now: float) -> None:
        self.number = number
        self.symbol: str | None = None
        self.ready = False
        """Waits for a symbol."""
        self.ever_ready = False
        self.since = self.heard = now
        """When it got its symbol, and when it last said something; monotonic seconds."""
        self.stop_reason = ""
        """Why it is being stopped; empty while it is not."""
        self.stop_first = Force.ASK
        self.stop_since = 0.0
        self.stop_force: Force | None = None
        self.log = WorkerLog(folder.worker_log(number))
        self._words = b""
        self._spawn(folder)

    def _spawn(self, folder: RunFolder) -> None:
        self.words_fd, words_end = os.pipe2(os.O_CLOEXEC)
        try:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "engine.runs.worker",
                    str(folder.path),
                    str(self.number),
                    str(words_end),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(words_end,),
                start_new_session=True,
                bufsize=0,
                env=child_environment(**_ENVIRONMENT),
            )
        except OSError:
            os.close(self.words_fd)
            raise
        finally:
            os.close(words_end)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.output_fd = self.process.stdout.fileno()
        for fd in (self.words_fd, self.output_fd, self.process.stdin.fileno()):
            os.set_blocking(fd, False)
        self.identity: Identity | None = identity_of(self.process.pid)

    @property
    def stopping(self) -> bool:
        return bool(self.stop_reason)

    @property
    def resident_mb(self) -> int:
        return resident_mb(self.process.pid)

    def tell(self, line: str) -> None:
        """Write one line to its stdin; a worker that has died is noticed by its death, not here."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")

    def give(self, symbol: str, now: float) -> None:
        """Give it a symbol."""
        self.symbol, self.ready = symbol, False
        self.since = self.heard = now
        self.tell(symbol)

    def stop(self, reason: str, first: Force, now: float) -> None:
        """Begin to stop it, once; the first reason stands."""
        if not self.stopping:
            self.stop_reason, self.stop_first, self.stop_since = reason, first, now

    def escalate(self, force: Force) -> bool:
        """Stop it this hard; True when the whole tree must go, which the caller sees to."""
        if force is Force.ASK and self.stop_force is None:
            self.tell(CANCEL if self.symbol else QUIT)
        if force is Force.TERM and self.stop_force is not Force.TERM and self.identity:
            send(self.identity, signal.SIGTERM)
            send(
                self.identity, signal.SIGCONT
            )  # a stopped process takes no SIGTERM before it goes on
        self.stop_force = force
        return force is Force.KILL

    def listen(self, now: float) -> tuple[list[bytes], bool]:
        """The event lines that it wrote since, and whether more may come; `ready` is kept here."""
        data = _read(self.words_fd)
        if not data:
            return [], data is None
        *lines, self._words = (self._words + data).split(b"\n")
        self._words = self._words if len(self._words) < _CHUNK else b""
        self.heard = now
        if READY in lines:
            self.ready = self.ever_ready = True
        return [line + b"\n" for line in lines if line and line != READY], True

    def drain(self) -> bool:
        """Keep what it printed, a bounded amount each call; False at the end of its output."""
        data = _read(self.output_fd, _CHUNK * 16)
        if data:
            self.log.write(data)
        return data != b""

    def rest(self, now: float) -> list[bytes]:
        """What is left in its pipes after its death: the output goes to the log, the event lines
        come back."""
        lines: list[bytes] = []
        more = True
        while more and (found := self.listen(now)) != ([], True):
            lines, more = lines + found[0], found[1]
        for _ in range(_REST):
            before = self.log.size
            if not self.drain() or self.log.size == before:
                break
        return lines

    def last_words(self) -> str:
        """The last line it printed, for a message."""
        lines = [line for line in last_lines(self.log.path, 5) if line.strip()]
        return clean(lines[-1], 200) if lines else ""

    def close(self) -> None:
        """Let go of its pipes and log, after it was reaped and its tree swept."""
        self.log.close()
        os.close(self.words_fd)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


def _read(fd: int, size: int = _CHUNK) -> bytes | None:
    """What can be read now: None when nothing can, empty at the end."""
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return None
    except OSError:
        return b""
