"""Time zones as a daemon may be given them: by name, by a path, or as a POSIX text."""

from __future__ import annotations

import io
import struct
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.schedule.slots import host_zone

_LONGEST = 100


def zone_of_text(text: str) -> ZoneInfo:
    """The zone of a TZ variable as the C library reads it: UTC where the text names none."""
    name = text.strip().removeprefix(":")[:_LONGEST]
    if not name:
        return ZoneInfo("UTC")
    if name.startswith("/"):
        return host_zone(Path(name))
    for read in (ZoneInfo, _posix_zone):
        try:
            return read(name)
        except (ZoneInfoNotFoundError, ValueError, OSError, UnicodeError):
            continue
    return ZoneInfo("UTC")


def is_zone(text: str) -> bool:
    """Whether the text names a zone at all; the C library takes any other for UTC."""
    zone = zone_of_text(text)
    return zone.key != "UTC" or text.strip(": ").upper() in ("", "UTC", "UTC0")


def fixed_zone(offset: timedelta) -> ZoneInfo:
    """A zone that always keeps this offset, named as `UTC-05:00`."""
    minutes = round(offset.total_seconds() / 60)
    sign, hours, rest = "-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60
    # POSIX counts hours west of Greenwich.
    west = "" if minutes < 0 else "-"
    text = f"<{sign}{hours:02d}{rest:02d}>{west}{hours}:{rest:02d}"
    return _posix_zone(text, f"UTC{sign}{hours:02d}:{rest:02d}")


def offset_of(zone: ZoneInfo, moment: datetime) -> timedelta:
    """The offset that the zone has at an aware moment."""
    return moment.astimezone(zone).utcoffset() or timedelta()


def _posix_zone(text: str, key: str = "") -> ZoneInfo:
    """The zone of a text such as `EST5EDT,M3.2.0,M11.1.0`, as the footer of an empty TZif file."""
    head = b"TZif2" + bytes(15 + 16) + struct.pack(">2l", 1, 4)
    types = struct.pack(">lbb4s", 0, 0, 0, b"UTC\0")
    file = io.BytesIO((head + types) * 2 + b"\n" + text.encode("ascii") + b"\n")
    return ZoneInfo.from_file(file, key=key or text)
