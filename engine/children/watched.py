"""A child process that is watched: how far it is, and its cancellation."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import deque
from contextlib import suppress

from engine.core.errors import StockmlError
from engine.core.progress import ProgressStep, read_step

LAST_LINES = 20


class ChildWatch:
    """Given to a verb that runs in a child; read and cancelled from another thread."""

    def __init__(self) -> None:
        self.step: ProgressStep | None = None
        """The newest step; None before one."""
        self.cancelled = False
        self._process: subprocess.Popen[bytes] | None = None

    def cancel(self) -> None:
        """Ask the child to end, as Ctrl-C does."""
        self.cancelled = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        """The child has started; one that was cancelled before ends at once."""
        self._process = process
        if self.cancelled:
            self.cancel()


def exchange(
    process: subprocess.Popen[bytes], question: bytes, watch: ChildWatch, limit_s: float
) -> tuple[bytes, bytes]:
    """The child's answer to `question` and the end of its words; TimeoutError after `limit_s`."""
    words: deque[bytes] = deque(maxlen=LAST_LINES)
    reader = threading.Thread(target=_read_words, args=(process, watch, words), daemon=True)
    reader.start()
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limit_s, end)
    timer.start()
    watch.attach(process)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(question)
        with process.stdout:
            answer = process.stdout.read()
        process.wait()
    finally:
        timer.cancel()
    reader.join(5.0)
    if late.is_set():
        raise TimeoutError
    if watch.cancelled and not answer:
        raise StockmlError("cancelled")
    return answer, b"".join(words)


def _read_words(process: subprocess.Popen[bytes], watch: ChildWatch, words: deque[bytes]) -> None:
    assert process.stderr is not None
    with process.stderr as stream:
        while line := stream.readline(4000):
            if step := read_step(line):
                watch.step = step
            else:
                words.append(line)
