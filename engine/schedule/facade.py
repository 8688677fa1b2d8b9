"""The facade of the schedule: view it, draft changes, start jobs manually."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.audit import AuditOutcome, audited
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.schedule.records import JobTrigger, ScheduleView
    from engine.schedule.scheduler import Scheduler


class ScheduleFacade(Facade):
    """The jobs of the home in the user's crontab or in systemd."""

    def scheduler(self) -> Scheduler:
        """Reads, drafts, writes and undoes; audits every write."""
        from engine.schedule.scheduler import Scheduler

        return Scheduler(self.home, self.clock)

    def view(self) -> ScheduleView:
        """Every job with its state and surroundings; writes nothing."""
        from engine.schedule.view import schedule_view

        return schedule_view(self.scheduler())

    def run(
        self,
        job: str,
        *,
        trigger: JobTrigger,
        slot: datetime | None = None,
        report: Callable[[str], None] | None = None,
    ) -> int:
        """Run a job in this process and record it; its exit code."""
        from engine.schedule.cron_run import run_job

        return run_job(self.home, job, clock=self.clock, trigger=trigger, slot=slot, report=report)

    def service_unit(self) -> str:
        """The unit by which systemd runs the prediction service; empty where it does not."""
        return self.scheduler().systemd.service_unit("serve")

    @audited("serve", lambda verb: {"systemd": verb})
    def control_service(self, verb: str) -> None:
        """Have systemd `start` or `stop` the prediction service."""
        self.scheduler().systemd.control("serve", verb)

    @audited(
        "run-now",
        lambda job: {"job": job},
        lambda pid: {"process": pid},
        outcome=AuditOutcome.STARTED,
    )
    def start_now(self, job: str) -> int:
        """Start a job in the background in cron's bare environment; return its process id."""
        from engine.schedule.start_now import start_now

        return start_now(self.home, job)
