"""Continuous monitoring: a check in its own process every interval, until a signal stops it.

A failed check costs one line; if something waits for the close, the next check follows it.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType

from engine.core.child import child_environment
from engine.core.clock import Clock, iso
from engine.core.errors import BusyError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.snapshot import PlannedAction
from engine.market.calendar import exchange_day, is_open, session_close
from engine.watch.schema import SCHEMA
from engine.words import times

LOCK = "monitor.lock"


def next_check(now: datetime, interval: timedelta, waits: bool, settle_minutes: int) -> datetime:
    """When to check again: after the interval, or just after the close if something `waits`."""
    regular = now + interval
    if not waits or not is_open(now):
        return regular
    return min(regular, session_close(exchange_day(now)) + timedelta(minutes=settle_minutes + 1))


def something_waits(home: Home, since: datetime) -> bool:
    """Whether a decision since then waits for the market's close."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return False
        row = (str(PlannedAction.WAITS), iso(since))
        return (
            connection.execute(
                "SELECT 1 FROM watch_decisions WHERE action=? AND at>=? LIMIT 1", row
            ).fetchone()
            is not None
        )


@dataclass(slots=True)
class Monitor:
    """The loop; `argv` is the command of one check, `say` shows a line."""

    home: Home
    argv: Sequence[str]
    interval: timedelta
    settle_minutes: int
    clock: Clock
    say: Callable[[str], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Check until SIGTERM, SIGINT or SIGHUP; BusyError if another monitor of this home runs."""
        with FileLock(self.home.locks / LOCK) as lock:
            if not lock.acquire(f"performance --continuous since {iso(self.clock.now())}"):
                holder = lock_holder(lock.path) or "another process"
                raise BusyError(
                    f"this home is monitored already by {holder}", "stop it first", holder
                )
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._asked)
            while not self._stop.is_set():
                self._once()

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()
        if self._child is not None:
            self._child.terminate()

    def _once(self) -> None:
        begun = self.clock.now()
        code = self._check()
        if self._stop.is_set():
            return
        if code not in (0, None):
            self.say(f"the check ended with {code}; the next check still runs")
        upcoming = next_check(
            self.clock.now(), self.interval, self._waits(begun), self.settle_minutes
        )
        self.say(f"next check at {times.moment(upcoming, seconds=True)}")
        self._stop.wait(max(0.0, (upcoming - self.clock.now()).total_seconds()))

    def _waits(self, since: datetime) -> bool:
        """Whether something waits for the close; False if history.db cannot be read."""
        try:
            return something_waits(self.home, since)
        except StockmlError as error:
            self.say(f"what waits for the close cannot be read: {error.message}")
            return False

    def _check(self) -> int | None:
        try:
            self._child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, env=child_environment()
            )
        except OSError as error:
            self.say(f"the check could not be started: {error.strerror}")
            return None
        try:
            return self._child.wait()
        finally:
            self._child = None
