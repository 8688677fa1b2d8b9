"""The child process of one job run, which inherits its parent's locks and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from engine.core.audit import ORIGIN
from engine.core.errors import ExitCode
from engine.core.files import FileLock
from engine.schedule.job_log import JobLog

# Seconds to read on after the child has ended, for a grandchild may hold the pipe open.
_DRAIN_S = 5.0


def run_child(
    argv: Sequence[str], locks: Sequence[FileLock], folder: Path, origin: str, log: JobLog
) -> int:
    """Run the work to its end, copy its output to the log; exit code, 128 + n for a signal."""
    with _forwarding_signals() as forward_to:
        try:
            # The child inherits the locks: they last as long as it works, even if we die.
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno() for lock in locks],
                cwd=folder,
                env={**os.environ, ORIGIN: origin},
            )
        except OSError as error:
            log.last_line = f"cannot start {argv[0]}: {error.strerror}"
            log.line(log.last_line)
            return ExitCode.FAILED
        forward_to(child)
        assert child.stdout is not None
        reader = threading.Thread(target=log.copy, args=(child.stdout,), daemon=True)
        reader.start()
        code = child.wait()
    reader.join(_DRAIN_S)
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarding_signals() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Forward signals to the child, even one received before it started, so its end is recorded."""
    children: list[subprocess.Popen[bytes]] = []
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for child in children:
            child.terminate()

    def forward_to(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        if received:
            child.terminate()

    if threading.current_thread() is not threading.main_thread():
        yield forward_to
        return
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.signal(number, forward) for number in signals}
    try:
        yield forward_to
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
