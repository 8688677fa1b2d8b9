"""What is written into the schedule stands in the record, with the jobs that changed."""

from pathlib import Path

import pytest

from engine.core.audit_log import read_entries
from engine.schedule.records import ConflictError
from tests.schedule.test_scheduler import FOREIGN, Desk


def test_every_write_is_recorded(tmp_path: Path) -> None:
    """install, set, disable and undo leave a line with their jobs;
    a draft without a difference leaves none."""
    desk = Desk(tmp_path)
    scheduler = desk.scheduler
    desk.write(desk.install())
    desk.write(desk.install())
    desk.write(scheduler.set(scheduler.current(), "weekly", "0 4 * * 0"))
    desk.write(scheduler.enable(scheduler.current(), ("clean",), enabled=False))
    desk.write(scheduler.undo())
    written = list(read_entries(scheduler.home))

    assert [(entry.action, entry.outcome, entry.details["reason"]) for entry in written] == [
        ("schedule", "done", reason) for reason in ("install", "set", "disable", "undo")
    ]
    assert [entry.details["jobs"] for entry in written[1:3]] == [
        ["weekly 0 4 * * 0"],
        ["clean 0 3 * * * off"],
    ]


def test_a_conflict_is_recorded_as_it_ended(tmp_path: Path) -> None:
    """A tab that somebody else changed meanwhile is not written, and the record says so."""
    desk = Desk(tmp_path)
    draft = desk.install()
    desk.fake.tab = FOREIGN
    with pytest.raises(ConflictError):
        desk.write(draft)

    assert [entry.outcome for entry in read_entries(desk.scheduler.home)] == ["refused"]
