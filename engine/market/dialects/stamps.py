"""The time of day that a date may have behind it, and the session that such a moment belongs to."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.market import calendar

_ZONE = r"(Z|z|(?:GMT|UTC)?[+-][0-9]{2}:?(?:[0-9]{2})?|[A-Za-z]+(?:/[A-Za-z_]+)*)"
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?\s*(?:([AaPp])\.?[Mm]\b\.?)?"
_TIME = re.compile(rf"(?:\s*[T,-]\s*|\s+){_CLOCK}\s*{_ZONE}?$")
_COMPACT = re.compile(r"^([0-9]{8})(?:T|\s+)([0-9]{2})([0-9]{2})([0-9]{2})?Z?$")
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])([0-9]{2}):?([0-9]{2})?")

_DAY = timedelta(days=1)
LONGEST = 60
"""Characters of a day and its time; a longer text is a sentence."""
Stamp = tuple[time, tzinfo | None]


def split_time(text: str) -> tuple[str, Stamp | None]:
    """The day of a text, and the time behind it if there is one."""
    text = text.strip()
    if len(text) > LONGEST:
        return text, None
    if match := _COMPACT.match(text):
        clock = _clock(match[2], match[3], match[4], "")
        return (match[1], (clock, None)) if clock else (text, None)
    match = _TIME.search(text) if ":" in text else None
    if match is None:
        return text, None
    clock = _clock(match[1], match[2], match[3], match[4])
    return (text[: match.start()], (clock, _zone(match[5] or ""))) if clock else (text, None)


def _clock(hour: str, minute: str, second: str | None, half: str | None) -> time | None:
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    try:
        return time(hours, int(minute), int(second or 0))
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _zone(text: str) -> tzinfo | None:
    """The zone of a text; None for none or one that is not known: its own day is the session."""
    if match := _OFFSET.fullmatch(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset < _DAY else None
    if text.upper() in ("Z", "UTC", "GMT"):
        return timezone.utc  # noqa: UP017 - beside the offsets above
    try:
        return ZoneInfo(text) if text else None
    except (OSError, ValueError, KeyError):  # a folder of zones, a bad name, an unknown one
        return None


def day_of_stamp(day: date, stamp: Stamp) -> date:
    """The session of a moment: its day where it is midnight or has no zone, else New York's."""
    clock, zone = stamp
    if zone is None or clock == time():
        return day
    try:
        return calendar.exchange_day(datetime.combine(day, clock, zone))
    except OverflowError:
        return day
