"""Health of what runs: checks, scheduled jobs, runs, the service, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.client.records import ServiceState
from engine.client.service_client import service_state
from engine.core.clock import SKEW, is_within, iso, parse_iso
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import JobState, Level, Run
from engine.core.snapshot import AlertState, Snapshot
from engine.core.text import clean
from engine.settings.schema import ResourceSettings, Settings
from engine.watch import deliver
from engine.watch.health_item import item, level_of
from engine.watch.records import Item
from engine.watch.schema import SCHEMA
from engine.words import times

if TYPE_CHECKING:
    from engine.schedule.records import JobView, ScheduleView

RECENT = timedelta(days=1)
WEEKEND = timedelta(hours=66)
"""The longest normal gap between cron's checks: Friday 18:00 to Monday 06:00 is 60 hours."""
DIED = "the last one ended without a word"


def last_check(home: Home, settings: Settings, now: datetime, schedule: ScheduleView) -> Item:
    """How long ago the newest performance check was."""
    at = None
    with reading(home, SCHEMA) as connection:
        if connection is not None:
            query = "SELECT MAX(at) FROM watch_checks WHERE at <= ?"
            newest = connection.execute(query, (iso(now + SKEW),)).fetchone()[0]
            at = parse_iso(newest) if newest else None
    if at is None:
        return Item("check", Level.WARN, "no performance check yet", "stockml performance")
    age = max(timedelta(), now - at)
    late = age > max(WEEKEND, timedelta(hours=3 * settings.watch.interval_hours))
    level = level_of(critical=late and schedule.has("performance"), warning=late)
    text = f"the newest one {times.duration(age.total_seconds())} ago"
    return item("check", level, text, "stockml performance")


def schedule_items(schedule: ScheduleView) -> Iterator[Item]:
    """Each installed job, and why the schedule is unknown or empty."""
    if schedule.unknown:
        yield Item("schedule", Level.WARN, schedule.unknown, "stockml schedule show")
    elif not schedule.installed:
        yield Item("schedule", Level.WARN, "no job is installed", "stockml schedule install")
    for job in schedule.installed:
        level = level_of(critical=job.in_trouble, warning=job.is_unknown)
        yield item("schedule", level, str(job), _next_step(job))


def _next_step(job: JobView) -> str:
    if job.is_unknown:
        return "stockml schedule install"
    # What failed was not missed: catch-up would find nothing to do.
    return "stockml schedule catch-up" if job.was_missed else f"stockml cron-run {job.job.name}"


def runs(snapshot: Snapshot, settings: Settings, now: datetime) -> Item:
    """Live runs that stall, and runs that were lost within a day."""
    limit = timedelta(minutes=settings.training.stall_limit_min)
    stalled = [
        run.id for run in snapshot.live_runs if now - (run.last_event_at or run.created_at) > limit
    ]
    lost = [
        run.id
        for run in snapshot.runs
        if run.state is JobState.LOST and is_within(_end(run), now, RECENT)
    ]
    if not stalled and not lost:
        live = len(snapshot.live_runs)
        return Item("runs", Level.OK, f"{live} live, none stalled, none lost within a day")
    words = [f"stalled: {' '.join(stalled)}"] if stalled else []
    words += [f"lost within a day: {' '.join(lost)}"] if lost else []
    return Item("runs", Level.CRIT, "; ".join(words), f"stockml runs show {(stalled + lost)[0]}")


def _end(run: Run) -> datetime:
    return run.ended_at or run.last_event_at or run.created_at


def service(home: Home, settings: Settings, *, scheduled: bool) -> Item:
    """The service's own health and its latency; `scheduled`: the schedule starts one."""
    limits = settings.resources
    state = service_state(home, limits.response_crit_s + 1.0)
    place = state.place.text
    if state.word in ("off", "down"):
        down = state.word == "down"
        text = f"none runs; {DIED}: {place}" if down else "none runs"
        level = level_of(critical=scheduled, warning=down)
        return item("service", level, clean(text, 200), "stockml serve")
    if state.word == "starting":
        return Item("service", Level.WARN, f"starting: {place}".rstrip(": "))
    if state.word in ("silent", "error"):
        text = f"is running but does not report its health: {state.reply.problem}"
        return Item("service", Level.CRIT, text, "look at its own output")
    problems = state.reply.tree.get("problems")
    why = f": {problems[0]}" if isinstance(problems, list) and problems else ""
    took = times.latency(state.reply.seconds)
    text = clean(f"{state.word} in {took} at {place.partition(',')[0]}{why}", 200)
    return item("service", _service_level(state, limits), text, "stockml test-symbol")


def _service_level(state: ServiceState, limits: ResourceSettings) -> Level:
    seconds = state.reply.seconds
    return level_of(
        critical=state.word == "unhealthy" or seconds > limits.response_crit_s,
        warning=state.word == "degraded" or seconds > limits.response_warn_s,
    )


def alerts(home: Home, snapshot: Snapshot) -> Iterator[Item]:
    """Unacknowledged firing alerts, and undelivered messages."""
    firing = [
        alert for alert in snapshot.alerts if alert.state is AlertState.FIRING and not alert.acked
    ]
    names = ", ".join(f"{alert.rule} {alert.symbol}".rstrip() for alert in firing)
    level = level_of(critical=False, warning=bool(firing))
    yield item("alerts", level, names or "nothing fires", "stockml alerts list")
    waiting = deliver.outbox(home)
    if waiting:
        why = deliver.alert_urls(home)[1] or waiting[0].fault or "not sent yet"
        count = "1 message is" if len(waiting) == 1 else f"{len(waiting)} messages are"
        yield Item("alerts", Level.WARN, f"{count} undelivered: {why}", "stockml alerts test")
