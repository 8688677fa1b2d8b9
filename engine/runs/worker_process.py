"""A worker process as its supervisor sees it: its pipes, its log, its symbol and how it is stopped.

pipe              direction    carries
its stdin         to it        one symbol a line, `!cancel`, `!quit`; it dies at EOF
its stdout+err    from it      whatever it and its libraries print: always drained, kept bounded
events            from it      events, one a line, and `ready` when it wants the next symbol
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
from engine.runs.rules import StopLevel
from engine.runs.spec import RunFolder
from engine.runs.worker_log import WorkerLog, last_lines

READY = b"ready"
CANCEL, QUIT = "!cancel", "!quit"
_CHUNK = 2**16
# Reads after a death: a pipe holds 64 kB to 1 MB; more means that somebody still writes.
_READS_AFTER_DEATH = 64
# Parallel work is one process a core: idle spinning threads of the numeric libraries cost half.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}


class WorkerProcess:
    """A worker, started by exec from the supervisor's main thread, never forked after an import."""

    def __init__(self, folder: RunFolder, number: int, now: float, kind: str) -> None:
        self.number = number
        self.kind = kind
        """The work that it does (engine.runs.work.WORK)."""
        self.symbol: str | None = None
        self.ready = False
        """Waits for a symbol."""
        self.ever_ready = False
        self.assigned_at = now
        """When it got its symbol; monotonic seconds."""
        self.last_heard = now
        self.stop_reason = ""
        """Why it is being stopped; empty while it is not."""
        self.stop_since = 0.0
        self.first_stop_level = StopLevel.ASK
        self.stop_level: StopLevel | None = None
        self.log = WorkerLog(folder.worker_log(number))
        self._partial_line = b""
        self._spawn(folder)

    def _spawn(self, folder: RunFolder) -> None:
        self.events_fd, write_end = os.pipe2(os.O_CLOEXEC)
        module = "engine.runs.worker"
        arguments = [str(folder.path), str(self.number), str(write_end), self.kind]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(write_end,),
                start_new_session=True,
                bufsize=0,
                env=child_environment(**_ENVIRONMENT),
            )
        except OSError:
            os.close(self.events_fd)
            raise
        finally:
            os.close(write_end)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.output_fd = self.process.stdout.fileno()
        for fd in (self.events_fd, self.output_fd, self.process.stdin.fileno()):
            os.set_blocking(fd, False)
        self.identity: Identity | None = identity_of(self.process.pid)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stopping(self) -> bool:
        return bool(self.stop_reason)

    @property
    def resident_mb(self) -> int:
        return resident_mb(self.pid)

    def send_line(self, line: str) -> None:
        """Write one line to its stdin; a dead worker is noticed by its death, not here."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")

    def assign(self, symbol: str, now: float) -> None:
        """Give it a symbol."""
        self.symbol = symbol
        self.ready = False
        self.assigned_at = self.last_heard = now
        self.send_line(symbol)

    def stop(self, reason: str, first_level: StopLevel, now: float) -> None:
        """Begin to stop it, once; the first reason counts."""
        if not self.stopping:
            self.stop_reason = reason
            self.first_stop_level = first_level
            self.stop_since = now

    def escalate(self, level: StopLevel) -> bool:
        """Stop it this hard; True when the whole tree must go, which is the caller's task."""
        if level is StopLevel.ASK and self.stop_level is None:
            self.send_line(CANCEL if self.symbol else QUIT)
        if level is StopLevel.TERM and self.stop_level is not StopLevel.TERM and self.identity:
            send(self.identity, signal.SIGTERM)
            # A stopped process takes no SIGTERM before it continues.
            send(self.identity, signal.SIGCONT)
        self.stop_level = level
        return level is StopLevel.KILL

    def read_events(self, now: float) -> tuple[list[bytes], bool]:
        """The event lines written since, and whether more may come; `ready` is handled here."""
        data = _read(self.events_fd)
        if not data:
            return [], data is None
        *lines, partial_line = (self._partial_line + data).split(b"\n")
        self._partial_line = partial_line if len(partial_line) < _CHUNK else b""
        self.last_heard = now
        if READY in lines:
            self.ready = self.ever_ready = True
        return [line + b"\n" for line in lines if line and line != READY], True

    def drain_output(self) -> bool:
        """Keep what it printed, a bounded amount each call; False at the end of its output."""
        data = _read(self.output_fd, _CHUNK * 16)
        if data:
            self.log.write(data)
        return data != b""

    def read_rest(self, now: float) -> list[bytes]:
        """The event lines left in its pipe after its death; its output goes to the log."""
        lines: list[bytes] = []
        more = True
        while more:
            new_lines, more = self.read_events(now)
            if more and not new_lines:
                break
            lines += new_lines
        for _ in range(_READS_AFTER_DEATH):
            size_before = self.log.size
            if not self.drain_output() or self.log.size == size_before:
                break
        return lines

    def last_output_line(self) -> str:
        """The last line it printed, for a message."""
        lines = [line for line in last_lines(self.log.path, 5) if line.strip()]
        return clean(lines[-1], 200) if lines else ""

    def close(self) -> None:
        """Close its pipes and log, after it was reaped and its tree swept."""
        self.log.close()
        os.close(self.events_fd)
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
