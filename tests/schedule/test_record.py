"""What cron did, in history.db."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.paths import Home
from engine.schedule.record import LOOKED_AT, begin_run, end_run, read_history, write_changes
from engine.schedule.records import CronRun, JobOutcome, JobTrigger, ScheduleChange, ScheduleHistory

AT = datetime(2026, 2, 1, 7, 0, 1, tzinfo=UTC)


def test_a_run_is_written_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    """Start, end, exit, expected slot, who started it; while it runs it has no end."""
    home = Home(tmp_path)
    number = begin_run(home, "weekly", JobTrigger.CRON, AT.replace(second=0), AT)
    running = CronRun(number, "weekly", JobTrigger.CRON, slot=AT.replace(second=0), started=AT)
    assert read_history(home, ("weekly", "clean")) == ScheduleHistory(
        {"weekly": (running,), "clean": ()}
    )
    end_run(home, number, AT + timedelta(seconds=90), 1, JobOutcome.FAILED, "no bars\x1b[31m")
    (run,) = read_history(home, ("weekly",)).runs["weekly"]
    assert (run.seconds, run.exit_code, run.outcome, run.message) == (
        90.0,
        1,
        JobOutcome.FAILED,
        "no bars",
    )


def test_only_the_newest_runs_are_read_newest_first(tmp_path: Path) -> None:
    """A job of every minute does not make the look slow."""
    home = Home(tmp_path)
    for number in range(LOOKED_AT + 3):
        begin_run(home, "performance", JobTrigger.MANUAL, None, AT + timedelta(minutes=number))
    runs = read_history(home, ("performance",)).runs["performance"]
    assert len(runs) == LOOKED_AT and runs[0].started == AT + timedelta(minutes=LOOKED_AT + 2)


def test_the_newest_change_of_a_job_counts(tmp_path: Path) -> None:
    """Installed, changed, taken out."""
    home = Home(tmp_path)
    write_changes(
        home,
        (
            ScheduleChange(AT, "weekly", expression="0 2 * * 0", enabled=True, backend="crontab"),
            ScheduleChange(AT, "clean", expression="0 3 * * *", enabled=False, backend="crontab"),
        ),
    )
    write_changes(home, ())
    gone = ScheduleChange(
        AT + timedelta(days=1), "weekly", expression=None, enabled=False, backend="crontab"
    )
    write_changes(home, (gone,))
    assert read_history(home, ("weekly", "clean")).changes == {
        "weekly": gone,
        "clean": ScheduleChange(
            AT, "clean", expression="0 3 * * *", enabled=False, backend="crontab"
        ),
    }


def test_reading_creates_no_file(tmp_path: Path) -> None:
    """An empty history is read from nothing."""
    assert read_history(Home(tmp_path), ("weekly",)) == ScheduleHistory()
    assert list(tmp_path.iterdir()) == []
