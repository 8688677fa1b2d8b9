"""The newest requests: their latency and their rate per second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence

MAX_RECENT = 2000
"""Requests that the percentiles of `stats` cover."""
PACE_S = 60
"""Seconds that the requests a second of `stats` are averaged over."""
PREDICTION_ROUTES = frozenset({"/api/v1/predict", "/api/v1/predict/{symbol}"})


class RecentRequests:
    """Seconds of the newest requests, of all and of predictions alone; for one thread."""

    def __init__(self) -> None:
        self.all: deque[float] = deque(maxlen=MAX_RECENT)
        self.predictions: deque[float] = deque(maxlen=MAX_RECENT)
        self.pace = Pace()

    def add(self, route: str, seconds: float) -> None:
        """One answered request."""
        self.all.append(seconds)
        if route in PREDICTION_ROUTES:
            self.predictions.append(seconds)
        self.pace.count(time.monotonic())


class Pace:
    """Requests a second over the last PACE_S seconds, or since the start if that is shorter."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._counts: dict[int, int] = {}

    def count(self, now: float) -> None:
        """One request at monotonic second `now`."""
        second = int(now)
        self._counts[second] = self._counts.get(second, 0) + 1
        if len(self._counts) > 2 * PACE_S:
            self._counts = {at: n for at, n in self._counts.items() if at > second - PACE_S}

    def per_second(self, now: float) -> float:
        """The mean over the window that ends `now`."""
        requests = sum(n for at, n in self._counts.items() if now - PACE_S < at <= now)
        return requests / min(PACE_S, max(1.0, now - self._started))


def percentiles(values: Iterable[float], ranks: Sequence[float]) -> list[float | None]:
    """The nearest-rank percentiles of `values`; None for each if there are no values."""
    ordered = sorted(values)
    if not ordered:
        return [None for _ in ranks]
    last = len(ordered) - 1
    positions = (-(-int(rank * len(ordered)) // 100) - 1 for rank in ranks)
    return [ordered[min(last, max(0, position))] for position in positions]
