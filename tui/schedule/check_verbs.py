"""The check of the scheduler from the screen: the line, the question, the answer."""

from __future__ import annotations

from engine.core.records import Level
from engine.schedule.check import ScheduleCheck
from engine.schedule.check_record import CheckResult
from engine.schedule.probe_line import ProbeLine
from engine.schedule.records import Backend
from tui.dialogs.confirm import Question, confirm
from tui.screens.verbs import Verbs
from tui.widgets.lines import line
from tui.work.messages import Notice


class ScheduleCheckVerbs(Verbs):
    """Starts a probe through whoever starts the jobs; up to three minutes, in a thread."""

    def do_check(self) -> None:
        """Show the line of the probe, and ask."""
        self.shell.ask("probe", self._prepare, self._confirm)

    def _prepare(self) -> tuple[ScheduleCheck, ProbeLine]:
        schedule = self.shell.engine.schedule
        check = schedule.check(schedule.scheduler().in_use() or Backend.CRONTAB)
        return check, check.line()

    def _confirm(self, prepared: tuple[ScheduleCheck, ProbeLine]) -> None:
        check, probe = prepared
        lines = (
            line(f"  {check.shown(probe)}"),
            line("it stands in your schedule until it fires, at most three minutes", "dim"),
        )
        question = Question("Start this probe through the scheduler?", lines, "Start it")
        confirm(self.shell, question, lambda: self._run(check, probe))

    def _run(self, check: ScheduleCheck, probe: ProbeLine) -> None:
        schedule = self.shell.engine.schedule
        self.shell.say(Notice("the probe waits for its minute; the answer is shown here"))
        self.shell.ask(
            "check", lambda: schedule.run_check(check, probe), lambda sent: self._tell(check, sent)
        )

    def _tell(self, check: ScheduleCheck, outcome: CheckResult) -> None:
        if outcome.arrived_at is None:
            looked_at = "; ".join(outcome.looked_at)
            text = "no answer in 3 minutes: the scheduler started nothing"
            self.shell.say(Notice(text, looked_at, level=Level.CRIT))
            return
        differs = "; ".join(check.differences(outcome))
        text = f"the probe came through {outcome.daemon}; zone {outcome.zone} by {outcome.source}"
        level = Level.WARN if differs else Level.OK
        self.shell.say(Notice(text, differs or "all is as assumed", level=level))
