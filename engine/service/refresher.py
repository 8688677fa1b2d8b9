"""Fresh bars in the background, fetched by a short-lived child after each session's close.

Bars are due when the store lacks a session that closed `market.settle_minutes` ago. A round that
brings no symbol further doubles the wait; all symbols share one backoff.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from engine.core.child import child_environment
from engine.core.clock import Clock
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market.last_bar import last_bar
from engine.service.metrics import ServiceMetrics

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
IDLE_LIMIT_S = 600.0
"""Seconds in which a child must bring one symbol further: an outage is four tries of one."""
BarKey = tuple[str, str]
"""(source, symbol)."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Consecutive rounds that left symbols behind, and when the next may start."""

    failures: int = 0
    until: datetime | None = None

    def after(self, left_behind: bool, now: datetime, *, progress: bool = False) -> Backoff:
        """The state after a round that ended `now`; with `progress` the first wait again."""
        if not left_behind:
            return Backoff()
        if progress:
            return Backoff(1, now + FIRST_WAIT)
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failures, 10))
        return Backoff(self.failures + 1, now + wait)

    def allows(self, now: datetime) -> bool:
        # A wait longer than the longest was begun by a clock that was wrong.
        return self.until is None or now >= self.until or self.until - now > LONGEST_WAIT


def behind(home: Home, keys: Iterable[BarKey], newest: date) -> tuple[BarKey, ...]:
    """Keys of network sources whose stored bars end before the session `newest`."""
    late = []
    for source, symbol in dict.fromkeys(keys):
        if parse_source(source).needs_network:
            bar = last_bar(home, source, symbol)
            if bar is None or bar.date < newest.isoformat():
                late.append((source, symbol))
    return tuple(late)


class Refresher:
    """One child at a time; `poll` is called every second by the background thread."""

    def __init__(self, home: Home, clock: Clock, metrics: ServiceMetrics) -> None:
        self._home = home
        self._clock = clock
        self._metrics = metrics
        self._child: subprocess.Popen[bytes] | None = None
        self._requested: tuple[BarKey, ...] = ()
        self._newest = date.min
        self._started = 0.0
        self._moved = 0.0
        """When the child last brought a symbol further, and how many were left then."""
        self._left = 0
        self.backoff = Backoff()

    def poll(self, keys: Iterable[BarKey], newest: date) -> None:
        """Reap a child that ended, start one when bars are due and the backoff allows."""
        if self._child is not None:
            self._reap(self._child)
        elif self.backoff.allows(self._clock.now()) and (due := behind(self._home, keys, newest)):
            self._start(due, newest)

    @property
    def running(self) -> bool:
        return self._child is not None

    def close(self) -> None:
        """Stop the child; it writes its store whole or not at all."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(3)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None

    def _start(self, due: tuple[BarKey, ...], newest: date) -> None:
        self._requested = due
        self._newest = newest
        self._started = self._moved = time.monotonic()
        self._left = len(due)
        argv = [sys.executable, "-P", "-m", "engine.service.fetch", str(self._home.root)]
        null = subprocess.DEVNULL
        # stdin is a pipe that only we hold: a killed service ends its child by EOF.
        self._child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=null, stderr=null, env=child_environment()
        )
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):
                self._child.stdin.write(msgspec.json.encode(due) + b"\n")
                self._child.stdin.flush()

    def _reap(self, child: subprocess.Popen[bytes]) -> None:
        seconds = time.monotonic() - self._started
        if child.poll() is None:
            if time.monotonic() - self._moved > IDLE_LIMIT_S and not self._moves_on():
                child.kill()
            return
        if child.stdin is not None:
            child.stdin.close()
        self._child = None
        left = behind(self._home, self._requested, self._newest)
        self._metrics.fetches.inc(len(self._requested))
        self._metrics.fetch_errors.inc(len(left))
        self._metrics.fetching.observe(seconds)
        progress = len(left) < len(self._requested)
        self.backoff = self.backoff.after(bool(left), self._clock.now(), progress=progress)

    def _moves_on(self) -> bool:
        """Whether the child brought symbols further since the last such look."""
        left = len(behind(self._home, self._requested, self._newest))
        before, self._left, self._moved = self._left, left, time.monotonic()
        return left < before
