"""Where time comes from, so that a test can move it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from engine.core.errors import UsageError
from engine.core.text import clean

YEARS = range(1900, 2201)
"""Of a stored date: what is earlier or later is no time of ours, and breaks calendars."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MAX_SECONDS = 3650 * 86_400.0
SKEW = timedelta(minutes=5)
"""How far two right clocks may differ; a moment further ahead was written by a wrong one."""


class Clock(Protocol):
    """Wall time for stamps, monotonic seconds for durations."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class FrozenClock:
    """One moment, for a process that works on behalf of an earlier one."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return time.monotonic()


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether `moment` lies so far after `now` that a clock was wrong when it was written."""
    return moment - now > SKEW


def days_since(moment: datetime, now: datetime) -> float | None:
    """Days since `moment`; None, an unknown age, for one that is ahead of `now`."""
    return None if is_ahead(moment, now) else max(0.0, (now - moment) / timedelta(days=1))


def is_within(moment: datetime, now: datetime, span: timedelta) -> bool:
    """Whether `moment` was less than `span` ago; never for one that is ahead of `now`."""
    return not is_ahead(moment, now) and now - moment < span


def parse_duration(text: str) -> timedelta:
    """The span of 6h, 30m, 90s or 2d; UsageError for anything else."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _MAX_SECONDS:
        raise UsageError(
            f"not a span of time up to ten years: {clean(text, 40)!r}", "write it as 30m, 6h or 2d"
        )
    return timedelta(seconds=seconds)


def iso(moment: datetime) -> str:
    """The UTC ISO text of an aware moment, to the millisecond."""
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r}: attach a time zone first")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The UTC moment of an ISO text; ValueError without a zone or out of the calendar's range."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"time out of range: {text!r}") from error
