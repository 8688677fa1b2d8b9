"""The line of a `schedule check` in our block: it carries its own date, and ends by itself.

    12 4 1 12 * /home/op/.venv/bin/stockml cron-run --probe 2026-12-01T04:12+00:00 --home /home/op

The fields are the stamp's wall time: the line fires only where the daemon's clock has the offset
of the stamp at that minute. So its start proves the zone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from engine.core.clock import parse_iso
from engine.core.paths import Home
from engine.schedule.jobs import command_words, quoted_command

PROBE = "--probe"
LIMIT = timedelta(minutes=3)
"""How long a check waits; afterwards its line has expired."""
# A stamp further ahead was written by a wrong clock: such a line would stay for years.
_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One such line, and when it is due; `due` has the offset that the line tries."""

    due: datetime
    raw: bytes

    def expired(self, now: datetime) -> bool:
        """Whether no check waits for it any more."""
        return now - self.due > LIMIT or self.due - now > _AHEAD

    def __str__(self) -> str:
        return os.fsdecode(self.raw)


def probe_arguments(program: Path, due: datetime, home: Home) -> tuple[str, ...]:
    """The command that answers a check."""
    stamp = due.isoformat(timespec="minutes")
    return (str(program), "cron-run", PROBE, stamp, "--home", str(home.root))


def probe_line(program: Path, due: datetime, home: Home) -> ProbeLine:
    """The line for one minute and offset; UsageError where cron cannot carry the command."""
    command = quoted_command(program, probe_arguments(program, due, home), "the check")
    escaped = command.replace("%", "\\%")
    when = f"{due.minute} {due.hour} {due.day} {due.month} *"
    return ProbeLine(due, os.fsencode(f"{when} {escaped}"))


def parse_probe(raw: bytes) -> ProbeLine | None:
    """The line, if it is one of a check; None for any other."""
    if PROBE.encode() not in raw:
        return None
    fields = os.fsdecode(raw).split(None, 5)
    words = command_words(fields[5].replace("\\%", "%")) if len(fields) == 6 else ()
    if len(words) != 6 or (words[1], words[2], words[4]) != ("cron-run", PROBE, "--home"):
        return None
    due = probe_stamp(words[3])
    return None if due is None else ProbeLine(due, raw)


def probe_stamp(text: str) -> datetime | None:
    """The moment of a stamp with its offset kept; None for a text that is none."""
    try:
        parse_iso(text)
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def world_lines(program: Path, minute: datetime, home: Home) -> tuple[ProbeLine, ...]:
    """A line for every offset that a zone on Earth has at this minute: only one of them fires."""
    offsets = {minute.astimezone(ZoneInfo(name)).utcoffset() for name in available_timezones()}
    whole = sorted(each for each in offsets if each is not None and not each.seconds % 60)
    return tuple(probe_line(program, minute.astimezone(timezone(offset)), home) for offset in whole)
