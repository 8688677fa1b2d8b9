"""What a console measured of its link to the terminal: written by it, shown by `doctor`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import damaged, read_json


class LinkFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one console; times are UTC, spans in seconds."""

    v: int = 1
    measured_at: datetime
    opened_at: datetime
    pid: int
    terminal: str
    """The terminal's device, such as /dev/pts/3."""
    link: str
    """fast or slow."""
    columns: int
    lines: int
    window_s: float
    """The span that `bytes_per_s` is the mean of; at most a minute."""
    bytes_per_s: float
    most_per_s: int
    """The bytes of the busiest second since it was opened, the first paint left out."""
    bytes_in_all: int
    longest_stall_s: float
    """The longest time its event loop was blocked; 0 without a stall of more than a second."""


def save_link(home: Home, figures: LinkFigures) -> None:
    """Leave the figures for `doctor`; the last console to write wins. Raises OSError."""
    write_atomic(home.link, msgspec.json.encode(figures) + b"\n")


def load_link(home: Home) -> LinkFigures | None:
    """What the last console left, None without it; FileError for a file that is no such one."""
    try:
        figures = read_json(home.link, LinkFigures)
    except FileNotFoundError:
        return None
    if figures.v != 1:
        raise damaged(home.link, f"it has format {figures.v}, made by another stockml")
    return figures
