"""The body of `/api/v1/stats`: the reference's fields, and figures of the requests so far."""

from __future__ import annotations

import gc
import os
import resource
import threading
import time
from collections.abc import Collection
from typing import Any

from engine.core.clock import iso
from engine.service.metrics import ServiceMetrics, total
from engine.service.query import ListPage
from engine.service.recent import percentiles
from engine.service.service import PredictionService

Tree = dict[str, Any]


def statistics(service: PredictionService, page: ListPage) -> Tree:
    """Cache, models, process, requests; what is listed by symbol is that of `page`."""
    settings = service.settings.service
    now = service.clock.now()
    served = service.models.served
    size, expired = service.forecasts.counts()
    minutes, seconds = divmod(settings.ttl_s, 60)
    return {
        "cache": {"size": size, "default_ttl": f"{minutes}m{seconds}s", "expired_entries": expired},
        "model": {
            "version": settings.model_version,
            "loaded": sum(symbol.model is not None for symbol in served),
            "generations": {
                symbol.symbol: symbol.model.info.generation
                for symbol in page.of(served)
                if symbol.model
            },
            "refused": [symbol.symbol for symbol in page.of(served) if symbol.refused],
            **page.tree(len(served)),
        },
        "system": _system((now - service.started_at).total_seconds()),
        "requests": _requests(service.metrics),
        "time": iso(now),
    }


def _system(uptime_s: float) -> Tree:
    """Process figures; `goroutines` and `memory_sys` are the reference's names for the nearest."""
    address_space, resident = memory_bytes()
    return {
        "threads": threading.active_count(),
        "goroutines": threading.active_count(),
        "memory_alloc": resident,
        "memory_total": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_sys": address_space,
        "gc_runs": sum(generation["collections"] for generation in gc.get_stats()),
        "uptime_seconds": round(uptime_s, 3),
    }


def memory_bytes() -> tuple[int, int]:
    """Address space of this process, and how much of it is resident."""
    with open("/proc/self/statm", "rb") as file:
        size, resident = file.read().split()[:2]
    page = os.sysconf("SC_PAGE_SIZE")
    return int(size) * page, int(resident) * page


def _requests(metrics: ServiceMetrics) -> Tree:
    return {
        "total": total(metrics.requests),
        "errors": int(metrics.failures()),
        "refused": total(metrics.refused),
        "per_second": round(metrics.recent.pace.per_second(time.monotonic()), 3),
        **_latency(metrics.recent.all),
        "predictions": _latency(metrics.recent.predictions),
        "hits": total(metrics.hits),
        "misses": total(metrics.misses),
    }


def _latency(seconds: Collection[float]) -> Tree:
    """Count and percentiles (ms) of the newest requests; percentiles are null without any."""
    p50, p95, p99 = (
        None if value is None else value * 1000 for value in percentiles(seconds, (50, 95, 99))
    )
    return {"recent": len(seconds), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
