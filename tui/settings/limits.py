"""The limits among the settings, each with its current reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.core.records import Level
from engine.core.snapshot import Snapshot, SymbolRow
from engine.settings.keys import KeyPath
from engine.settings.sheet import Setting
from engine.words import figures

HELD_OUT = "on the held-out sessions of its live model"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a limit is compared with now: for its row, and in full."""

    short: str
    full: str
    style: str = ""


def _source(setting: Setting, value: object, read: str) -> Reading | None:
    """The source from --source that replaces the configured one."""
    if value != setting.value or read.partition(":")[0] == str(value).partition(":")[0]:
        return None
    return Reading(
        read,
        f"this console reads {read} bars, as --source says; so does what it starts",
        "warn",
    )


def readings(settings: Sequence[Setting], snapshot: Snapshot | None) -> dict[KeyPath, Reading]:
    """What each limit meets now; a key that is no limit has none."""
    if snapshot is None:
        return {}
    by_path = {setting.path: reading_of(setting, setting.value, snapshot) for setting in settings}
    return {path: reading for path, reading in by_path.items() if reading is not None}


def reading_of(setting: Setting, value: object, snapshot: Snapshot | None) -> Reading | None:
    """What a limit of this value would meet now."""
    if snapshot is None:
        return None
    if setting.path == ("market", "source"):
        return _source(setting, value, snapshot.source)
    if setting.path[0] == "thresholds" and isinstance(value, int | float):
        return _threshold(setting.path[-1], float(value), snapshot.rows)
    meters = {meter.name: meter for meter in snapshot.meters}
    kind, _, level = setting.path[-1].rpartition("_")
    name = {"cpu": "CPU", "memory": "MEM", "disk": "DISK"}.get(kind, "")
    if setting.path[0] == "resources" and level in ("warn", "crit") and name in meters:
        meter = meters[name]
        return _reading(
            f"{figures.number(meter.value)} {meter.unit} {meter.level.value}",
            "" if meter.level is Level.OK else "warn",
        )
    free = {"free_disk_mb": "DISK", "worker_memory_mb": "MEM"}.get(setting.path[-1], "")
    if free in meters and meters[free].detail:
        return _reading(meters[free].detail)
    if setting.key == "alerts.enabled" and snapshot.undelivered:
        return _reading(f"{snapshot.undelivered} not delivered", "warn")
    return None


def _reading(text: str, style: str = "") -> Reading:
    return Reading(text, text, style)


def _threshold(name: str, limit: float, rows: Sequence[SymbolRow]) -> Reading | None:
    """The worst symbol against a limit, and how many are beyond it."""
    if name == "min_accuracy":
        accuracies = {row.symbol: row.model.metrics.direction_accuracy for row in rows if row.model}
        return _worst(accuracies, limit, f"% {HELD_OUT}", low=True)
    if name == "max_mape":
        errors = {row.symbol: row.model.metrics.mape for row in rows if row.model}
        return _worst(errors, limit, f"% {HELD_OUT}")
    if name == "min_confidence":
        confidences = {row.symbol: row.forecast.confidence for row in rows if row.forecast}
        return _worst(confidences, limit, "%", low=True)
    if name in ("max_model_age_days", "fresh_days"):
        return _worst({row.symbol: row.age_days for row in rows}, limit, "days")
    return None


def _worst(
    by_symbol: Mapping[str, float | None], limit: float, unit: str, *, low: bool = False
) -> Reading:
    """The symbol furthest beyond the limit, and how many are beyond it."""
    known = {symbol: value for symbol, value in by_symbol.items() if value is not None}
    if not known:
        return _reading("no model yet", "dim")
    symbol = (min if low else max)(known, key=lambda name: known[name])
    beyond = sum(value < limit if low else value > limit for value in known.values())
    word = f"{beyond} {'below' if low else 'above'}"
    value = f"{symbol} {figures.number(known[symbol])}"
    short = f"{value}, {word}" if beyond else f"{value} OK"
    return Reading(short, f"worst {value} {unit}; {word} of {len(known)}", "warn" if beyond else "")
