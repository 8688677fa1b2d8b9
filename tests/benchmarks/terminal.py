"""The console as a process in a pseudo-terminal that reads everything and counts it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil
import pyte

from engine.core.paths import Home
from tests.helpers import ROOT, environment

COLUMNS, ROWS = 80, 24
_PATIENCE_S = 60.0


class Screen:
    """One console on `home`; `sent` counts the bytes that it has written to its terminal."""

    def __init__(self, home: Home, *words: str) -> None:
        self._line = [sys.executable, "-m", "engine.cli", "--home", str(home.root), *words]
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Condition()
        self.sent = 0

    def __enter__(self) -> Self:
        self._fd, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        more = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
        self._began = time.monotonic()
        self._child = subprocess.Popen(
            self._line,
            stdin=end,
            stdout=end,
            stderr=end,
            env=environment(**more),
            cwd=ROOT,
            start_new_session=True,
        )
        os.close(end)
        self._process = psutil.Process(self._child.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join()
        os.close(self._fd)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # the console is gone
                return
            with self._lock:
                self.sent += len(data)
                self._stream.feed(data)
                self._lock.notify_all()

    def wait(self, seen: Callable[[list[str]], bool]) -> float:
        """The moment at which the screen came to satisfy `seen`."""
        with self._lock:
            if not self._lock.wait_for(lambda: seen(list(self._screen.display)), _PATIENCE_S):
                raise RuntimeError(
                    "the console does not show what it should:\n" + "\n".join(self._screen.display)
                )
        return time.monotonic()

    def first_paint(self) -> tuple[float, float]:
        """CPU and wall seconds until the last symbol's row stands on the screen."""
        shown = self.wait(lambda lines: any("SPY" in line[:8] for line in lines))
        return self.cpu(), shown - self._began

    def key_to_screen(self, key: bytes) -> float:
        """Seconds until the cursor of the table has moved."""
        with self._lock:
            before = _cursor(list(self._screen.display))
        began = time.monotonic()
        os.write(self._fd, key)
        return self.wait(lambda lines: _cursor(lines) not in (before, None)) - began

    def cpu(self) -> float:
        """CPU seconds of the console so far, its children left out."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory_mb(self) -> float:
        """What it holds in memory now."""
        return float(self._process.memory_info().rss / 2**20)


def _cursor(lines: list[str]) -> int | None:
    """The row that the table's cursor stands in."""
    return next((index for index, text in enumerate(lines) if text.startswith(">")), None)
