"""Ages, durations and moments as text, by the rules of the table in `engine.words`."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from engine.core.clock import SKEW
from engine.words.figures import ABSENT, measure

DAY_S = 86_400.0
_HOURS_SHOWN = 100
"""Durations from this many hours on are shown in days."""
_THIS_YEAR = ("%m-%d %H:%M", "%m-%d")
_OTHER_YEAR = ("%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m")
_EARLIEST_DAYS = -SKEW / timedelta(days=1)
"""An age below this is of a moment ahead of now: unknown."""


def age(days: float | None) -> str:
    """An age in at most four characters up to 999 days."""
    if days is None or not math.isfinite(days) or days < _EARLIEST_DAYS:
        return ABSENT
    if days < 1 / 24:
        return f"{max(0, int(days * 1440))}m"
    return f"{int(days * 24)}h" if days < 2 else f"{int(days)}d"


def age_since(when: datetime | None, now: datetime) -> str:
    """The age of what happened at `when`; absent for a moment ahead of `now`."""
    return ABSENT if when is None else age((now - when).total_seconds() / DAY_S)


def duration(seconds: float | None) -> str:
    """A time span; nothing for one that ends before it begins."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ABSENT
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, second = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m {second:02d}s"
    hours, minute = divmod(minutes, 60)
    return f"{hours}h {minute:02d}m" if hours < _HOURS_SHOWN else f"{hours // 24}d"


def latency(seconds: float | None) -> str:
    """A response time."""
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    return measure(seconds, "s") if seconds >= 1 else measure(seconds * 1000, "ms")


def moment(when: datetime | None, *, seconds: bool = False) -> str:
    """A moment with its date, in local time."""
    if when is None:
        return ABSENT
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S}" if seconds else _minute(when)


def _minute(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M}"


def brief_moment(when: datetime | None, now: datetime, width: int = 11) -> str:
    """A moment in at most `width` characters, 7 or more, in local time."""
    if when is None:
        return ABSENT
    local = when.astimezone()
    distance_s = (now - when).total_seconds()
    if 0 <= distance_s < DAY_S:
        return f"{local:%H:%M}"
    this_year = local.year == now.astimezone().year
    texts = [f"{local:{shape}}" for shape in (_THIS_YEAR if this_year else _OTHER_YEAR)]
    return next((text for text in texts if len(text) <= width), texts[-1])


def time_of_day(when: datetime, *, seconds: bool = True) -> str:
    """The local time alone: 11:35:02."""
    return f"{when.astimezone():%H:%M:%S}" if seconds else f"{when.astimezone():%H:%M}"


def slot(when: datetime | None) -> str:
    """A moment of the schedule, in its own zone."""
    return ABSENT if when is None else f"{when:%a %Y-%m-%d %H:%M %Z}"


def brief_slot(when: datetime) -> str:
    """The same without its year: Sun 03-08 03:00 EDT."""
    return f"{when:%a %m-%d %H:%M %Z}"


def slot_time(when: datetime) -> str:
    """The same without its date: Sun 03:00 EDT."""
    return f"{when:%a %H:%M %Z}"
