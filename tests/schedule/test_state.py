"""The state of a job from its own history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.schedule.expression import parse
from engine.schedule.records import CronRun, JobOutcome, JobTrigger, ScheduleState
from engine.schedule.state import InstalledJob, grace, job_status, missed_slots

NEW_YORK = ZoneInfo("America/New_York")
SUNDAY = datetime(2026, 2, 8, 7, tzinfo=UTC)  # 02:00 in New York
SINCE = datetime(2026, 2, 1, 12, tzinfo=UTC)
BOOT = datetime(2026, 1, 1, tzinfo=UTC)


def _run(
    at: datetime,
    outcome: JobOutcome | None = JobOutcome.DONE,
    minutes: float = 3,
    trigger: JobTrigger = JobTrigger.CRON,
) -> CronRun:
    ended = None if outcome is None else at + timedelta(minutes=minutes)
    code = {JobOutcome.DONE: 0, JobOutcome.FAILED: 1, JobOutcome.SKIPPED: 75, None: None}[outcome]
    return CronRun(
        1, "weekly", trigger, slot=at, started=at, ended=ended, exit_code=code, outcome=outcome
    )


def _state(
    now: datetime,
    *runs: CronRun,
    running: bool = False,
    enabled: bool = True,
    since: datetime | None = SINCE,
    text: str = "0 2 * * 0",
) -> str:
    installed = InstalledJob(parse(text, reboot=True), enabled=enabled, since=since)
    return str(
        job_status(installed, runs, running=running, now=now, zone=NEW_YORK, boot=BOOT).state
    )


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("expected", "state"),
    [
        ("New", _state(SUNDAY - HOUR)),
        ("New", _state(SUNDAY + timedelta(seconds=30))),
        ("Late", _state(SUNDAY + 5 * MINUTE)),
        ("Missed", _state(SUNDAY + 11 * MINUTE)),
        ("Missed", _state(SUNDAY + 5 * DAY)),
        ("Started", _state(SUNDAY + MINUTE, _run(SUNDAY, None), running=True)),
        ("Failed", _state(SUNDAY + MINUTE, _run(SUNDAY, None), running=False)),
        ("Up", _state(SUNDAY + HOUR, _run(SUNDAY))),
        ("Up", _state(SUNDAY + 6 * DAY, _run(SUNDAY))),
        ("Missed", _state(SUNDAY + 8 * DAY, _run(SUNDAY))),
        ("Failed", _state(SUNDAY + HOUR, _run(SUNDAY, JobOutcome.FAILED))),
        ("Skipped", _state(SUNDAY + HOUR, _run(SUNDAY, JobOutcome.SKIPPED))),
        ("Paused", _state(SUNDAY + HOUR, enabled=False)),
        ("Started", _state(SUNDAY + HOUR, _run(SUNDAY, None), running=True, enabled=False)),
        # A run that came late covers the slot; so does one by hand.
        ("Up", _state(SUNDAY + 3 * HOUR, _run(SUNDAY + 2 * HOUR))),
        ("Up", _state(SUNDAY + 3 * DAY, _run(SUNDAY + 2 * DAY, trigger=JobTrigger.MANUAL))),
        # A slot before the job was installed or resumed does not count.
        ("New", _state(SUNDAY + 3 * DAY, since=SUNDAY + HOUR)),
        # No record of its start, or only runs of a wrong clock: not known, and not well.
        ("Unknown", _state(SUNDAY + 30 * DAY, since=None)),
        ("Unknown", _state(SUNDAY, since=SUNDAY + 400 * DAY)),
        ("Unknown", _state(SUNDAY + HOUR, _run(SUNDAY + 400 * DAY))),
        ("Up", _state(SUNDAY + HOUR, _run(SUNDAY), _run(SUNDAY + 400 * DAY))),
        ("Missed", _state(SUNDAY + 8 * DAY, _run(SUNDAY), since=None)),
        # A skip while an earlier run still goes on.
        (
            "Started",
            _state(
                SUNDAY + HOUR,
                _run(SUNDAY + HOUR, JobOutcome.SKIPPED),
                _run(SUNDAY, None),
                running=True,
            ),
        ),
        # Started by the machine: judged by when it started.
        ("Missed", _state(BOOT + HOUR, text="@reboot", since=BOOT - DAY)),
        ("New", _state(SUNDAY, text="@reboot")),
        ("Started", _state(SUNDAY, _run(BOOT + MINUTE, None), text="@reboot", running=True)),
    ],
)
def test_the_state_of_a_job(expected: str, state: str) -> None:
    """Each of the eight states, from the runs and the time alone."""
    assert state == expected


def test_the_grace_follows_the_jobs_own_duration() -> None:
    """Twice the median of the runs that were done, ten minutes at least."""
    assert grace([]) == 10 * MINUTE
    assert grace([_run(SUNDAY, minutes=2)]) == 10 * MINUTE
    assert (
        grace([_run(SUNDAY, minutes=60), _run(SUNDAY, minutes=30), _run(SUNDAY, minutes=45)])
        == 90 * MINUTE
    )
    assert grace([_run(SUNDAY, JobOutcome.FAILED, minutes=600)]) == 10 * MINUTE
    assert _state(SUNDAY + 8 * DAY, _run(SUNDAY, minutes=60 * 16)) == "Late"


def test_missed_slots_are_counted_newest_first_and_a_miss_before_a_run_is_over() -> None:
    """Three Sundays without a run are three; a later run clears them."""
    installed = InstalledJob(parse("0 2 * * 0"), enabled=True, since=SINCE)
    now = SUNDAY + 15 * DAY
    status = job_status(installed, (), running=False, now=now, zone=NEW_YORK, boot=BOOT)
    assert [slot.astimezone(UTC) for slot in status.missed] == [
        SUNDAY + 14 * DAY,
        SUNDAY + 7 * DAY,
        SUNDAY,
    ]
    assert (
        job_status(
            installed, (_run(now - MINUTE),), running=False, now=now, zone=NEW_YORK, boot=BOOT
        ).state
        is ScheduleState.UP
    )


def test_a_run_ahead_of_now_covers_no_slot() -> None:
    """A run dated 400 days ahead, by a clock that was wrong, does not hide what is missed since."""
    installed = InstalledJob(parse("0 2 * * 0"), enabled=True, since=SINCE)
    now = SUNDAY + 15 * DAY
    ahead = _run(now + 400 * DAY)
    status = job_status(installed, (ahead,), running=False, now=now, zone=NEW_YORK, boot=BOOT)
    assert len(status.missed) == 3
    unknown = InstalledJob(parse("0 2 * * 0"), enabled=True, since=now + 400 * DAY)
    assert not missed_slots(unknown, (ahead,), now, NEW_YORK, BOOT)


def test_a_slot_stays_missed_during_the_grace_of_the_next() -> None:
    """A job every minute that stopped is missed, not late for ever."""
    installed = InstalledJob(parse("* * * * *"), enabled=True, since=SINCE)
    now = SINCE + timedelta(minutes=5, seconds=30)
    assert (
        job_status(
            installed, (_run(SINCE + MINUTE),), running=False, now=now, zone=NEW_YORK, boot=BOOT
        ).state
        is ScheduleState.MISSED
    )


def test_the_slots_of_a_dst_change_are_judged_in_utc() -> None:
    """The Sunday without 02:00 has its slot at 03:00 EDT: half an hour later it is missed, not
    before."""
    spring = datetime(2026, 3, 8, 7, tzinfo=UTC)
    before = _run(spring - 7 * DAY)
    assert _state(spring - MINUTE, before) == "Up"
    assert _state(spring + 30 * MINUTE, before) == "Missed"
