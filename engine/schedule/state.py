"""The state of a scheduled job, from its own history: pure functions of what was recorded and
what time it is.

New      installed, and no slot has come yet         Failed   the newest run failed or died silently
Up       the newest slot was run and succeeded       Skipped  the newest run found the lock held
Started  runs now                                    Paused   switched off
Late     its slot has come, still within the grace   Missed   the grace is over and nothing ran

A slot counts from the moment the job was installed, resumed or changed. Any run that began at or
after a slot covers it: cron itself catches up for three hours, and a later run by hand clears a
miss, while its record stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from statistics import median
from zoneinfo import ZoneInfo

from engine.schedule.daemon import Daemon
from engine.schedule.expression import Expression
from engine.schedule.record import CronRun, JobOutcome
from engine.schedule.slots import last_slot

# cron starts a job within the first second of its minute, or at the next minute's wake-up.
_PROMPT = timedelta(minutes=1)
_GRACE_FLOOR = timedelta(minutes=10)
_MISSED_AT_MOST = 50


class ScheduleState(StrEnum):
    """The word that stands in a job's row."""

    NEW = "New"
    UP = "Up"
    STARTED = "Started"
    LATE = "Late"
    MISSED = "Missed"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    PAUSED = "Paused"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job's state, the slot it is judged by, and the slots that nothing ran for, newest first."""

    state: ScheduleState
    slot: datetime | None = None
    missed: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class InstalledJob:
    """How a job stands in the schedule; `since` None while it is not known from when on."""

    expression: Expression
    enabled: bool
    since: datetime | None


def job_status(
    installed: InstalledJob,
    runs: Sequence[CronRun],
    running: bool,
    now: datetime,
    zone: ZoneInfo,
    boot: datetime | None,
) -> JobStatus:
    """The state of one job;
    `runs` newest first, `running` whether its lock is held, `boot` for @reboot."""
    newest = runs[0] if runs else None
    unfinished = next((run for run in runs if run.outcome is None), None)
    if running and unfinished:
        return JobStatus(ScheduleState.STARTED, unfinished.slot)
    if not installed.enabled:
        return JobStatus(ScheduleState.PAUSED)
    missed = missed_slots(installed, runs, now, zone, boot)
    if missed:
        over = now.astimezone(UTC) - missed[0].astimezone(UTC) > grace(runs)
        if over or len(missed) > 1:
            return JobStatus(ScheduleState.MISSED, missed[0], missed if over else missed[1:])
        return JobStatus(ScheduleState.LATE, missed[0])
    if newest is None:
        return JobStatus(ScheduleState.NEW)
    ended = {JobOutcome.DONE: ScheduleState.UP, JobOutcome.SKIPPED: ScheduleState.SKIPPED}
    state = (
        ended.get(newest.outcome, ScheduleState.FAILED) if newest.outcome else ScheduleState.FAILED
    )
    return JobStatus(state, newest.slot)


def missed_slots(
    installed: InstalledJob,
    runs: Sequence[CronRun],
    now: datetime,
    zone: ZoneInfo,
    boot: datetime | None,
) -> tuple[datetime, ...]:
    """The slots since the job counts that no run covers, newest first, 50 at most;
    a slot of this very minute is not one."""
    if not installed.enabled or installed.since is None:
        return ()
    covered = max((run.started for run in runs), default=None)
    floor = max(moment for moment in (installed.since, covered) if moment is not None).astimezone(
        UTC
    )
    return tuple(
        takewhile(
            lambda slot: slot.astimezone(UTC) > floor,
            _slots_back(installed.expression, now - _PROMPT, zone, boot),
        )
    )


def _slots_back(
    expression: Expression, until: datetime, zone: ZoneInfo, boot: datetime | None
) -> Iterator[datetime]:
    """The slots up to `until`, newest first; of @reboot the machine's start."""
    if expression.reboot:
        if boot and boot <= until:
            yield boot.astimezone(zone)
        return
    slot = last_slot(expression, until, zone)
    for _ in range(_MISSED_AT_MOST):
        if slot is None:
            return
        yield slot
        slot = last_slot(expression, slot - timedelta(minutes=1), zone)


def grace(runs: Sequence[CronRun]) -> timedelta:
    """How long a slot may go without a run: twice the median duration, ten minutes at least."""
    seconds = [
        run.seconds for run in runs if run.outcome is JobOutcome.DONE and run.seconds is not None
    ]
    return max(_GRACE_FLOOR, timedelta(seconds=2 * median(seconds))) if seconds else _GRACE_FLOOR


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What may explain a missed slot."""

    daemon: Daemon
    line_stands: bool
    program_runs: bool
    program: str
    boot: datetime | None
    lock_holder: str | None


def missed_reason(slot: datetime, seen: Circumstances) -> str:
    """Why nothing ran at `slot`, the surest cause first; in words, with what to do."""
    if not seen.daemon.running:
        return (
            f"no {seen.daemon.name} runs ({seen.daemon.detail}): start it, then `stockml schedule"
            " catch-up`"
        )
    if not seen.line_stands:
        return "its line is gone, or was edited by hand: `stockml schedule install`"
    if not seen.program_runs:
        return (
            f"the program {seen.program} is gone or cannot be run: `stockml schedule install`"
            " writes the new path"
        )
    for began, what in (
        (seen.boot, "the machine was off (it"),
        (seen.daemon.since, f"the {seen.daemon.name} was down (it"),
    ):
        if began and began > slot:
            return (
                f"{what} started {began.astimezone(slot.tzinfo):%Y-%m-%d %H:%M %Z}): `stockml"
                " schedule catch-up`"
            )
    if seen.lock_holder is not None:
        return f"its lock is held by {seen.lock_holder or 'another process'}"
    return (
        f"the machine slept, its clock jumped, or the {seen.daemon.name} could not start it: see"
        " the system log"
    )
