"""Events: the lines that workers and supervisors write, and their JSON form.

{"v":1,"seq":n,"ts":"UTC ISO","mono":s,"run":"…","src":"worker-1","symbol":"NVDA","type":"epoch",…}
seq counts per src; mono is seconds of the machine's monotonic clock, for durations; NaN is
written as null.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.core.clock import iso, parse_iso
from engine.core.text import clean

VERSION = 1
MAX_LINE = 4096
TYPES = (
    "queued",
    "started",
    "phase",
    "epoch",
    "member",
    "scored",
    "warning",
    "published",
    "refused",
    "failed",
    "cancelled",
    "worker",
    "cancelling",
    "finished",
)
_HEAD = ("v", "seq", "ts", "mono", "run", "src", "symbol", "type")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run."""

    seq: int
    ts: datetime
    mono: float
    run: str
    src: str
    symbol: str
    type: str
    data: dict[str, Any] = field(default_factory=dict)


def encode(event: Event) -> bytes:
    """The event as one JSON line of at most 4 kB, long texts cut."""
    for limit in (1500, 300, 60):
        line = _line(event, limit)
        if len(line) <= MAX_LINE:
            return line
    return _line(replace(event, data={}), 60)


def _line(event: Event, limit: int) -> bytes:
    head = {
        "v": VERSION,
        "seq": event.seq,
        "ts": iso(event.ts),
        "mono": round(event.mono, 3),
        "run": event.run,
        "src": event.src,
        "symbol": event.symbol,
        "type": event.type,
    }
    body = {
        name: _json_safe(value, limit) for name, value in event.data.items() if name not in head
    }
    return json.dumps({**head, **body}, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _json_safe(value: Any, limit: int) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(value.replace("\n", " "), limit)
    if isinstance(value, dict):
        return {str(name): _json_safe(inner, limit) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(element, limit) for element in value]
    return value


def decode(line: bytes) -> Event | None:
    """The event of one line; None for garbage, a torn line or a newer version."""
    try:
        tree = json.loads(line)
        if not isinstance(tree, dict) or not isinstance(tree["v"], int) or tree["v"] > VERSION:
            return None
        mono = tree.get("mono")
        return Event(
            seq=int(tree["seq"]),
            ts=parse_iso(tree["ts"]),
            mono=float(mono) if mono is not None else 0.0,
            run=clean(str(tree["run"]), 80),
            src=clean(str(tree.get("src", "")), 40),
            symbol=clean(str(tree.get("symbol") or ""), 10),
            type=clean(str(tree["type"]), 40),
            data={str(name): value for name, value in tree.items() if name not in _HEAD},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None
