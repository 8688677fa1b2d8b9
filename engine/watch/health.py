"""Health checks; CRIT in any makes `stockml health` exit with 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.paths import Home
from engine.core.records import Level, SymbolState
from engine.core.snapshot import Meter, Snapshot, SymbolRow
from engine.settings.schema import Settings
from engine.watch.alert_rules import Condition
from engine.watch.health_calendar import calendar_items, unscheduled_closings
from engine.watch.health_clock import recorded_ahead, stored_ahead
from engine.watch.health_data import backups, bars, copies, doubts, growth, models
from engine.watch.health_item import or_fault
from engine.watch.health_jobs import DIED, alerts, last_check, runs, schedule_items, service
from engine.watch.records import Item
from engine.watch.seal_repair import seal_items
from engine.words import figures

if TYPE_CHECKING:
    from engine.schedule.records import ScheduleView


def health(
    home: Home,
    settings: Settings,
    snapshot: Snapshot,
    now: datetime,
    schedule: ScheduleView,
    source_of: Callable[[SymbolRow], str],
) -> tuple[Item, ...]:
    """All items in the order of a morning check; `source_of` a row names the source of its bars."""
    items = (
        *(_meter(meter) for meter in snapshot.meters),
        models(home, snapshot),
        bars(home, settings, snapshot, now, source_of),
        *doubts(snapshot),
        *or_fault(lambda: (last_check(home, settings, now, schedule),)),
        *schedule_items(schedule),
        runs(snapshot, settings, now),
        *or_fault(lambda: growth(home, now)),
        service(home, settings, scheduled=schedule.has("serve")),
        *backups(home, snapshot),
        *copies(home, settings, now),
        *seal_items(home, settings.names),
        *or_fault(lambda: alerts(home, snapshot)),
        *stored_ahead(home, snapshot, now),
        *or_fault(lambda: recorded_ahead(home, now)),
        *calendar_items(now.date()),
        *unscheduled_closings(home, settings, snapshot, now, source_of),
        *(Item("problem", Level.WARN, problem) for problem in snapshot.problems),
    )
    return tuple(dict.fromkeys(items))


def conditions(
    items: Iterable[Item], schedule: ScheduleView, snapshot: Snapshot
) -> tuple[Condition, ...]:
    """The alert conditions of one result of `health`."""
    return tuple(_conditions(tuple(items), schedule, snapshot))


def _conditions(
    items: tuple[Item, ...], schedule: ScheduleView, snapshot: Snapshot
) -> Iterator[Condition]:
    broken = [item for item in items if item.name == "backups" and item.level is Level.CRIT]
    down = [
        item
        for item in items
        if item.name == "service" and (item.level is Level.CRIT or DIED in item.text)
    ]
    yield _condition("backup", [item.text for item in broken])
    yield _condition("service", [item.text for item in down])
    if not schedule.unknown:
        yield _condition("schedule", [job.trouble for job in schedule.installed if job.trouble])
    for row in snapshot.rows:
        failed = row.state in (SymbolState.FAILED, SymbolState.LOST)
        yield Condition("training", row.symbol, failed, f"{row.state}: {row.note}")


def _condition(rule: str, texts: list[str]) -> Condition:
    return Condition(rule, "", bool(texts), "; ".join(texts))


def _meter(meter: Meter) -> Item:
    return Item(
        meter.name,
        meter.level,
        f"{figures.number(meter.value)}{meter.unit} {meter.detail}".rstrip(),
    )
