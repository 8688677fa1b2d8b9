"""Changes of the schedule that are not written."""

from __future__ import annotations

from dataclasses import replace

from engine.schedule.drafts import CurrentSchedule
from engine.schedule.job_lines import JobLine
from engine.schedule.records import Backend
from tui.schedule.edit import ScheduleEdit

WEEKLY = JobLine("weekly", "0 2 * * 0", "stockml auto-train")
BASE = CurrentSchedule(Backend.CRONTAB, b"", lines=(WEEKLY,))


def test_a_change_can_be_taken_back() -> None:
    """Each change is one step, and the last step leads to the schedule it starts from."""
    edit = ScheduleEdit(BASE, BASE.lines)
    changed = edit.to((replace(WEEKLY, enabled=False),))

    assert changed.changed == ("weekly",)
    assert changed.back() == edit
    assert edit.back() == edit


def test_the_same_lines_are_no_change() -> None:
    """A form that is left with the same expression adds no step."""
    edit = ScheduleEdit(BASE, BASE.lines)

    assert edit.to(BASE.lines) is edit


def test_a_job_is_taken_out() -> None:
    """Without its line the job is changed, and has no line."""
    edit = ScheduleEdit(BASE, BASE.lines).without("weekly")

    assert edit.line("weekly") is None
    assert edit.changed == ("weekly",)
