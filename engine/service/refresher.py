"""Fresh bars in the background: after each session's close, in a short-lived child, with one
backoff for all symbols.

Daily bars change once a day, so there is something to ask only when a session has completed (its
close and `market.settle_minutes` past) that the store does not have. A round that leaves symbols
behind doubles the wait.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.core.child import child_environment
from engine.core.clock import Clock
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market.last_bar import last_bar
from engine.service.metrics import ServiceMetrics

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
CHILD_LIMIT_S = 600.0
"""Seconds for one child: 13 symbols at a request every 1.5 s take half a minute, an outage four
tries of one."""
Wanted = tuple[str, str]
"""(source, symbol)."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Rounds in a row that left symbols behind, and when the next may start."""

    failures: int = 0
    until: datetime | None = None

    def after(self, left_behind: bool, now: datetime) -> Backoff:
        """The state after a round that ended `now`."""
        if not left_behind:
            return Backoff()
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failures, 10))
        return Backoff(self.failures + 1, now + wait)

    def allows(self, now: datetime) -> bool:
        return self.until is None or now >= self.until


def behind(home: Home, wanted: Iterable[Wanted], newest: date) -> tuple[Wanted, ...]:
    """Those of a network source whose stored bars end before the session `newest`."""
    due = []
    for source, symbol in dict.fromkeys(wanted):
        if parse_source(source).needs_network:
            found = last_bar(home, source, symbol)
            if found is None or found.date < newest.isoformat():
                due.append((source, symbol))
    return tuple(due)


class Refresher:
    """One child at a time; `look` is called every second by the background thread."""

    def __init__(self, home: Home, clock: Clock, metrics: ServiceMetrics) -> None:
        self._home, self._clock, self._metrics = home, clock, metrics
        self._child: subprocess.Popen[bytes] | None = None
        self._asked: tuple[Wanted, ...] = ()
        self._newest = date.min
        self._started = 0.0
        self.backoff = Backoff()

    def look(self, wanted: Sequence[Wanted], newest: date) -> None:
        """Reap a child that ended, start one when bars are due and the backoff allows."""
        if self._child is not None:
            self._reap()
            return
        if not self.backoff.allows(self._clock.now()):
            return
        due = behind(self._home, wanted, newest)
        if due:
            self._start(due, newest)

    @property
    def running(self) -> bool:
        return self._child is not None

    def close(self) -> None:
        """End the child; its store is written whole or not at all."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(3)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None

    def _start(self, due: tuple[Wanted, ...], newest: date) -> None:
        self._asked, self._newest, self._started = due, newest, time.monotonic()
        words = [word for source, symbol in due for word in (source, symbol)]
        line = [sys.executable, "-P", "-m", "engine.service.fetch", str(self._home.root), *words]
        null = subprocess.DEVNULL
        # stdin is a pipe that only we hold: a killed service ends its child by EOF.
        self._child = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=null, stderr=null, env=child_environment()
        )

    def _reap(self) -> None:
        assert self._child is not None, "called while there is a child"
        seconds = time.monotonic() - self._started
        if self._child.poll() is None:
            if seconds > CHILD_LIMIT_S:
                self._child.kill()
            return
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child = None
        left = behind(self._home, self._asked, self._newest)
        self._metrics.fetches.inc(len(self._asked))
        self._metrics.fetch_errors.inc(len(left))
        self._metrics.fetching.observe(seconds)
        self.backoff = self.backoff.after(bool(left), self._clock.now())
