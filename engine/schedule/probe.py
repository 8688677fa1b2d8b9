"""What the probe of a `schedule check` does: it looks around, keeps that, and takes its line out.

stockml cron-run --probe 2026-12-01T04:12+00:00 --home HOME
"""

from __future__ import annotations

import getpass
import locale
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.core.errors import BusyError, StockmlError
from engine.schedule.block import find_block, with_probes
from engine.schedule.check_record import LOCALTIME, CheckResult, save_check
from engine.schedule.crontab import CrontabMissingError
from engine.schedule.daemon import process_name, process_parent
from engine.schedule.probe_line import LIMIT, ProbeLine
from engine.schedule.records import Backend, ConflictError, Daemon
from engine.schedule.swap import swap
from engine.schedule.systemd import BY_TIMER
from engine.schedule.tab_copies import CHECK
from engine.schedule.variables import CRON_TZ
from engine.schedule.zones import fixed_zone, offset_of, zone_of_text

if TYPE_CHECKING:
    from engine.schedule.scheduler import Scheduler

_SCHEDULERS = ("cron", "crond", "systemd", "busybox", "fcron", "dcron")
# Others may hold secrets: only their names are kept.
_SHOWN = ("HOME", "LOGNAME", "USER", "PATH", "SHELL", "PWD", "TZ", CRON_TZ, "LANG", "LANGUAGE")
_SHOWN_STARTS = ("LC_", "PYTHON", "LD_")
_TRIES = 3


def answer_probe(scheduler: Scheduler, due: datetime, environ: Mapping[str, str]) -> None:
    """Keep what this process sees of its scheduler, then remove the lines of the check."""
    now = scheduler.clock.now()
    if abs(now - due) <= LIMIT:
        try:
            save_check(scheduler.home, observe(scheduler, due, environ))
        except OSError as error:
            raise StockmlError(
                f"the check cannot be kept in {scheduler.home.data}: {error.strerror}"
            ) from error
    with suppress(CrontabMissingError):
        remove_probes(scheduler)


def observe(scheduler: Scheduler, due: datetime, environ: Mapping[str, str]) -> CheckResult:
    """The scheduler as this process sees it; the start at `due` proves the offset of `due`."""
    backend = Backend.SYSTEMD if BY_TIMER in environ else Backend.CRONTAB
    daemon = scheduler.manager() if backend is Backend.SYSTEMD else scheduler.daemon()
    offset = due.utcoffset() or timedelta()
    zone, source = _name(due, offset, environ, daemon, scheduler.host_zone)
    return CheckResult(
        asked_at=due,
        due=due,
        arrived_at=scheduler.clock.now(),
        zone=zone,
        offset_min=round(offset.total_seconds() / 60),
        source=source,
        environment=_shown(environ),
        account=f"{_user()} (uid {os.getuid()})",
        locale=f"{locale.setlocale(locale.LC_CTYPE)}, {locale.getpreferredencoding()}",
        daemon=_starter(os.getppid()) or str(daemon),
        backend=str(backend),
    )


def _name(
    due: datetime,
    offset: timedelta,
    environ: Mapping[str, str],
    daemon: Daemon,
    host: ZoneInfo,
) -> tuple[str, str]:
    """The zone with the observed offset, and where its name comes from."""
    named = (
        (daemon.tz, f"TZ of the {daemon.name}"),
        (None, LOCALTIME),
        (environ.get(CRON_TZ), f"{CRON_TZ} above our block"),
        (environ.get("TZ"), "TZ above our block"),
    )
    for text, source in named:
        zone = host if source == LOCALTIME else zone_of_text(text or "")
        if (text or source == LOCALTIME) and offset_of(zone, due) == offset:
            return zone.key or "", source
    return fixed_zone(offset).key or "", "its start at that minute"


def remove_probes(scheduler: Scheduler, now: datetime | None = None) -> tuple[ProbeLine, ...]:
    """Take the lines of checks out of our block, and return them; with `now` only expired ones.

    Raises what `swap` raises; a tab that changes meanwhile is read again twice.
    """
    for attempt in range(_TRIES):
        tab = scheduler.crontab.read()
        block = find_block(tab, scheduler.home)
        probes = block.probes if block else ()
        kept = tuple(probe for probe in probes if now and not probe.expired(now))
        if len(kept) == len(probes):
            return ()
        try:
            write_probes(scheduler, tab, kept)
            return tuple(probe for probe in probes if probe not in kept)
        except (ConflictError, BusyError):
            if attempt == _TRIES - 1:
                raise
    return ()


def write_probes(scheduler: Scheduler, tab: bytes | None, probes: tuple[ProbeLine, ...]) -> None:
    """Put these lines of a check into our block instead of any others; raises what `swap` does."""
    swap(
        scheduler.crontab,
        scheduler.tab_copies,
        scheduler.home,
        approved=tab,
        after=with_probes(tab, scheduler.home, probes),
        reason=CHECK,
    )


def _starter(pid: int) -> str:
    """The scheduler among our ancestors, empty where none is seen."""
    for ancestor in _ancestors(pid):
        if (name := process_name(ancestor)) in _SCHEDULERS:
            parent = process_parent(ancestor)
            # cron forks a child for each job.
            pid = parent if process_name(parent) == name else ancestor
            return f"{name} (process {pid})"
    return ""


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        pid = process_parent(pid)


def _shown(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value if name in _SHOWN or name.startswith(_SHOWN_STARTS) else ""
        for name, value in sorted(environ.items())
    }


def _user() -> str:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return Path.home().name
