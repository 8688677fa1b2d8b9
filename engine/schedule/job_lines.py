"""The lines of our block, one a job: parsed, checked and built by python-crontab."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from engine.core.errors import UsageError
from engine.core.text import clean, clean_bytes
from engine.schedule.expression import parse
from engine.schedule.fields import ExpressionError
from engine.schedule.jobs import JOBS, parse_command
from engine.schedule.probe_line import ProbeLine, parse_probe


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of ours; `command` without cron's percent escapes."""

    job: str
    expression: str
    command: str
    _: KW_ONLY
    enabled: bool = True


def default_line(job: str) -> JobLine:
    """A job at its default time, without a command yet."""
    return JobLine(job, JOBS[job].expression, "")


def in_order(lines: Iterable[JobLine]) -> tuple[JobLine, ...]:
    """The lines in the order of the table of jobs."""
    order = list(JOBS)
    return tuple(sorted(lines, key=lambda line: order.index(line.job)))


def with_line(lines: tuple[JobLine, ...], line: JobLine) -> tuple[JobLine, ...]:
    """The lines with this job's line replaced or added, in order."""
    return in_order([*(other for other in lines if other.job != line.job), line])


def render_lines(lines: Iterable[JobLine]) -> bytes:
    """The lines as python-crontab builds them; UsageError where it would change their meaning."""
    return b"".join(_render(line) + b"\n" for line in lines)


def parse_lines(
    body: bytes,
) -> tuple[tuple[JobLine, ...], tuple[ProbeLine, ...], tuple[str, ...]]:
    """Our jobs between the markers, the lines of a check, and the lines that are neither."""
    lines = []
    probes = []
    foreign = []
    for raw in body.split(b"\n"):
        if not raw.strip():
            continue
        if probe := parse_probe(raw):
            probes.append(probe)
            continue
        line = _parse_line(raw)
        if line is None:
            foreign.append(clean_bytes(raw, 200))
        else:
            lines.append(line)
    return tuple(lines), tuple(probes), tuple(foreign)


def _render(line: JobLine) -> bytes:
    cron_item = _package().CronTab(tab="").new(command=line.command)
    cron_item.setall(parse(line.expression, reboot=True).text)
    cron_item.enable(line.enabled)
    raw = os.fsencode(cron_item.render()) if cron_item.is_valid() else b""
    read_back = _parse_line(raw)
    if read_back is None or (read_back.job, read_back.command) != (line.job, line.command):
        raise UsageError(
            f"{line.job}: {clean(line.command, 200)!r} cannot be used in a crontab line",
            "use a path without '#'",
        )
    if _meaning(read_back) != _meaning(line):
        raise UsageError(
            f"{line.job}: {line.expression!r} would become {read_back.expression!r}",
            "write it in another way",
        )
    return raw


def _meaning(line: JobLine) -> tuple[Any, ...]:
    expression = parse(line.expression, reboot=True)
    return line.enabled, expression.wildcard, expression.either_day, replace(expression, text="")


def _parse_line(raw: bytes) -> JobLine | None:
    try:
        cron_items = list(_package().CronTab(tab=os.fsdecode(raw)))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return None
    if len(cron_items) != 1:
        return None
    cron_item = cron_items[0]
    if cron_item.comment or cron_item.stdin:
        return None
    command = parse_command(cron_item.command)
    if command is None or command.job not in JOBS:
        return None
    return JobLine(
        command.job,
        _plain(str(cron_item.slices.render())),
        str(cron_item.command),
        enabled=bool(cron_item.is_enabled()),
    )


def _plain(text: str) -> str:
    """The expression in the form our own code compares; python-crontab sorts lists differently."""
    try:
        return parse(text, reboot=True).text
    except ExpressionError:
        return text  # edited by hand into something our grammar refuses: shown unchanged


def _package() -> Any:
    """python-crontab, kept from rewriting `0 0 * * 0` and from logging its complaints."""
    import crontab

    crontab.SPECIALS_CONVERSION = None
    logging.getLogger("crontab").propagate = False
    logging.getLogger("crontab").addHandler(logging.NullHandler())
    return crontab
