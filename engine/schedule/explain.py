"""An expression in English, with next runs and warnings; takes 2 ms, so runs on every key press."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from engine.market.calendar import is_open
from engine.schedule.expression import Expression, describe, parse
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS
from engine.schedule.slots import YEAR, dst_notes, next_slots, slots_between

EXCHANGE = ZoneInfo("America/New_York")
_OPEN, _CLOSE = time(9, 30), time(16, 0)
# Two heavy jobs that begin within this time of each other are likely to meet.
_NEAR = timedelta(minutes=60)
# Times of a training that are looked at: half a year of a monthly one.
_LOOKED_AT = 6
# Quicker pairs than this are not worth the time of a look over a year.
_OFTEN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One checked expression: in English, its next runs in the host's zone, and warnings."""

    expression: Expression
    description: str
    next_runs: tuple[datetime, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two heavy jobs due within an hour of each other: how often in a year, and the first time."""

    jobs: tuple[str, str]
    first: datetime
    times: int

    def __str__(self) -> str:
        often = "once" if self.times == 1 else f"{self.times} times"
        return (
            f"{self.jobs[0]} and {self.jobs[1]} come within an hour {often} a year, first on"
            f" {self.first:%Y-%m-%d %H:%M %Z}"
        )


def explain(text: str, job: str, now: datetime, zone: ZoneInfo, count: int = 5) -> Explanation:
    """The expression of a job, explained; ExpressionError names the field that is wrong."""
    expression = parse(text, reboot=JOBS[job].reboot)
    return Explanation(
        expression=expression,
        description=describe(expression),
        next_runs=next_slots(expression, now, zone, count),
        warnings=tuple(_warnings(expression, job, now, zone)),
    )


def _warnings(expression: Expression, job: str, now: datetime, zone: ZoneInfo) -> Iterable[str]:
    if expression.reboot:
        return
    if expression.either_day:
        days, weekdays = expression.parts[2], expression.parts[4]
        yield (
            f"both day fields are set: it runs on a day of month {days} OR a day of week"
            f" {weekdays}, not only where both meet"
        )
    per_day = len(expression.minutes) * len(expression.hours)
    if per_day > _OFTEN:
        yield f"it runs {per_day} times on such a day"
    first, second = next_slots(expression, now, zone, 2)
    if second - first > timedelta(days=8) and job != "monthly":
        yield f"it runs rarely: {first:%Y-%m-%d} and then {second:%Y-%m-%d}"
    yield from (f"clock change on {note}" for note in dst_notes(expression, now, zone))
    if job == "performance" and not _meets_session(expression, now, zone):
        yield "none of its times falls into a trading session (09:30-16:00 in New York)"
    if JOBS[job].trains:
        yield from _session_warning(next_slots(expression, now, zone, _LOOKED_AT))


def _session_warning(slots: tuple[datetime, ...]) -> Iterable[str]:
    in_session = [slot for slot in slots if is_open(slot)]
    if in_session:
        yield (
            f"the exchange is open at {len(in_session)} of its next {_LOOKED_AT} times, first on"
            f" {in_session[0]:%Y-%m-%d %H:%M %Z}: auto-train refuses to start then"
        )


def _meets_session(expression: Expression, now: datetime, zone: ZoneInfo) -> bool:
    week = (
        slot.astimezone(EXCHANGE)
        for slot in slots_between(expression, now, now + timedelta(days=7), zone)
    )
    return any(local.weekday() < 5 and _OPEN <= local.time() < _CLOSE for local in week)


def clashes(lines: Iterable[JobLine], now: datetime, zone: ZoneInfo) -> tuple[Clash, ...]:
    """The pairs of enabled heavy jobs that meet within a year."""
    heavy = [
        (line.job, parse(line.expression, reboot=True))
        for line in lines
        if line.enabled and JOBS[line.job].heavy
    ]
    seldom = [
        (job, expression)
        for job, expression in heavy
        if len(expression.minutes) * len(expression.hours) <= _OFTEN
    ]
    # In UTC: two moments of a repeated hour compare as equal in their own zone.
    slots = {
        job: [slot.astimezone(UTC) for slot in slots_between(expression, now, now + YEAR, zone)]
        for job, expression in seldom
    }
    pairs = ((pair, _near_slots(slots[pair[0]], slots[pair[1]])) for pair in combinations(slots, 2))
    return tuple(Clash(pair, near[0].astimezone(zone), len(near)) for pair, near in pairs if near)


def _near_slots(slots: list[datetime], others: list[datetime]) -> list[datetime]:
    """The slots that lie within an hour of one of `others`; both sorted."""
    near = []
    start = 0
    for slot in slots:
        while start < len(others) and others[start] < slot - _NEAR:
            start += 1
        if start < len(others) and others[start] - slot <= _NEAR:
            near.append(slot)
    return near
