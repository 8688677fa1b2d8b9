"""Notices a stalled event loop: a thread pings it once a second. Imports no Textual."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from engine.words import figures

# Between two questions, and how long an answer may take: no key is answered meanwhile.
ASK_EVERY_S = 1.0
STALL_S = 1.0
# Frames of the stack that are logged, the innermost first; the rest is the loop itself.
_FRAMES = 12


def stack_words(frame: FrameType | None, limit: int = _FRAMES) -> str:
    """The stack of a thread, innermost first: `file.py:12 name < …`."""
    frames: list[str] = []
    while frame is not None and len(frames) < limit:
        code = frame.f_code
        file = "/".join(Path(code.co_filename).parts[-2:])
        frames.append(f"{file}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(frames)


class LoopWatch:
    """Asks one event loop; the thread wakes once a second and does nothing else."""

    def __init__(
        self, ask: Callable[[Callable[[], None]], object], log: Callable[[str], None]
    ) -> None:
        """`ask` runs a callable on the loop; `log` writes a line, in the watching thread."""
        self._ask = ask
        self._log = log
        self._loop_thread = threading.get_ident()
        self._stopped = threading.Event()
        self._asked_at = 0.0
        self._answered = True
        self._logged = False
        self.longest = 0.0
        """Seconds of the longest stall so far; 0 without one."""
        self.ended_at: float | None = None
        """time.monotonic() of the end of the last stall, whose seconds are `last`."""
        self.last = 0.0
        self._thread = threading.Thread(target=self._run, name="loop-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch the loop of the calling thread."""
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            while not self._stopped.wait(ASK_EVERY_S):
                self.look(time.monotonic())

    def look(self, now: float) -> None:
        """In the watching thread: ask again after an answer, else log once where the loop is."""
        if self._answered:
            self._answered = self._logged = False
            self._asked_at = now
            self._ask(lambda: self.answered(time.monotonic()))
        elif not self._logged and now - self._asked_at >= STALL_S:
            self._logged = True
            where = stack_words(sys._current_frames().get(self._loop_thread))
            self._log(f"action=stall seconds>{figures.number(now - self._asked_at)} at={where}")

    def answered(self, now: float) -> None:
        """On the loop: it runs."""
        stall = now - self._asked_at
        if stall >= STALL_S:
            self.last = stall
            self.ended_at = now
            self.longest = max(self.longest, stall)
        self._answered = True
