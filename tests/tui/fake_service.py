"""A service as the console's tests see it: what it is, and what it tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.client.records import ServicePlace, ServiceReply, ServiceState
from engine.core.clock import iso
from engine.service.records import Overview
from tests.tui.scenes import NAMES, NOW


def service_model(symbol: str) -> dict[str, Any]:
    """A row of /api/v1/models that is well."""
    return {
        "symbol": symbol,
        "state": "AVAILABLE",
        "generation": 3,
        "trained_at": iso(NOW - timedelta(days=2, hours=1)),
        "loaded_at": iso(NOW - timedelta(hours=2)),
        "as_of": "2026-10-20",
        "problem": "",
        "refused": "",
        "refusals": 0,
        "stale": False,
    }


def service_up() -> Overview:
    """A service that has answered a while, on another port than the settings'."""
    place = ServicePlace(True, ("127.0.0.1", 8085), "http://127.0.0.1:8085, pid 4711")
    counts = {
        "total": 12_345,
        "errors": 2,
        "refused": 3,
        "per_second": 4.2,
        "hits": 900,
        "misses": 13,
    }
    predictions = {"recent": 2000, "p50_ms": 1.5, "p95_ms": 2.2, "p99_ms": 7.7}
    everything = {"recent": 2000, "p50_ms": 0.8, "p95_ms": 2.0, "p99_ms": 6.0}
    stats = {
        "cache": {"size": 13, "default_ttl": "5m0s", "expired_entries": 0},
        "system": {"memory_alloc": 70_000_000, "uptime_seconds": 11_400.0},
        "requests": {**counts, **everything, "predictions": predictions},
        "time": iso(NOW),
    }
    health = ServiceReply(200, 0.0013, {"status": "healthy", "total": 13, "problems": []})
    return Overview(
        ServiceState(place, health), stats, tuple(service_model(name) for name in NAMES)
    )
