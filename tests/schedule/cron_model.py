"""Debian cron as a model, minute by minute, written from its source and independent of our own
code.

`fields` reads an expression as entry.c does (bit sets, the star flags of a field's first
character); `fired` walks the minutes of a span as cron.c does: its virtual clock, its classes of
time jumps, wildcard and fixed-time jobs apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


@dataclass(frozen=True)
class Entry:
    minute: set[int]
    hour: set[int]
    dom: set[int]
    month: set[int]
    dow: set[int]
    min_star: bool
    hr_star: bool
    dom_star: bool
    dow_star: bool


def fields(text: str) -> Entry:
    minute, hour, dom, month, dow = text.split()
    week = _list(dow, 0, 7, _DAYS, 0)
    if week & {0, 7}:
        week |= {0, 7}
    return Entry(
        _list(minute, 0, 59, [], 0),
        _list(hour, 0, 23, [], 0),
        _list(dom, 1, 31, [], 0),
        _list(month, 1, 12, _MONTHS, 1),
        week,
        minute[0] == "*",
        hour[0] == "*",
        dom[0] == "*",
        dow[0] == "*",
    )


def _list(text: str, low: int, high: int, names: list[str], base: int) -> set[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            left, dash, right = span.partition("-")
            first = _number(left, names, base)
            last = _number(right, names, base) if dash else first
        numbers |= set(range(first, last + 1, int(step or 1)))
    return numbers


def _number(text: str, names: list[str], base: int) -> int:
    return names.index(text.lower()) + base if text.lower() in names else int(text)


def _matches(entry: Entry, wall: datetime) -> bool:
    if (
        wall.minute not in entry.minute
        or wall.hour not in entry.hour
        or wall.month not in entry.month
    ):
        return False
    dom, dow = wall.day in entry.dom, wall.isoweekday() % 7 in entry.dow
    return (dom and dow) if entry.dom_star or entry.dow_star else (dom or dow)


@dataclass(frozen=True)
class Look:
    """One call of find_jobs: the true minute it happens in, the wall time it looks for, and for
    which class of jobs."""

    at: datetime
    wall: datetime
    wild: bool
    fixed: bool


def looks(zone: ZoneInfo, start: datetime, minutes: int) -> list[Look]:
    """Every call of find_jobs by a daemon that runs from `start` on;
    the same for all expressions."""
    looks = []
    first = start.astimezone(UTC)
    virtual = _local_minute(first, zone)
    for number in range(1, minutes + 1):
        at = first + timedelta(minutes=number)
        running = _local_minute(at, zone)
        difference = running - virtual
        if difference == 1:
            virtual = running
            looks.append(Look(at, _wall(virtual), True, True))
        elif difference > 3 * 60 or difference <= -3 * 60:
            virtual = running
            looks.append(Look(at, _wall(running), True, True))
        elif difference > 5:
            looks.append(Look(at, _wall(running), True, False))
            while virtual < running:
                virtual += 1
                looks.append(Look(at, _wall(virtual), False, True))
        elif difference > 0:
            while virtual < running:
                virtual += 1
                looks.append(Look(at, _wall(virtual), True, True))
        else:
            looks.append(Look(at, _wall(running), True, False))
    return looks


def fired(text: str, daemon: list[Look]) -> list[datetime]:
    """The true minutes (UTC) in which cron starts the job, each once."""
    entry = fields(text)
    wildcard = entry.min_star or entry.hr_star
    minute, hour = entry.minute, entry.hour
    moments = {
        look.at
        for look in daemon
        if look.wall.minute in minute
        and look.wall.hour in hour
        and (look.wild if wildcard else look.fixed)
        and _matches(entry, look.wall)
    }
    return sorted(moments)


def _local_minute(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int((at.timestamp() + offset.total_seconds()) // 60)


def _wall(minute: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(minutes=minute)
