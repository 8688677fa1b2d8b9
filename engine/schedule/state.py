"""The state of a scheduled job: pure functions of its recorded runs and the time.

New      installed, no slot reached yet              Failed   the newest run failed or died silently
Up       the newest slot was run and succeeded       Skipped  the newest run found the lock held
Started  running now                                 Paused   switched off
Late     slot reached, still within the grace        Missed   the grace is over and nothing ran
Unknown  no record of it, or only from a wrong clock

Slots count from when the job was installed, resumed or changed. Any run that starts at or after a
slot covers it: cron catches up for three hours, and a later manual run clears a miss but keeps
its record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from statistics import median
from zoneinfo import ZoneInfo

from engine.core.clock import is_ahead
from engine.schedule.expression import Expression
from engine.schedule.records import CronRun, JobOutcome, JobStatus, ScheduleState
from engine.schedule.slots import last_slot

# cron starts a job within the first second of its minute, or at the next minute's wake-up.
_PROMPT = timedelta(minutes=1)
_GRACE_FLOOR = timedelta(minutes=10)
_MISSED_AT_MOST = 50


# A run without an outcome died silently: it failed too.
_ENDED: dict[JobOutcome | None, ScheduleState] = {
    JobOutcome.DONE: ScheduleState.UP,
    JobOutcome.SKIPPED: ScheduleState.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class InstalledJob:
    """A job in the schedule; `since` None if its start is unknown."""

    expression: Expression
    _: KW_ONLY
    enabled: bool
    since: datetime | None


def job_status(
    installed: InstalledJob,
    runs: Sequence[CronRun],
    *,
    running: bool,
    now: datetime,
    zone: ZoneInfo,
    boot: datetime | None,
) -> JobStatus:
    """The state of a job; `runs` newest first, `running`: lock held, `boot`: slot of @reboot."""
    past = [run for run in runs if not is_ahead(run.started, now)]
    newest = past[0] if past else None
    unfinished = next((run for run in runs if run.outcome is None), None)
    if running and unfinished:
        return JobStatus(ScheduleState.STARTED, unfinished.slot)
    if not installed.enabled:
        return JobStatus(ScheduleState.PAUSED)
    missed = missed_slots(installed, runs, now, zone, boot)
    dated_ahead = bool(runs) and runs[0] not in past
    unrecorded = installed.since is None or is_ahead(installed.since, now)
    if dated_ahead or (unrecorded and not past):
        return JobStatus(ScheduleState.UNKNOWN, missed=missed)
    if missed:
        over = now.astimezone(UTC) - missed[0].astimezone(UTC) > grace(runs)
        if over or len(missed) > 1:
            return JobStatus(ScheduleState.MISSED, missed[0], missed if over else missed[1:])
        return JobStatus(ScheduleState.LATE, missed[0])
    if newest is None:
        return JobStatus(ScheduleState.NEW)
    return JobStatus(_ENDED.get(newest.outcome, ScheduleState.FAILED), newest.slot)


def missed_slots(
    installed: InstalledJob,
    runs: Sequence[CronRun],
    now: datetime,
    zone: ZoneInfo,
    boot: datetime | None,
) -> tuple[datetime, ...]:
    """The slots that no run covers, newest first, at most 50, without the current minute."""
    if not installed.enabled:
        return ()
    since = () if installed.since is None else (installed.since,)
    starts = [*since, *(run.started for run in runs)]
    # One ahead of now was written by a wrong clock: it must not cover the slots until then.
    past = [start for start in starts if not is_ahead(start, now)]
    if not past:
        return ()
    floor = max(past).astimezone(UTC)
    slots = _slots_back(installed.expression, now - _PROMPT, zone, boot)
    return tuple(takewhile(lambda slot: slot.astimezone(UTC) > floor, slots))


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
    durations = [
        run.seconds for run in runs if run.outcome is JobOutcome.DONE and run.seconds is not None
    ]
    if not durations:
        return _GRACE_FLOOR
    return max(_GRACE_FLOOR, timedelta(seconds=2 * median(durations)))
