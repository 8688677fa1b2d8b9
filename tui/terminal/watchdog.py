"""Notices when the event loop stands still: a thread asks it once a second whether it still
runs. Imports no Textual."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

# Between two questions, and how long an answer may take: no key is answered meanwhile.
ASK_EVERY_S = 1.0
STALL_S = 1.0
# Frames of the stack that are told, the innermost first; the rest is the loop itself.
_FRAMES = 12


def place(frame: FrameType | None, most: int = _FRAMES) -> str:
    """Where a thread stands, innermost first: `file.py:12 name < …`."""
    found: list[str] = []
    while frame is not None and len(found) < most:
        code = frame.f_code
        found.append(
            f"{'/'.join(Path(code.co_filename).parts[-2:])}:{frame.f_lineno} {code.co_name}"
        )
        frame = frame.f_back
    return " < ".join(found)


class LoopWatch:
    """Asks one event loop; the thread wakes once a second and does nothing else."""

    def __init__(
        self, ask: Callable[[Callable[[], None]], object], told: Callable[[str], None]
    ) -> None:
        """`ask` runs a callable on the loop (call_soon_threadsafe);
        `told` writes a line, from the watching thread."""
        self._ask, self._told = ask, told
        self._loop_thread = threading.get_ident()
        self._stopped = threading.Event()
        self._asked_at = 0.0
        self._answered, self._said = True, False
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
        """In the watching thread: ask again after an answer, else tell once where the loop
        stands."""
        if self._answered:
            self._answered, self._said, self._asked_at = False, False, now
            self._ask(lambda: self.answered(time.monotonic()))
        elif not self._said and now - self._asked_at >= STALL_S:
            self._said = True
            where = place(sys._current_frames().get(self._loop_thread))
            self._told(f"action=stall seconds>{now - self._asked_at:.1f} at={where}")

    def answered(self, now: float) -> None:
        """On the loop: it runs."""
        took = now - self._asked_at
        if took >= STALL_S:
            self.last, self.ended_at = took, now
            self.longest = max(self.longest, took)
        self._answered = True
