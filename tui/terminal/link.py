"""How much the console sends to its terminal: pure arithmetic on a counter."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60


class LinkMeter:
    """Fed once a second with the bytes sent so far."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=WINDOW_S + 1)
        self.busiest = 0
        """Bytes of the busiest second, the first paint left out."""

    def feed(self, now: float, sent: int) -> None:
        """`sent` bytes so far at `now` seconds of a clock that never turns back."""
        if self._samples:
            before, sent_before = self._samples[-1]
            elapsed = now - before
            if elapsed <= 0:
                return
            rate = (sent - sent_before) / max(1.0, elapsed)
            self.busiest = max(self.busiest, round(rate))
        self._samples.append((now, sent))

    @property
    def window(self) -> float:
        """Seconds that `rate` is the mean of."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0

    @property
    def rate(self) -> float | None:
        """Bytes a second over the window; None before a second is measured."""
        if self.window <= 0:
            return None
        return (self._samples[-1][1] - self._samples[0][1]) / self.window

    @property
    def sent(self) -> int:
        """Bytes in all."""
        return self._samples[-1][1] if self._samples else 0
