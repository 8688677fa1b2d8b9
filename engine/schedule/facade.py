"""The facade of the schedule: view it, draft changes, start jobs manually."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.audit import AuditOutcome, audited
from engine.core.errors import StockmlError
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.schedule.check import ScheduleCheck
    from engine.schedule.check_record import CheckResult
    from engine.schedule.probe_line import ProbeLine
    from engine.schedule.records import Backend, JobTrigger, ScheduleView
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

    def check(self, backend: Backend, program: Path | None = None) -> ScheduleCheck:
        """A check of the scheduler itself, ready to show its line and to run."""
        from engine.schedule.check import ScheduleCheck
        from engine.schedule.jobs import find_program

        return ScheduleCheck(self.scheduler(), program=program or find_program(), backend=backend)

    @audited(
        "schedule-check",
        lambda check, line: {"in": str(check.backend), "due": line.due.isoformat()},
        lambda outcome: {"answer": bool(outcome.arrived_at), "zone": outcome.zone},
    )
    def run_check(self, check: ScheduleCheck, line: ProbeLine) -> CheckResult:
        """Run the check; its lines are taken out however it ends."""
        return check.run(line)

    def answer_check(self, due: datetime) -> None:
        """What the probe of a check does: it keeps what it sees, and takes its line out."""
        from engine.schedule.probe import answer_probe

        answer_probe(self.scheduler(), due, os.environ)

    def sweep(self) -> None:
        """Take an expired line of a check out of the crontab; a fault waits for the next time."""
        from engine.schedule.probe import remove_probes

        scheduler = self.scheduler()
        with suppress(StockmlError):
            remove_probes(scheduler, scheduler.clock.now())

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
