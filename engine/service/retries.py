"""When to look again at what could not be reached: at once, then after 2, 4 and every 8 seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

FIRST_S = 2.0
LONGEST_S = 8.0
"""Seconds; a passing fault is seldom over sooner, and a symbol must not wait long after it."""


class Retries:
    """The failures in a row of each thing, and when its next try is due; for one thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failures: dict[Hashable, tuple[int, float]] = {}

    def due(self, name: Hashable) -> bool:
        """Whether `name` may be tried now."""
        _, then = self._failures.get(name, (0, 0.0))
        return self._monotonic() >= then

    def failed(self, name: Hashable) -> None:
        """Wait longer before the next try of `name`; not at all after its first failure."""
        count, _ = self._failures.get(name, (0, 0.0))
        wait = min(LONGEST_S, FIRST_S * 2 ** min(count - 1, 10)) if count else 0.0
        self._failures[name] = (count + 1, self._monotonic() + wait)

    def clear(self, name: Hashable) -> None:
        """Forget the failures of `name`: it was reached, or is asked for by hand."""
        self._failures.pop(name, None)
