"""A clock for tests."""

from __future__ import annotations

from datetime import datetime, timedelta


class FakeClock:
    """A clock that moves only by `advance`."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._mono = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._mono

    def advance(self, step: timedelta) -> None:
        """Move both clocks forward by `step`."""
        self._now += step
        self._mono += step.total_seconds()
