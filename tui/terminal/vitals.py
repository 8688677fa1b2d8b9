"""What the console measures of itself: bytes to its terminal, and stalls of its event loop."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from engine.core.clock import Clock
from engine.core.link import LinkFigures, save_link
from engine.core.paths import Home
from engine.words import times
from tui.terminal.line_speed import LineSpeed
from tui.terminal.link import LinkMeter
from tui.terminal.watchdog import LoopWatch
from tui.work.background import write_log

# The title says LAG for so long after a stall ended: during it nothing can be drawn.
LAG_SHOWN_S = 30.0
SAVE_EVERY_S = 60.0


class Vitals:
    """Fed by the console's clock once a second; the reader's thread saves it for the doctor."""

    def __init__(self, home: Home, wall: Clock, line: LineSpeed, *, read_only: bool) -> None:
        self._home, self._wall, self._read_only = home, wall, read_only
        self.line = line
        self.meter = LinkMeter()
        self._collections = 0
        self._watch: LoopWatch | None = None
        self._opened = wall.now()
        self._size = (0, 0)
        self._saved_at: float | None = None

    @property
    def link(self) -> str:
        """fast or slow."""
        return self.line.link

    @property
    def pace(self) -> str:
        """How often to look at what streams: fast or slow."""
        return self.line.pace

    def start(self, ask: Callable[[Callable[[], None]], object]) -> None:
        """Watch the loop that calls this; `ask` runs a callable on it from another thread."""
        self._watch = LoopWatch(ask, lambda text: write_log(self._home, self._wall, text))
        self._watch.start()

    def stop(self, sent: int | None) -> None:
        """The console ends: leave the last figures for the doctor."""
        if self._watch:
            self._watch.stop()
        if sent is not None:
            self.meter.feed(time.monotonic(), sent)
        self._save()

    def tick(self, sent: int | None, size: tuple[int, int]) -> str:
        """Once a second: LAG in words, or empty; `sent` counts bytes, None where nobody does."""
        now = time.monotonic()
        self._size = size
        if self._collections:
            self._collections -= 1
            gc.collect()
        if sent is not None:
            self.meter.feed(now, sent)
        watch = self._watch
        if watch is None or watch.ended_at is None or now - watch.ended_at > LAG_SHOWN_S:
            return ""
        return f"LAG {times.latency(watch.last)}"

    def screen_closed(self) -> None:
        """Collect its cycles soon; its reader may hold it a moment longer."""
        self._collections = 3

    @property
    def longest_stall_s(self) -> float:
        """Seconds of the event loop's longest stall; 0 without one."""
        return self._watch.longest if self._watch else 0.0

    def save_sometimes(self) -> None:
        """In a thread: save once a minute, the first time after ten seconds."""
        now = time.monotonic()
        if self._saved_at is None:
            self._saved_at = now - SAVE_EVERY_S + 10.0
        elif now - self._saved_at >= SAVE_EVERY_S:
            self._saved_at = now
            self._save()

    def _save(self) -> None:
        """A read-only console saves nothing; a full disk costs the figures only."""
        if self._read_only or self.meter.rate is None:
            return
        try:
            terminal = os.ttyname(sys.__stdout__.fileno()) if sys.__stdout__ else ""
        except (OSError, ValueError):
            terminal = ""
        measured = LinkFigures(
            measured_at=self._wall.now(),
            opened_at=self._opened,
            pid=os.getpid(),
            terminal=terminal,
            link=self.link,
            columns=self._size[0],
            lines=self._size[1],
            window_s=self.meter.window,
            bytes_per_s=self.meter.rate,
            most_per_s=self.meter.busiest,
            bytes_in_all=self.meter.sent,
            longest_stall_s=self.longest_stall_s,
        )
        with suppress(OSError):
            save_link(self._home, measured)
