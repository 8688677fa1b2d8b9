"""The zone that the scheduler counts in, by evidence, the surest first.

1  CRON_TZ above our block      cronie counts by it, Debian's cron ignores it
2  TZ of the daemon's process   where its environment can be read
3  the last `schedule check`    what a probe observed
4  /etc/localtime               what every daemon reads otherwise

A run that belongs to no slot of that zone is evidence against it: its offset then counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.core.clock import is_ahead, iso
from engine.schedule.check_record import LOCALTIME, CheckResult, observed_zone
from engine.schedule.crontab import CronKind
from engine.schedule.expression import Expression
from engine.schedule.records import CronRun, Daemon, JobTrigger
from engine.schedule.slots import next_slots, slots_between
from engine.schedule.variables import CRON_TZ, TabVariable
from engine.schedule.zones import fixed_zone, is_zone, offset_of, zone_of_text
from engine.words import times

# Offsets of zones are multiples of a quarter of an hour; cron starts a job within a minute.
_QUARTER = timedelta(minutes=15)
_PROMPT = timedelta(minutes=1)
# No two zones are further apart; a slot further away has nothing to do with the run.
_FURTHEST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class DaemonZone:
    """A zone, where it comes from, and what speaks against it or is ignored."""

    zone: ZoneInfo
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneClues:
    """All that says in which zone the scheduler counts."""

    host: ZoneInfo
    daemon: Daemon
    kind: CronKind | None = None
    """The crontab program; None for systemd."""
    variables: tuple[TabVariable, ...] = ()
    check: CheckResult | None = None


def daemon_zone(clues: ZoneClues) -> DaemonZone:
    """The zone by the surest of the clues."""
    notes: tuple[str, ...] = ()
    cron_tz = next((each for each in clues.variables if each.name == CRON_TZ), None)
    if cron_tz and clues.kind is CronKind.CRONIE:
        if not is_zone(cron_tz.value):
            notes = (f"{cron_tz} above our block names no zone: cronie then counts in UTC",)
        return DaemonZone(zone_of_text(cron_tz.value), f"{CRON_TZ} above our block", notes)
    if cron_tz and clues.kind is CronKind.DEBIAN:
        notes = (f"{cron_tz} above our block: Debian's cron ignores it, it counts in its own zone",)
    elif cron_tz and clues.kind:
        notes = (
            f"{cron_tz} above our block: whether this cron counts by it is not known;"
            " `stockml schedule check` finds out",
        )
    tz = clues.daemon.tz
    if tz:
        source = f"TZ of the {clues.daemon.name} (process {clues.daemon.pid})"
        return DaemonZone(zone_of_text(tz), source, notes)
    if (check := _usable(clues)) is not None:
        return DaemonZone(observed_zone(check, clues.host), str(check), notes)
    return DaemonZone(clues.host, LOCALTIME, notes)


def _usable(clues: ZoneClues) -> CheckResult | None:
    """The last check, where it saw a zone that nothing we can read contradicts."""
    check = clues.check
    backend = "systemd" if clues.kind is None else "crontab"
    if check is None or check.arrived_at is None or check.backend != backend:
        return None
    removed = check.source.startswith(CRON_TZ)
    unset = check.source.startswith("TZ ") and clues.daemon.tz is not None
    return None if removed or unset else check


def zone_by_runs(
    known: DaemonZone,
    expressions: Mapping[str, Expression],
    runs: Iterable[CronRun],
    now: datetime,
) -> DaemonZone:
    """The zone that fits the newest run which says something; `known` where its slots do.

    `runs` are those that cron started since the schedule stands, newest first.
    """
    late: list[tuple[CronRun, timedelta, datetime]] = []
    for run in runs:
        expression = expressions.get(run.job)
        if expression is None or not _tells(expression) or is_ahead(run.started, now):
            continue
        apart, slot = _distance(expression, run.started, known.zone)
        if slot is None:
            continue
        if not apart:
            return known
        late.append((run, apart, slot))
        # A start within cron's three hours of catching up counts only when it is repeated.
        if run.slot is None or len(late) > 1:
            break
    if not late or (late[0][0].slot is not None and (len(late) < 2 or late[0][1] != late[1][1])):
        return known
    run, apart, slot = late[0]
    offset = offset_of(known.zone, run.started) - apart
    if abs(offset) > _FURTHEST:
        return known
    side = "after" if apart > timedelta() else "before"
    note = (
        f"cron seems to use another zone: {run.job} ran"
        f" {times.duration(abs(apart).total_seconds())} {side} {times.slot(slot)};"
        " `stockml schedule check` finds out which"
    )
    source = f"the run of {run.job} at {iso(run.started)}"
    return DaemonZone(fixed_zone(offset), source, (*known.notes, note))


def _tells(expression: Expression) -> bool:
    """Whether the hour of a run says something: a job of every hour fits any zone."""
    return not expression.reboot and len(expression.hours) < 24


def _distance(
    expression: Expression, started: datetime, zone: ZoneInfo
) -> tuple[timedelta, datetime | None]:
    """How far after (or before) which slot a run began, in quarters of an hour; None: no sign."""
    slots = [*slots_between(expression, started - _FURTHEST, started, zone)][-1:]
    slots += next_slots(expression, started, zone, 1)
    near = [(started - slot.astimezone(UTC), slot) for slot in slots]
    near = [(apart, slot) for apart, slot in near if abs(apart) <= _FURTHEST]
    if not near:
        return timedelta(), None
    apart, slot = min(near, key=lambda pair: abs(pair[0]))
    quarters = apart // _QUARTER * _QUARTER
    return (quarters, slot) if apart - quarters <= _PROMPT else (timedelta(), None)


def cron_runs(runs: Iterable[Sequence[CronRun]], since: Mapping[str, datetime]) -> list[CronRun]:
    """What cron started since each job has its present time, newest first."""
    started = (
        run
        for each in runs
        for run in each
        if run.trigger is JobTrigger.CRON and run.job in since and run.started > since[run.job]
    )
    return sorted(started, key=lambda run: run.started, reverse=True)
