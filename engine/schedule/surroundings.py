"""What surrounds our jobs: the lines above our block, the daemon, the last check, the runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.schedule.block import Block, find_block
from engine.schedule.check_record import CheckResult, last_check
from engine.schedule.crontab import CronKind, Crontab
from engine.schedule.daemon import find_daemon, process_name
from engine.schedule.daemon_zone import DaemonZone, ZoneClues, cron_runs, daemon_zone, zone_by_runs
from engine.schedule.expression import Expression, parse
from engine.schedule.job_lines import JobLine
from engine.schedule.records import Daemon, ScheduleHistory
from engine.schedule.slots import host_zone
from engine.schedule.variables import CRON_TZ, TabVariable, harmful, variables_above


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The world of the jobs as far as it can be read; `kind` None where systemd starts them."""

    host: ZoneInfo
    daemon: Daemon
    kind: CronKind | None = None
    variables: tuple[TabVariable, ...] = ()
    lines: tuple[JobLine, ...] = ()
    check: CheckResult | None = None

    def zone(self, history: ScheduleHistory, now: datetime) -> DaemonZone:
        """The zone that the scheduler counts in, by every clue, the runs too."""
        known = daemon_zone(
            ZoneClues(
                host=self.host,
                daemon=self.daemon,
                kind=self.kind,
                variables=self.variables,
                check=self.check,
            )
        )
        expressions = _expressions(self.lines)
        since = {
            job: change.at
            for job, change in history.changes.items()
            if job in expressions and change.expression == expressions[job].text
        }
        if self.check and self.check.arrived_at:
            asked = self.check.asked_at
            since = {job: max(at, asked) for job, at in since.items()}
        return zone_by_runs(known, expressions, cron_runs(history.runs.values(), since), now)

    def harmful(self) -> tuple[str, ...]:
        """The variables above our block that can keep our jobs from starting."""
        isolated = all(" -E " in line.command for line in self.lines if line.enabled)
        return harmful(self.variables, self.kind or CronKind.OTHER, isolated=isolated)


def tab_surroundings(
    crontab: Crontab, home: Home, tab: bytes | None, host: ZoneInfo, daemon: Daemon
) -> Surroundings:
    """The surroundings of the block in this tab; a tab that cannot be understood gives none."""
    block: Block | None = None
    kind = CronKind.OTHER
    with suppress(StockmlError):
        kind = crontab.kind()
        block = find_block(tab, home)
    text = tab or b""
    return Surroundings(
        host=host,
        daemon=daemon,
        kind=kind,
        variables=variables_above(text[: block.start] if block else text),
        lines=block.lines if block else (),
        check=last_check(home),
    )


def unit_surroundings(
    home: Home, lines: tuple[JobLine, ...], host: ZoneInfo, manager: Daemon
) -> Surroundings:
    """The surroundings of systemd's timers: the user manager, and the last check of them."""
    return Surroundings(host=host, daemon=manager, lines=lines, check=last_check(home))


def job_zone(home: Home, environ: Mapping[str, str]) -> ZoneInfo:
    """The zone that a job's own scheduler counts in; asks no other program, so that it is quick."""
    daemon = find_daemon()
    # cronie's daemon is named crond; it hands CRON_TZ on to its jobs, as Debian's does.
    named_crond = daemon.pid is not None and process_name(daemon.pid) == "crond"
    cron_tz = environ.get(CRON_TZ)
    clues = ZoneClues(
        host=host_zone(),
        daemon=daemon,
        kind=CronKind.CRONIE if named_crond else CronKind.DEBIAN,
        variables=(TabVariable(CRON_TZ, cron_tz),) if cron_tz else (),
        check=last_check(home),
    )
    return daemon_zone(clues).zone


def _expressions(lines: tuple[JobLine, ...]) -> dict[str, Expression]:
    expressions = {}
    for line in lines:
        with suppress(StockmlError):
            expressions[line.job] = parse(line.expression, reboot=True)
    return expressions
