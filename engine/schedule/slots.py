"""Slots: when an expression fires in a time zone, with DST changes as Debian cron handles them.

A job whose minute or hour starts with `*` follows the wall clock: skipped in the spring gap,
repeated in the repeated autumn hour. Any other job runs once: right after the gap, or in the
first of the repeated hours.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim

from engine.core.errors import FileError
from engine.core.reading import read_bytes
from engine.schedule.expression import Expression

_MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A moment at which the zone's clock jumps; the wall times before and after have no zone."""

    at: datetime
    before: datetime
    after: datetime

    @property
    def gap(self) -> bool:
        """Whether wall times are left out; otherwise they come twice."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class DstNote:
    """The effect of a DST change on one job."""

    change: ClockChange
    walls: tuple[datetime, ...]
    """The job's wall times that are left out or repeated."""
    runs: tuple[datetime, ...]
    """When it runs instead, or both times; aware, in the zone."""

    def __str__(self) -> str:
        times = f"{self.walls[0]:%Y-%m-%d}: {_short([f'{wall:%H:%M}' for wall in self.walls])}"
        runs = _short([f"{run:%H:%M %Z}" for run in self.runs])
        before = f"{self.change.before:%H:%M}"
        after = f"{self.change.after:%H:%M}"
        if self.change.gap:
            outcome = f"runs at {runs} instead" if self.runs else "does not run in that hour"
            return f"{times} does not exist (the clock goes from {before} to {after}); {outcome}"
        often = "once" if len(self.runs) <= len(self.walls) else "both times"
        clock = f"the clock goes from {before} back to {after}"
        return f"{times} comes twice ({clock}); runs {often}, at {runs}"


def host_zone(localtime: Path = Path("/etc/localtime")) -> ZoneInfo:
    """The time zone of the cron daemon, which ignores the shell's TZ; UTC if there is none."""
    target = os.path.realpath(localtime)
    name = target.partition("/zoneinfo/")[2].removeprefix("posix/").removeprefix("right/")
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass  # a file beside the usual tree: read it as it is
    try:
        file = io.BytesIO(read_bytes(localtime, links=True))
        return ZoneInfo.from_file(file, key="host zone")
    except (OSError, FileError, ValueError):
        return ZoneInfo("UTC")


def slots_after(expression: Expression, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Every slot strictly after the moment, oldest first, aware in `zone`; none for `@reboot`."""
    if expression.reboot:
        return
    last = after.astimezone(UTC)
    for slot in CronSim(expression.text, after.astimezone(zone)):
        # cronsim forgets in which of two equal hours it stands, and gives times that have passed.
        if slot.astimezone(UTC) > last:
            last = slot.astimezone(UTC)
            yield last.astimezone(zone)


def next_slots(
    expression: Expression, after: datetime, zone: ZoneInfo, count: int
) -> tuple[datetime, ...]:
    """The next `count` slots, fewer only for `@reboot`."""
    return tuple(islice(slots_after(expression, after, zone), count))


def last_slot(expression: Expression, until: datetime, zone: ZoneInfo) -> datetime | None:
    """The newest slot at or before the moment; None for `@reboot`."""
    if expression.reboot:
        return None
    # Backwards only to find a start: going back, cronsim skips slots of a repeated hour.
    backwards = CronSim(expression.text, until.astimezone(zone) - _MINUTE, reverse=True)
    start = next(iter(backwards), None)
    if start is None:
        return None
    slots = tuple(slots_between(expression, start.astimezone(UTC) - _MINUTE, until, zone))
    return slots[-1] if slots else None


def slots_between(
    expression: Expression, after: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """The slots after `after`, up to and with `until`."""
    end = until.astimezone(UTC)
    for slot in slots_after(expression, after, zone):
        if slot.astimezone(UTC) > end:
            return
        yield slot


def clock_changes(
    zone: ZoneInfo, start: datetime, span: timedelta = YEAR
) -> tuple[ClockChange, ...]:
    """Every jump of the zone's clock within `span`, by halving the days whose offset differs."""
    first = start.astimezone(UTC).replace(second=0, microsecond=0)
    days = [first + timedelta(days=n) for n in range(span.days + 1)]
    changes = []
    for low, high in pairwise(days):
        if _offset(low, zone) == _offset(high, zone):
            continue
        while high - low > _MINUTE:
            middle = low + (high - low) // 2 // _MINUTE * _MINUTE
            if _offset(middle, zone) == _offset(low, zone):
                low = middle
            else:
                high = middle
        naive = high.replace(tzinfo=None)
        changes.append(ClockChange(high, naive + _offset(low, zone), naive + _offset(high, zone)))
    return tuple(changes)


def dst_notes(
    expression: Expression, start: datetime, zone: ZoneInfo, span: timedelta = YEAR
) -> tuple[DstNote, ...]:
    """The effects of the DST changes within `span` on the expression, in order."""
    if expression.reboot:
        return ()
    notes = (_note(expression, change, zone) for change in clock_changes(zone, start, span))
    return tuple(note for note in notes if note)


def _note(expression: Expression, change: ClockChange, zone: ZoneInfo) -> DstNote | None:
    low, high = sorted((change.before, change.after))
    minutes = int((high - low) / _MINUTE)
    walls = tuple(wall for n in range(minutes) if expression.matches(wall := low + n * _MINUTE))
    if not walls:
        return None
    jump = timedelta() if change.gap else high - low
    if change.gap and expression.wildcard:
        return DstNote(change, walls, ())
    until = change.at if change.gap else change.at + jump - _MINUTE
    runs = slots_between(expression, change.at - jump - _MINUTE, until, zone)
    return DstNote(change, walls, tuple(runs))


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _short(texts: list[str]) -> str:
    return ", ".join(texts) if len(texts) <= 4 else f"{', '.join(texts[:3])} … {texts[-1]}"
