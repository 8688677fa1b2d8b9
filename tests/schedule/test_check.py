"""`schedule check`: the probe's line, its answer, its end, and what is kept of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.errors import RefusedError
from engine.schedule.check import ScheduleCheck
from engine.schedule.check_record import last_check, load_check, save_check
from engine.schedule.probe import answer_probe, remove_probes
from engine.schedule.probe_line import probe_line
from engine.schedule.records import Backend
from tests.schedule.test_scheduler import FOREIGN, PROGRAM, Desk

ENVIRON = {"HOME": "/root", "API_KEY": "secret", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.fake.tab = FOREIGN
    desk.scheduler.home.data.mkdir(parents=True)
    return desk


def check_with(desk: Desk, cron: Callable[[], None]) -> ScheduleCheck:
    """A check whose sleep is a cron that looks at the tab twice a second."""

    def sleep(seconds: float) -> None:
        desk.clock.advance(timedelta(seconds=seconds))
        cron()

    return ScheduleCheck(desk.scheduler, program=PROGRAM, sleep=sleep)


def cron_of(desk: Desk, hours: int) -> Callable[[], None]:
    """Starts the line whose fields match the wall clock of an offset."""

    def tick() -> None:
        now = desk.clock.now()
        wall = now.astimezone(UTC) + timedelta(hours=hours)
        fields = f"{wall.minute} {wall.hour} {wall.day} {wall.month} *"
        for line in (desk.fake.tab or b"").decode().splitlines():
            if line.startswith(fields) and "--probe" in line:
                stamp = line.split("--probe ")[1].split()[0]
                answer_probe(desk.scheduler, datetime.fromisoformat(stamp), ENVIRON)
                return

    return tick


@pytest.mark.parametrize(("hours", "zone"), [(-5, "America/New_York"), (9, "UTC+09:00")])
def test_the_start_of_the_line_proves_the_zone(desk: Desk, hours: int, zone: str) -> None:
    """In the assumed zone at once, in any other by the lines of the second minute."""
    check = check_with(desk, cron_of(desk, hours))
    outcome = check.run(check.line())
    assert (outcome.zone, outcome.offset_min) == (zone, hours * 60)
    assert outcome.environment == {"API_KEY": "", "HOME": "/root", "PATH": "/usr/bin:/bin"}
    assert desk.fake.tab == FOREIGN and desk.scheduler.zone.key == zone
    assert bool(check.differences(outcome)) is (hours == 9)
    path = desk.scheduler.home.data / "schedule_check.json"
    assert path.stat().st_mode & 0o777 == 0o600 and load_check(desk.scheduler.home) == outcome


def test_without_an_answer_it_says_what_was_looked_at(desk: Desk) -> None:
    """After three minutes; the line is gone, nothing foreign moved, undo knows of nothing."""
    check = check_with(desk, lambda: None)
    outcome = check.run(check.line())
    assert outcome.arrived_at is None
    assert {"cron runs", "account", "spool", "sleep"} <= {
        word
        for text in outcome.looked_at
        for word in ("cron runs", "account", "spool", "sleep")
        if text.startswith(word)
    }
    assert desk.fake.tab == FOREIGN
    assert desk.scheduler.tab_copies.to_undo(desk.scheduler.home) is None


def test_a_line_left_by_a_kill_goes_when_it_has_expired(desk: Desk) -> None:
    """Not before; and by `remove`, or by the probe that comes too late to count."""
    scheduler, now = desk.scheduler, desk.clock.now()
    check = check_with(desk, lambda: None)
    line = check.line()
    check._put((line,))
    assert remove_probes(scheduler, now) == () and b"--probe" in (desk.fake.tab or b"")
    assert scheduler.in_use() is None
    assert remove_probes(scheduler, now + timedelta(minutes=9)) == (line,)
    check._put((line,))
    desk.write(scheduler.remove(scheduler.current()))
    assert desk.fake.tab == FOREIGN
    check._put((line,))
    desk.clock.advance(timedelta(days=365))
    answer_probe(scheduler, line.due, ENVIRON)
    assert desk.fake.tab == FOREIGN and last_check(scheduler.home) is None


def test_a_minute_that_passed_while_asked_is_replaced(desk: Desk) -> None:
    """The line that is written is always ahead of cron."""
    check = check_with(desk, cron_of(desk, -5))
    line = check.line()
    desk.clock.advance(timedelta(minutes=7))
    outcome = check.run(line)
    assert outcome.arrived_at and outcome.due > line.due


def test_a_block_edited_by_hand_is_refused(desk: Desk) -> None:
    """The line would hide the edit."""
    desk.write(desk.install())
    desk.fake.tab = (desk.fake.tab or b"").replace(b"0 2 * * 0", b"1 2 * * 0")
    with pytest.raises(RefusedError, match="edited by hand"):
        check_with(desk, lambda: None).line()


def test_another_machine_or_account_has_no_result(desk: Desk) -> None:
    """A home that was copied says nothing of the scheduler here; nor does a damaged file."""
    check = check_with(desk, cron_of(desk, -5))
    outcome = check.run(check.line())
    home = desk.scheduler.home
    from msgspec.structs import replace

    for other in (replace(outcome, machine="elsewhere"), replace(outcome, uid=os.getuid() + 1)):
        save_check(home, other)
        assert last_check(home) is None
    (home.data / "schedule_check.json").write_text("{")
    assert last_check(home) is None and desk.scheduler.zone.key == "America/New_York"


def test_a_timer_is_shown_as_its_command(desk: Desk) -> None:
    """With the wall time of the stamp, and collected when it ends."""
    check = ScheduleCheck(desk.scheduler, program=PROGRAM, backend=Backend.SYSTEMD)
    line = probe_line(PROGRAM, desk.clock.now(), desk.scheduler.home)
    shown = check.shown(line)
    assert "systemd-run --user --collect" in shown and "--on-calendar=2026-02-01 12:00:00" in shown
