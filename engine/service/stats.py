"""What `/api/v1/stats` tells: the reference's fields, and what the requests so far were like."""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Collection
from typing import Any

from engine.core.clock import iso
from engine.service.metrics import ServiceMetrics, memory_bytes, percentiles
from engine.service.service import PredictionService

Tree = dict[str, Any]


def statistics(service: PredictionService) -> Tree:
    """Cache, models, process, requests."""
    settings, now = service.settings, service.clock.now()
    size, expired = service.forecasts.counts()
    minutes, seconds = divmod(settings.service.ttl_s, 60)
    return {
        "cache": {"size": size, "default_ttl": f"{minutes}m{seconds}s", "expired_entries": expired},
        "model": {
            "version": settings.service.model_version,
            "loaded": sum(slot.model is not None for slot in service.shelf.slots),
            "generations": {
                slot.symbol: slot.model.info.generation
                for slot in service.shelf.slots
                if slot.model
            },
            "refused": [slot.symbol for slot in service.shelf.slots if slot.refused],
        },
        "system": _system((now - service.started_at).total_seconds()),
        "requests": _requests(service.metrics),
        "time": iso(now),
    }


def _system(uptime_s: float) -> Tree:
    """The process;
    `goroutines` and `memory_sys` are the reference's names for what is nearest to them here."""
    space, resident = memory_bytes()
    return {
        "threads": threading.active_count(),
        "goroutines": threading.active_count(),
        "memory_alloc": resident,
        "memory_total": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_sys": space,
        "gc_runs": sum(generation["collections"] for generation in gc.get_stats()),
        "uptime_seconds": round(uptime_s, 3),
    }


def _requests(found: ServiceMetrics) -> Tree:
    return {
        "total": int(found.total(found.requests)),
        "errors": int(found.failures()),
        "refused": int(found.total(found.refused)),
        "per_second": round(found.pace.per_second(time.monotonic()), 3),
        **_latency(found.recent),
        "predictions": _latency(found.recent_predictions),
        "hits": int(found.total(found.hits)),
        "misses": int(found.total(found.misses)),
    }


def _latency(seconds: Collection[float]) -> Tree:
    """How many of the newest requests are looked at, and their percentiles in milliseconds;
    null without any."""
    p50, p95, p99 = (
        None if value is None else value * 1000 for value in percentiles(seconds, (50, 95, 99))
    )
    return {"recent": len(seconds), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
