"""What the console sends to its terminal, a second at a time: pure arithmetic on a counter."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60


class LinkMeter:
    """Fed once a second with the bytes sent so far;
    tells the mean of the last minute and the busiest second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=WINDOW_S + 1)
        self.most = 0
        """Bytes of the busiest second;
        the first paint, before the first look at the counter, is left out."""

    def feed(self, now: float, sent: int) -> None:
        """`sent` bytes so far at `now` seconds of a clock that never turns back."""
        if self._seen:
            before, was = self._seen[-1]
            spent = now - before
            if spent <= 0:
                return
            self.most = max(self.most, round((sent - was) / max(1.0, spent)))
        self._seen.append((now, sent))

    @property
    def window(self) -> float:
        """Seconds that `rate` is the mean of."""
        return self._seen[-1][0] - self._seen[0][0] if self._seen else 0.0

    @property
    def rate(self) -> float | None:
        """Bytes a second over the window; None before a second is measured."""
        return (self._seen[-1][1] - self._seen[0][1]) / self.window if self.window > 0 else None

    @property
    def sent(self) -> int:
        """Bytes in all."""
        return self._seen[-1][1] if self._seen else 0
