"""The zone that the scheduler counts in, by evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.schedule.check_record import LOCALTIME, CheckResult
from engine.schedule.crontab import CronKind
from engine.schedule.daemon_zone import DaemonZone, ZoneClues, daemon_zone, zone_by_runs
from engine.schedule.expression import parse
from engine.schedule.records import CronRun, Daemon, JobTrigger
from engine.schedule.variables import TabVariable

HOST = ZoneInfo("UTC")
NOW = datetime(2026, 12, 3, 13, tzinfo=UTC)
TOKYO = (TabVariable("CRON_TZ", "Asia/Tokyo"),)
CHECK = CheckResult(
    asked_at=NOW,
    due=NOW,
    arrived_at=NOW,
    zone="America/New_York",
    offset_min=-300,
    source="its start at that minute",
    daemon="cron (process 7)",
)


def clues(**more: object) -> ZoneClues:
    parts = {"host": HOST, "daemon": Daemon(True, 7), "kind": CronKind.DEBIAN}
    return ZoneClues(**{**parts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "zone", "says"),
    [
        (clues(), "UTC", LOCALTIME),
        (clues(kind=CronKind.CRONIE, variables=TOKYO), "Asia/Tokyo", "CRON_TZ above our block"),
        (clues(variables=TOKYO), "UTC", "Debian's cron ignores it"),
        (clues(kind=CronKind.OTHER, variables=TOKYO), "UTC", "is not known"),
        (clues(daemon=Daemon(True, 7, tz="America/New_York")), "America/New_York", "process 7"),
        (clues(check=CHECK), "America/New_York", "schedule check of 2026-12-03"),
        (clues(check=CHECK, kind=None), "UTC", LOCALTIME),
        (clues(daemon=Daemon(True, 7, tz=""), check=CHECK), "America/New_York", "schedule check"),
    ],
)
def test_the_surest_clue_decides(given: ZoneClues, zone: str, says: str) -> None:
    """CRON_TZ where the cron counts by it, TZ of the process, a check, then the machine."""
    counted = daemon_zone(given)
    assert counted.zone.key == zone
    assert says in " ".join((counted.source, *counted.notes))


def run(started: datetime, slot: datetime | None = None) -> CronRun:
    return CronRun(1, "clean", JobTrigger.CRON, slot=slot, started=started)


def seen(*runs: CronRun) -> DaemonZone:
    known = DaemonZone(HOST, LOCALTIME)
    return zone_by_runs(known, {"clean": parse("43 12 * * *")}, runs, NOW)


def test_a_run_in_no_slot_shows_another_zone() -> None:
    """43 12 that runs at 17:43:03 is five hours west; at 03:43 nine hours east."""
    west = seen(run(datetime(2026, 12, 2, 17, 43, 3, tzinfo=UTC)))
    assert west.zone.key == "UTC-05:00"
    assert "cron seems to use another zone: clean ran 5h after Wed 2026-12-02 12:43" in west.notes[
        0
    ].replace("5h 00m", "5h")
    east = seen(run(datetime(2026, 12, 2, 3, 43, 3, tzinfo=UTC)))
    assert east.zone.key == "UTC+09:00" and "before" in east.notes[0]


def test_runs_on_time_or_at_any_minute_show_nothing() -> None:
    """A start by hand between two minutes of no zone, a run on time, one from the future."""
    on_time = datetime(2026, 12, 2, 12, 43, 1, tzinfo=UTC)
    assert seen(run(on_time)).zone is HOST
    assert seen(run(datetime(2026, 12, 2, 17, 51, 3, tzinfo=UTC))).zone is HOST
    assert seen(run(NOW + timedelta(days=900))).zone is HOST
    # One late start within cron's three hours may be its catching up, the second is none.
    late = [run(on_time + timedelta(days=-day, hours=1), on_time) for day in (0, 1)]
    assert seen(late[0]).zone is HOST
    assert seen(*late).zone.key == "UTC-01:00"
