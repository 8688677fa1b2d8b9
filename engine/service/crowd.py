"""The open connections of the service: how many there may be, and which makes way.

With every place taken, the connection that has waited longest for its client is closed, so that a
crowd of idle ones shuts nobody out. A newcomer is refused only while all places are being answered.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from engine.core.clock import iso
from engine.service.limits import is_loopback

MAX_CONNECTIONS = 512
"""Open at once."""
MAX_EACH = 64
"""Open at once from one address off loopback."""
KEPT_DESCRIPTORS = 128
"""File descriptors kept back for models, bars, history.db, logs and children."""
LOG_S = 60.0
"""Seconds between two lines about a crowd."""


class Guest(Protocol):
    """An open connection as the crowd knows it."""

    @property
    def idle(self) -> bool:
        """Whether it waits for its client: for a request, or the rest of one."""
        ...

    def make_way(self) -> None:
        """Close at once."""
        ...


class Crowd:
    """The open connections, longest waiting first; for the event loop's thread."""

    def __init__(
        self,
        most: int = MAX_CONNECTIONS,
        most_each: int = MAX_EACH,
        turned_away: Callable[[], None] = lambda: None,
    ) -> None:
        self.most = most
        self.most_each = most_each
        self._turned_away = turned_away
        self._guests: dict[Guest, str] = {}
        self._closed = 0
        self._refused = 0
        self._next_line = 0.0

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest, address: str) -> bool:
        """Take `guest` in, closing an idle one if need be; False when all are being answered."""
        fits = self._has_room_for(address) and (len(self) < self.most or self.close_idle())
        if fits:
            self._guests[guest] = address
        else:
            self._refused += 1
            self._report()
        return fits

    def seat_last(self, guest: Guest) -> None:
        """Make `guest`, which just sent a request, the last to make way."""
        if address := self._guests.pop(guest, ""):
            self._guests[guest] = address

    def leave(self, guest: Guest) -> None:
        """Give the place of `guest` back."""
        self._guests.pop(guest, None)

    def close_idle(self, address: str = "") -> bool:
        """Close the connection that waits longest, of `address` or of all; False without one."""
        waiting = (
            guest for guest, where in self._guests.items() if guest.idle and address in ("", where)
        )
        guest = next(waiting, None)
        if guest is None:
            return False
        self.leave(guest)
        guest.make_way()
        self._closed += 1
        self._report()
        return True

    def _has_room_for(self, address: str) -> bool:
        if is_loopback(address):
            return True
        places = sum(where == address for where in self._guests.values())
        return places < self.most_each or self.close_idle(address)

    def _report(self) -> None:
        """Count, and write one line a minute at most: a crowd must not fill the log."""
        self._turned_away()
        if time.monotonic() < self._next_line:
            return
        self._next_line = time.monotonic() + LOG_S
        sys.stderr.write(
            f"{iso(datetime.now(UTC))} {len(self)} connections are open, {self.most} may be: idle"
            f" ones make way ({self._closed} closed, {self._refused} refused since the last line)\n"
        )
        self._closed = self._refused = 0


def connection_bound(descriptors: int) -> int:
    """How many connections may be open where a process may have `descriptors` files open."""
    if descriptors < 0:  # RLIM_INFINITY
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, descriptors - min(KEPT_DESCRIPTORS, descriptors // 2)))


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open files of this process to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # a hard limit above the kernel's own
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def descriptor_limit() -> int:
    """How many files this process may have open; -1 for no limit."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
