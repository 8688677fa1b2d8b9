"""A command of stockml as a child process: its lines as they come, its end, its cancellation."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from engine.core.child import child_environment
from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.progress import VARIABLE, ProgressStep, read_step
from engine.core.text import clean_bytes

MAX_LINES = 2000
"""Newest lines that are kept."""
MAX_LINE = 4000
"""Bytes of a line that are read."""


class CommandRun:
    """One command that was started; `ended` is called in a thread when it ends."""

    def __init__(
        self,
        words: Sequence[str],
        options: Sequence[str],
        clock: Clock,
        ended: Callable[[], None],
        *,
        program: Sequence[str] = (),
    ) -> None:
        """`program` is run in place of stockml; StockmlError when it cannot be started."""
        self.words = tuple(words)
        self.exit_code: int | None = None
        """None while it runs."""
        self.seconds = 0.0
        self.step: ProgressStep | None = None
        """How far it is; None where it does not tell."""
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._clock = clock
        self._began = clock.monotonic()
        self._ended = ended
        stockml = (sys.executable, "-P", "-m", "engine.cli", *words, *options)
        argv = tuple(program) or stockml
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=child_environment(NO_COLOR="1", PYTHONUNBUFFERED="1", **{VARIABLE: "1"}),
            )
        except OSError as error:
            raise StockmlError(f"cannot start {argv[0]}: {error.strerror}") from error
        threading.Thread(target=self._read, name="command-reader", daemon=True).start()

    @property
    def text(self) -> str:
        """The command as it was typed."""
        return " ".join(self.words)

    @property
    def lines(self) -> tuple[str, ...]:
        """What it printed, the newest last."""
        return tuple(self._lines)

    @property
    def running_s(self) -> float:
        """Seconds that it has run, or took."""
        return self.seconds if self.exit_code is not None else self._clock.monotonic() - self._began

    def cancel(self) -> None:
        """Ask it to end, as Ctrl-C does."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            while line := output.readline(MAX_LINE):
                if step := read_step(line):
                    self.step = step
                    continue
                self._lines.append(clean_bytes(line, MAX_LINE).rstrip())
        code = self._process.wait()
        self.seconds = self._clock.monotonic() - self._began
        self.exit_code = code if code >= 0 else 128 - code
        self._ended()
