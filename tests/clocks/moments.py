"""The moments at which the suite must pass, and the tests that cannot run under a moved clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from engine.market.calendar import NEW_YORK, covered_until


@dataclass(frozen=True, slots=True)
class Moment:
    """When a run of the suite starts, and the tests that mean to fail then."""

    name: str
    start: datetime
    left_out: tuple[str, ...] = field(default=())


def _moment(name: str, text: str) -> Moment:
    """A moment in New York, in summer time where an hour comes twice."""
    return Moment(name, datetime.fromisoformat(text).replace(tzinfo=NEW_YORK))


_AFTER_TABLE = datetime.combine(covered_until() + timedelta(days=7), time(12), NEW_YORK)

MOMENTS = (
    _moment("monday", "2026-11-30 10:00"),
    _moment("friday", "2026-12-04 16:10"),
    _moment("half-day", "2026-11-27 12:30"),
    # The clock changes at 02:00, while the suite runs.
    _moment("winter-time", "2027-11-07 01:50"),
    _moment("summer-time", "2027-03-14 01:50"),
    _moment("new-year", "2026-12-31 23:59"),
    _moment("leap-day", "2028-02-29 12:00"),
    Moment(
        "after-table",
        _AFTER_TABLE,
        # It counts the days left in the table.
        ("tests/market/test_calendar.py::test_the_table_reaches_ninety_days_ahead",),
    ),
)

LEFT_OUT: Mapping[str, str] = {
    "tests/acceptance/test_cron_daemon.py": "starts cron",
    "tests/acceptance/test_cron_dst.py": "starts cron and moves its clock",
    "tests/acceptance/test_morning.py": "opens a terminal",
    "tests/acceptance/test_mouse_session.py": "opens a terminal",
    "tests/acceptance/test_multiplexers.py": "opens a terminal",
    "tests/acceptance/test_mutations.py": "reads runs, which the kernel stamps with the real day",
    "tests/acceptance/test_replacement.py": "reads runs, which the kernel stamps with the real day",
    "tests/acceptance/test_rounds.py": "starts supervisors and kills them",
    "tests/acceptance/test_screens.py": "opens a terminal",
    "tests/acceptance/test_session.py": "starts sshd and opens a terminal",
    "tests/acceptance/test_slow_line.py": "starts sshd and opens a terminal",
    "tests/acceptance/test_ssh.py": "starts sshd and opens a terminal",
    "tests/acceptance/test_terminal.py": "opens a terminal",
    "tests/acceptance/test_tmux.py": "opens a terminal",
    "tests/cluster/test_remote.py": "starts a cluster",
    "tests/commands/test_manual.py": "starts man, which refuses a preloaded library",
    "tests/forecast/test_page.py": "starts a browser",
    "tests/runs/test_cancel.py": "stops supervisors, whose files the kernel stamps",
    "tests/runs/test_clock_jump.py": "moves the clock itself",
    "tests/schedule/test_real_crontab.py": "writes the tab of a real user",
    "tests/service/test_crowd.py": "listens on the network",
    "tests/service/test_guard.py": "listens on the network",
    "tests/test_dist.py": "installs an environment, whose Python sleeps by the moved clock",
    "tests/tui/terminal": "opens a terminal",
    "tests/vault/test_concurrent.py": "cleans temporaries, which the kernel stamps",
}
"""What does not run at any moment, by file or folder, and why."""
