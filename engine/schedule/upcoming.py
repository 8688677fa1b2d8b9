"""The next scheduled training, for the planner."""

from __future__ import annotations

from datetime import datetime

from engine.core.clock import FrozenClock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.schedule.expression import parse
from engine.schedule.jobs import JOBS
from engine.schedule.record import read_history
from engine.schedule.scheduler import Scheduler
from engine.schedule.slots import slots_after


def next_auto_train(home: Home, now: datetime) -> datetime | None:
    """The next slot of a training job in the last written schedule, or None."""
    names = tuple(job.name for job in JOBS.values() if job.trains)
    try:
        zone = Scheduler(home, FrozenClock(now)).zone
        changes = read_history(home, names).changes
        slots = [
            next(slots_after(parse(change.expression), now, zone), None)
            for change in changes.values()
            if change.expression is not None and change.enabled
        ]
    except StockmlError:
        # An unreadable schedule must not stop a training; `schedule show` reports it.
        return None
    return min((slot for slot in slots if slot is not None), default=None)
