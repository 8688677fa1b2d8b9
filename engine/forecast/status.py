"""The derived status of a symbol, its manifest and forecast, as it is stored; without numpy."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from engine.core.clock import YEARS, iso, parse_iso
from engine.core.doubts import Doubt, doubts_from
from engine.core.errors import FileError
from engine.core.files import write_json
from engine.core.paths import Home
from engine.core.reading import read_json
from engine.core.records import Forecast, ModelInfo
from engine.core.text import clean
from engine.market.last_bar import bars_mtime_ns, newest_close
from engine.market.report_dates import report_key
from engine.settings.schema import Settings

VERSION = 3


class StatusKind(StrEnum):
    """What the model file is."""

    OK = "ok"
    CORRUPT = "corrupt"
    FOREIGN = "foreign"
    """Not written by stockml, or not sealed here and failing its check."""
    NEWER = "newer"
    """Made by a newer stockml."""
    UNREACHABLE = "unreachable"
    """It could not be read at that moment: no verdict, the next look reads it again."""


@dataclass(frozen=True, slots=True)
class StatusKey:
    """What a status was derived from; another key means it is out of date."""

    size: int
    mtime_ns: int
    inode: int
    last_bar: str
    last_close: float | None
    bars_mtime_ns: int = 0
    """Of the file that the bars are read from: an old row may have been corrected."""
    accepted: str = ""
    """The doubts that the settings accept."""
    reports: str = ""
    """Of the files with the report dates."""


NO_KEY = StatusKey(size=0, mtime_ns=0, inode=0, last_bar="", last_close=None)
"""Of a file that is there and cannot be looked at."""


@dataclass(frozen=True, slots=True)
class Status:
    """One symbol's model and forecast, or the words for why there is none."""

    key: StatusKey
    kind: StatusKind
    model: ModelInfo | None = None
    forecast: Forecast | None = None
    problem: str = ""
    doubts: tuple[Doubt, ...] = ()
    """Those about the bars, with or without a forecast."""
    withheld: str = ""
    """The doubts that make a forecast meaningless, so that there is none."""
    source: str = ""
    """Where the bars of the forecast come from."""
    last_generation: int = 0
    """That of the last whole model file, kept when the file is broken later."""
    last_source: str = ""
    recent: str = ""
    """The newest sessions with the model's forecasts, as `engine.core.recent` writes them."""


def current_key(
    home: Home, symbol: str, source: str, settings: Settings | None = None
) -> StatusKey | None:
    """The key a fresh status would have; None without a model file."""
    try:
        stat = home.model(symbol).stat()
    except FileNotFoundError:
        return None
    except OSError:
        # A loop of links, a folder we may not read: reading the file says why, and the other
        # symbols stay on screen.
        return NO_KEY
    bar = newest_close(home, source, symbol) if source else None
    named = settings.market.reports if settings else ""
    return StatusKey(
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        inode=stat.st_ino,
        last_bar=bar[0] if bar else "",
        last_close=bar[1] if bar else None,
        bars_mtime_ns=bars_mtime_ns(home, source, symbol) if source else 0,
        accepted="; ".join(settings.market.accepted) if settings else "",
        reports=report_key(home, named, source, symbol) if source else "",
    )


def read(path: Path) -> Status | None:
    """The status stored at `path`; None when it is absent or unreadable: it can be rebuilt."""
    try:
        tree = read_json(path, dict[str, Any])
        if tree["v"] != VERSION:
            return None
        return _checked(tree)
    except (OSError, FileError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _checked(tree: dict[str, Any]) -> Status:
    """The status in a tree, each field of its type; ValueError, KeyError or TypeError."""
    status = msgspec.convert(tree, Status)  # its errors are ValueErrors
    forecast = status.forecast
    if forecast is not None:
        if not forecast.last_close > 0:
            raise ValueError(f"last_close is {forecast.last_close}")
        forecast = replace(forecast, doubts=doubts_from(tree["forecast"].get("doubts", ())))
    if status.model is not None and parse_iso(tree["model"]["trained_at"]).year not in YEARS:
        raise ValueError(f"trained_at is {status.model.trained_at}")
    return replace(
        status,
        forecast=forecast,
        problem=clean(status.problem, 300),
        doubts=doubts_from(tree.get("doubts", ())),
        withheld=clean(status.withheld, 300),
    )


def same_file(status: Status, key: StatusKey) -> bool:
    """Whether the status was derived from the present file."""
    old = (status.key.size, status.key.mtime_ns, status.key.inode)
    return old == (key.size, key.mtime_ns, key.inode)


def current(status: Status, key: StatusKey, source: str) -> bool:
    """Whether file and bars of `source` are unchanged; a file that is no model has no bars."""
    if status.model is None:
        return same_file(status, key) and status.kind is not StatusKind.UNREACHABLE
    return status.key == key and status.source == source


def usual_source(status: Status | None, configured: str) -> str:
    """The source unless another is named: the model's, or the settings' if of the same kind.

    One read once with `--source` must not stay: simulated bars would be in an unmarked row.
    """
    if status is None or status.model is None:
        return status.source if status else ""
    own = status.model.source
    alike = own.partition(":")[0] == configured.partition(":")[0]
    return status.source if status.source == configured and alike else own


def can_keep(home: Home) -> bool:
    """Whether statuses can be stored in this home: not when it is mounted or opened read-only."""
    folder = home.status("X").parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def write(home: Home, symbol: str, status: Status) -> None:
    """Store `status` if it changed; a full disk only costs the next reader a rebuild."""
    from engine.vault.checked_files import check_field

    if read(home.status(symbol)) == status:
        return
    tree = {"v": VERSION, **asdict(status), **check_field(home, symbol)}
    if status.model is not None:
        tree["model"]["trained_at"] = iso(status.model.trained_at)
    with suppress(OSError):
        write_json(home.status(symbol), tree, name="status")
