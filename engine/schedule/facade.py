"""The facade of the schedule: how it stands, drafts of a change, jobs started by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.audit import AuditOutcome, audited
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.schedule.scheduler import Scheduler
    from engine.schedule.view import ScheduleView


class ScheduleFacade(Facade):
    """The jobs of the home in the user's crontab or in systemd."""

    def scheduler(self) -> Scheduler:
        """Look, draft, write, undo; what is written is audited there."""
        from engine.schedule.scheduler import Scheduler

        return Scheduler(self.home, self.clock)

    def view(self) -> ScheduleView:
        """Every job with its state and what stands around it; writes nothing."""
        from engine.schedule.view import schedule_view

        return schedule_view(self.scheduler())

    @audited(
        "run-now",
        lambda job: {"job": job},
        lambda pid: {"process": pid},
        outcome=AuditOutcome.STARTED,
    )
    def start_now(self, job: str) -> int:
        """Start a job beside this process with no more than cron would give it; its process id."""
        from engine.schedule.start_now import start_now

        return start_now(self.home, job)
