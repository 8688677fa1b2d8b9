"""`schedule check`: one probe through the real scheduler, and what it proves.

at once           the line for the next minute, in the zone that is assumed
20 s after it     no answer: a line for each offset of the world, for one more minute
3 minutes         no answer: what was looked at

However it ends, the lines are taken out; after a kill the probe or the next command does that.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from engine.core.errors import RefusedError
from engine.schedule.block import find_block
from engine.schedule.check_record import CheckResult, last_check, save_check
from engine.schedule.evidence import Evidence
from engine.schedule.probe import remove_probes, write_probes
from engine.schedule.probe_line import (
    LIMIT,
    ProbeLine,
    probe_arguments,
    probe_line,
    world_lines,
)
from engine.schedule.records import Backend
from engine.schedule.scheduler import Scheduler
from engine.schedule.zones import fixed_zone, offset_of
from engine.words import times

# Python may need this long to start on a busy machine.
_PATIENCE = timedelta(seconds=20)
# A line written later than this before its minute may be read by cron too late.
_NOTICE = timedelta(seconds=4)
_POLL_S = 0.5
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ScheduleCheck:
    """One check of one home's scheduler."""

    scheduler: Scheduler
    _: KW_ONLY
    program: Path
    backend: Backend = Backend.CRONTAB
    sleep: Callable[[float], None] = time.sleep

    def line(self) -> ProbeLine:
        """The line for the next minute, in the zone that is assumed.

        RefusedError where our block was edited by hand, UsageError where cron cannot carry it.
        """
        if self.backend is Backend.CRONTAB:
            block = find_block(self.scheduler.crontab.read(), self.scheduler.home)
            if block and block.hand_edit:
                raise RefusedError(block.hand_edit, "`stockml schedule install` says what to do")
        return self._line(self.scheduler.zone)

    def shown(self, line: ProbeLine) -> str:
        """What will be written, or run, as one line for people."""
        return shlex.join(self._timer_words(line)) if self._by_timer else str(line)

    def run(self, line: ProbeLine) -> CheckResult:
        """Write the line, or one for a later minute if its own has passed; wait; take it out."""
        scheduler = self.scheduler
        before, assumed, asked = last_check(scheduler.home), scheduler.zone, scheduler.clock.now()
        if line.due - asked < _NOTICE:
            line = self._line(assumed)
        try:
            check = self._wait_for(line, before)
        finally:
            self._take_out()
        if check is None:
            check = CheckResult(
                asked_at=asked,
                due=line.due.astimezone(UTC),
                backend=str(self.backend),
                looked_at=self._looked_at(),
            )
        check = msgspec.structs.replace(check, asked_at=asked, assumed=assumed.key or "")
        with suppress(OSError):  # the answer counts, kept or not
            save_check(scheduler.home, check)
        return check

    def differences(self, check: CheckResult) -> tuple[str, ...]:
        """What the check shows to be otherwise than assumed, a sentence each."""
        if check.arrived_at is None:
            return ()
        host = self.scheduler.host_zone
        minutes = timedelta(minutes=check.offset_min)
        lines = []
        if check.zone != check.assumed:
            lines.append(f"the zone was assumed to be {check.assumed}, and is {check.zone}")
        if offset_of(host, check.due) != minutes:
            lines.append(f"/etc/localtime says {host.key}: the scheduler does not count by it")
        late = (check.arrived_at - check.due).total_seconds()
        if late > _MINUTE.total_seconds():
            lines.append(f"it came {times.duration(late)} after its minute")
        return tuple(lines)

    def _wait_for(self, line: ProbeLine, before: CheckResult | None) -> CheckResult | None:
        end = self.scheduler.clock.monotonic() + LIMIT.total_seconds()
        self._put((line,))
        if self._by_timer:
            return self._answer(before, end)
        if check := self._answer(before, min(end, self._until(line.due + _PATIENCE))):
            return check
        minute = self._line(ZoneInfo("UTC")).due
        self._put(world_lines(self.program, minute, self.scheduler.home))
        return self._answer(before, end)

    def _answer(self, before: CheckResult | None, until: float) -> CheckResult | None:
        """The answer that comes before this moment of the monotonic clock."""
        while True:
            check = last_check(self.scheduler.home)
            if check and check.arrived_at and check != before:
                return check
            if self.scheduler.clock.monotonic() >= until:
                return None
            self.sleep(_POLL_S)

    def _until(self, moment: datetime) -> float:
        clock = self.scheduler.clock
        return clock.monotonic() + (moment - clock.now()).total_seconds()

    def _line(self, zone: ZoneInfo) -> ProbeLine:
        now = self.scheduler.clock.now().astimezone(UTC)
        minute = now.replace(second=0, microsecond=0) + _MINUTE
        if minute - now < _NOTICE:
            minute += _MINUTE
        # A zone with a fixed offset: the stamp keeps the offset of this very minute.
        local = minute.astimezone(fixed_zone(offset_of(zone, minute)))
        return probe_line(self.program, local, self.scheduler.home)

    def _put(self, lines: tuple[ProbeLine, ...]) -> None:
        if self._by_timer:
            self.scheduler.systemd.start_check(self._timer_words(lines[0]))
        else:
            write_probes(self.scheduler, self.scheduler.crontab.read(), lines)

    def _take_out(self) -> None:
        if self._by_timer:
            self.scheduler.systemd.stop_check()
        else:
            remove_probes(self.scheduler)

    @property
    def _by_timer(self) -> bool:
        return self.backend is Backend.SYSTEMD

    def _timer_words(self, line: ProbeLine) -> tuple[str, ...]:
        words = probe_arguments(self.program, line.due, self.scheduler.home)
        return self.scheduler.systemd.check_words(line.due, words)

    def _looked_at(self) -> tuple[str, ...]:
        """What was looked at for the cause of no answer, a sentence each."""
        surroundings = self.scheduler.surroundings()
        if self._by_timer:
            return (str(self.scheduler.manager()), *self.scheduler.systemd.advice(has_bus=True))
        variables = surroundings.harmful() or ("no variable above our block can stop it",)
        return (str(surroundings.daemon), *Evidence().looked_at(), *variables)
