"""The texts of systemd's user units, one service and one timer a job, written and read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from configparser import ConfigParser, Error
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.core.errors import FileError, StockmlError
from engine.core.paths import Home
from engine.core.reading import read_text
from engine.core.text import clean
from engine.schedule.expression import Expression, parse
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS
from engine.schedule.slots import dst_notes
from engine.schedule.tab_copies import home_digest

_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def unit_stem(home: Home, job: str) -> str:
    """The name of a job's units without the suffix."""
    return f"stockml-{home_digest(home)}-{job}"


def unit_to_enable(home: Home, job: str) -> str:
    """The unit that starts a job: `serve` has no timer, it starts with the user manager."""
    return f"{unit_stem(home, job)}.{'service' if JOBS[job].reboot else 'timer'}"


def unit_files(home: Home, lines: Iterable[JobLine]) -> dict[str, str]:
    """Name and text of every unit of the home."""
    files: dict[str, str] = {}
    for line in lines:
        files |= _units(unit_stem(home, line.job), line)
    return files


def _units(stem: str, line: JobLine) -> dict[str, str]:
    expression = parse(line.expression, reboot=True)
    unit = f"[Unit]\nDescription=stockml {line.job}: {JOBS[line.job].summary}\n\n"
    start = " ".join(_quoted(word) for word in shlex.split(line.command))
    enabled = "yes" if line.enabled else "no"
    facts = f"\n[X-Stockml]\nJob={line.job}\nExpression={expression.text}\nEnabled={enabled}\n"
    # KillMode: a training outlives its starter, a service does not; 75 = lock held, skipped.
    service_type, kill_mode = ("exec", "mixed") if expression.reboot else ("oneshot", "process")
    service = (
        f"{unit}[Service]\nType={service_type}\nExecStart={start}\nKillMode={kill_mode}\n"
        "SuccessExitStatus=75\n"
    )
    if expression.reboot:
        # 60 s: a taken port would fill the record; a retry cannot fix usage, settings or refusals.
        restart = "Restart=on-failure\nRestartSec=60\nRestartPreventExitStatus=2 3 5\n"
        install = f"\n[Install]\nWantedBy=default.target\n{facts}"
        return {f"{stem}.service": service + restart + install}
    times = "".join(f"OnCalendar={text}\n" for text in calendar(expression))
    timer = f"[Timer]\n{times}Persistent=true\nAccuracySec=1min\nUnit={stem}.service\n"
    install = f"\n[Install]\nWantedBy=timers.target\n{facts}"
    return {f"{stem}.service": service, f"{stem}.timer": unit + timer + install}


def calendar(expression: Expression) -> tuple[str, ...]:
    """The OnCalendar texts: two where both day fields are set, as systemd wants both to match."""
    month = _numbers(expression.months, 12)
    day = _numbers(expression.days, 31)
    time = f"{_numbers(expression.hours, 24)}:{_numbers(expression.minutes, 60)}:00"
    week = _week(expression.weekdays)
    if expression.either_day:
        return f"*-{month}-{day} {time}", f"{week}*-{month}-* {time}"
    return (f"{week}*-{month}-{day} {time}",)


def _numbers(values: frozenset[int], size: int) -> str:
    return "*" if len(values) == size else ",".join(f"{number:02d}" for number in sorted(values))


def _week(days: frozenset[int]) -> str:
    """`Mon..Fri `, `Sun,Wed ` or nothing for every day; 0 is Sunday, as in cron."""
    if len(days) == 7:
        return ""
    places = sorted((day - 1) % 7 for day in days)
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{_WEEK[places[0]]}..{_WEEK[places[-1]]} "
    return ",".join(_WEEK[place] for place in places) + " "


def _quoted(word: str) -> str:
    """One word of ExecStart: systemd reads %, $ and backslashes in quotes too."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if re.search(r"[^\w@+=:,./%-]", word) else text


def read_unit(enabled_unit: Path, service: Path) -> JobLine:
    """Read a job from its unit and the service's ExecStart; StockmlError on a damaged file."""
    parser = ConfigParser(
        interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#", ";")
    )
    # The keys of systemd keep their case.
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(read_text(service, links=True))
        start = parser["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$")
        parser.read_string(read_text(enabled_unit, links=True))
        facts = parser["X-Stockml"]
        return JobLine(
            facts["Job"],
            facts["Expression"],
            shlex.join(shlex.split(start)),
            enabled=facts["Enabled"] == "yes",
        )
    except (OSError, FileError, ValueError, KeyError, Error) as error:
        raise StockmlError(
            f"{enabled_unit} is damaged: {clean(str(error), 200)}",
            "`stockml schedule install --systemd --reset` writes it anew",
        ) from error


def gap_warnings(lines: Iterable[JobLine], now: datetime, zone: ZoneInfo) -> list[str]:
    """The first time of each job that systemd leaves out when the clock goes forward."""
    warnings = []
    for line in lines:
        notes = dst_notes(parse(line.expression, reboot=True), now, zone) if line.enabled else ()
        gap = next((note for note in notes if note.change.gap), None)
        if gap:
            warnings.append(
                f"{line.job}: {gap.walls[0]:%Y-%m-%d %H:%M} does not exist and systemd skips it;"
                " choose 04:00"
            )
    return warnings
