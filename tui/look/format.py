"""Numbers, times and bars as the console writes them: pure functions of values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core import clock

MISSING = "-"
_FOLDERS = re.compile(r"(?<!\S)/(?:[^\s/]+/)+(?=[^\s/])")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few characters that depend on what the terminal can show."""

    full: str
    empty: str
    up: str
    down: str
    more: str


UNICODE = Glyphs(full="█", empty="░", up="↑", down="↓", more="…")
ASCII = Glyphs(full="#", empty=".", up="^", down="v", more="~")


def number(value: float | None, digits: int, width: int = 0) -> str:
    """`value` with `digits` decimals, fewer where `width` would be passed;
    MISSING without a finite value."""
    if value is None or not math.isfinite(value):
        return MISSING
    for places in range(digits, -1, -1):
        text = f"{value:z.{places}f}"
        if not width or len(text) <= width:
            break
    return text


def chance(value: float | None) -> str:
    """A chance in percent in at most four characters; only certainty reads 100."""
    text = number(value, 1, 4)
    return ">99" if value is not None and value < 100 and text == "100" else text


def signed(value: float | None, digits: int = 2, width: int = 0) -> str:
    """A change with its sign; a zero has none."""
    text = number(value, digits, width - 1 if width else 0)
    return (
        f"+{text}"
        if value is not None and text != MISSING and value > 0 and text.strip("0.")
        else text
    )


def age(days: float | None) -> str:
    """An age in at most four characters, as the commands write it; MISSING without one."""
    return MISSING if days is None or not math.isfinite(days) else clock.age(days)


def duration(seconds: float | None) -> str:
    """A time span in at most five characters."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return MISSING
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s" if minutes < 10 else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}" if hours < 100 else f"{hours // 24}d"


def size(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return MISSING
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"


def moment(value: datetime | None, now: datetime) -> str:
    """A past moment in at most seven characters, local time: the time within a day, else the
    date."""
    if value is None:
        return MISSING
    local = value.astimezone()
    seconds = (now - value).total_seconds()
    if 0 <= seconds < 86_400:
        return f"{local:%H:%M}"
    return f"{local:%m-%d}" if abs(seconds) < 300 * 86_400 else f"{local:%Y-%m}"


def full_moment(value: datetime) -> str:
    """A moment with its date, local time."""
    return f"{value.astimezone():%Y-%m-%d %H:%M}"


def loss(value: float | None) -> str:
    """A loss in at most seven characters."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value != 0 and (abs(value) < 0.001 or abs(value) >= 10_000):
        return f"{value:.1e}"
    return number(value, 4, 6)


def bar(fraction: float, width: int, glyphs: Glyphs) -> str:
    """A bar of `width` cells between brackets; it is full only when the work is done."""
    if width < 1:
        return ""
    share = min(max(fraction if math.isfinite(fraction) else 0.0, 0.0), 1.0)
    cells = width if share >= 1.0 else int(share * width)
    return f"[{glyphs.full * cells}{glyphs.empty * (width - cells)}]"


def file_names(text: str) -> str:
    """A sentence for one line: files by their last name, so that what is wrong with them has
    room."""
    return _FOLDERS.sub("", text)


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Sequence[str], limit: int = 6) -> str:
    """Names on one line; beyond `limit` the rest is counted."""
    head = " ".join(names[:limit])
    return head if len(names) <= limit else f"{head} and {len(names) - limit} more"
