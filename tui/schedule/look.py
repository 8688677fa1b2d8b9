"""One look at the schedule, for its screen."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.schedule.drafts import CurrentSchedule
from engine.schedule.records import ScheduleView
from tui.ports import SchedulePort


@dataclass(frozen=True, slots=True)
class ScheduleLook:
    """The jobs and the base for changes; without a base, the reason."""

    view: ScheduleView
    base: CurrentSchedule | None
    zone: ZoneInfo
    refused: str = ""
    hint: str = ""


def read_schedule(schedule: SchedulePort) -> ScheduleLook:
    """Read the schedule; a block that may not be changed is reported in the look."""
    scheduler = schedule.scheduler()
    view = schedule.view()
    try:
        base = scheduler.current()
    except StockmlError as error:
        return ScheduleLook(view, None, scheduler.zone, error.message, error.hint)
    return ScheduleLook(view, base, scheduler.zone)
