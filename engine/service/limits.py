"""How many requests one client may make: a token bucket for each of a bounded set of addresses."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

MAX_CLIENTS = 1024
"""Addresses remembered; the one quiet longest is dropped first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second on average, and how many at once."""

    per_second: float
    burst: float


# Requests/s; a local client below 500/s never meets the limit.
LOOPBACK_RATE = Rate(1000.0, 2000.0)
OTHER_RATE = Rate(50.0, 100.0)


class RateLimit:
    """Token buckets by client address; for one thread."""

    def __init__(self, loopback: Rate = LOOPBACK_RATE, other: Rate = OTHER_RATE) -> None:
        self._loopback = loopback
        self._other = other
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> bool:
        """Whether `client` may ask at monotonic second `now`; takes one of its tokens if so."""
        rate = self._loopback if is_loopback(client) else self._other
        tokens, then = self._buckets.pop(client, (rate.burst, now))
        tokens = min(rate.burst, tokens + (now - then) * rate.per_second)
        allowed = tokens >= 1.0
        self._buckets[client] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed


def is_loopback(host: str) -> bool:
    """Whether an address or host name stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
