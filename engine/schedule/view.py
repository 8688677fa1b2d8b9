"""The schedule as one record for people; reading it writes nothing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.core.errors import StockmlError
from engine.schedule.block import Block, find_blocks
from engine.schedule.crontab import CrontabMissingError
from engine.schedule.diff import visible
from engine.schedule.explain import Clash, clashes
from engine.schedule.job_lines import JobLine
from engine.schedule.job_reader import JobReader
from engine.schedule.jobs import JOBS
from engine.schedule.records import Backend, ScheduleHistory, ScheduleView
from engine.schedule.scheduler import Scheduler


def schedule_view(scheduler: Scheduler) -> ScheduleView:
    """Read the tab, the units and the history; `problems` lists what could not be read."""
    problems: list[str] = []
    history = ScheduleHistory()
    try:
        history = scheduler.history()
    except StockmlError as error:
        problems.append(str(error))
    tab = _read_tab(scheduler, problems)
    backend, lines = _read_lines(scheduler, tab.blocks, problems)
    surroundings = scheduler.surroundings()
    daemon = surroundings.daemon
    taken_at = scheduler.clock.now()
    counted = surroundings.zone(history, taken_at)
    problems += [*counted.notes, *(surroundings.harmful() if lines else ())]
    by_job = {line.job: line for line in lines}
    jobs = JobReader(
        scheduler=scheduler,
        history=history,
        daemon=daemon,
        now=taken_at,
        zone=counted.zone,
        surroundings=surroundings,
        hidden=tab.unread and backend is None,
    )
    return ScheduleView(
        taken_at=taken_at,
        zone=counted.zone.key or "",
        zone_source=counted.source,
        check=str(surroundings.check or ""),
        backend=backend,
        jobs=tuple(jobs.view(job, by_job.get(job.name)) for job in JOBS.values()),
        clashes=_clashes(lines, taken_at, counted.zone),
        daemon=daemon,
        other_lines=_other_lines(tab, scheduler),
        other_homes=tuple(block.home for block in tab.blocks if block.home != scheduler.home.root),
        problems=tuple(problems),
        unread=tab.unread,
    )


@dataclass(frozen=True, slots=True)
class _Tab:
    """The crontab of the user with every block of ours in it."""

    text: bytes | None = None
    blocks: tuple[Block, ...] = ()
    _: KW_ONLY
    unread: bool = False


def _read_tab(scheduler: Scheduler, problems: list[str]) -> _Tab:
    try:
        text = scheduler.crontab.read()
    except CrontabMissingError as error:
        problems.append(str(error))
        return _Tab()
    except StockmlError as error:
        problems.append(str(error))
        return _Tab(unread=True)
    blocks, faults = find_blocks(text)
    problems += [fault.text for fault in faults]
    return _Tab(text, blocks)


def _read_lines(
    scheduler: Scheduler, blocks: tuple[Block, ...], problems: list[str]
) -> tuple[Backend | None, tuple[JobLine, ...]]:
    ours = (block for block in blocks if block.home == scheduler.home.root and block.holds_jobs)
    block = next(ours, None)
    units: tuple[JobLine, ...] = ()
    try:
        units = scheduler.systemd.read()
    except StockmlError as error:
        problems.append(str(error))
    if block and units:
        problems.append("the jobs are in both the crontab and systemd: each starts twice")
    if block and block.hand_edit:
        problems.append(block.hand_edit)
    if block:
        return Backend.CRONTAB, block.lines
    return (Backend.SYSTEMD, units) if units else (None, ())


def _clashes(lines: tuple[JobLine, ...], now: datetime, zone: ZoneInfo) -> tuple[Clash, ...]:
    try:
        return clashes(lines, now, zone)
    except StockmlError:
        return ()  # a line edited by hand into something cron-like; `problems` names it


def _other_lines(tab: _Tab, scheduler: Scheduler) -> tuple[str, ...]:
    text = tab.text or b""
    for block in tab.blocks:
        if block.home == scheduler.home.root:
            text = text[: block.start] + text[block.end :]
    lines = text.split(b"\n")
    if not text or text.endswith(b"\n"):
        lines.pop()
    return tuple(visible(raw) for raw in lines)
