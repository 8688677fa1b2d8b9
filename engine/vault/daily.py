"""Daily copies of what exists once: history.db and stockml.toml, seven of each, verified before
an old one goes."""

from __future__ import annotations

import re
import sqlite3
import time
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from engine.core.errors import StockmlError
from engine.core.files import replace_with
from engine.core.paths import Home
from engine.core.text import clean
from engine.vault.records import Removal
from engine.vault.removal import discard

COPIES_KEPT = 7
_BUSY_S = 5.0


@dataclass(frozen=True, slots=True)
class DailyFile:
    """One file of which daily copies are kept: where it is, the copies' name, how one is made
    and verified."""

    source: Path
    prefix: str
    suffix: str
    copy: Callable[[Path, Path], None]

    def target(self, now: datetime) -> str:
        """The name of the copy of today, by local time."""
        return f"{self.prefix}-{now.astimezone():%Y%m%d}{self.suffix}"


def daily_folder(home: Home) -> Path:
    """Where the daily copies lie."""
    return home.data / "daily"


def daily_files(home: Home) -> tuple[DailyFile, ...]:
    """The files that get daily copies."""
    return (
        DailyFile(home.history, "history", ".db", _copy_database),
        DailyFile(home.settings, "stockml", ".toml", _copy_settings),
    )


def plan_daily(kept: DailyFile, folder: Path, now: datetime) -> tuple[Removal, ...]:
    """Today's copy where it is missing, and an action for each copy there is.

    OSError when they cannot be listed.

    Removals count today's copy, so apply them only after it was made.
    """
    today = kept.target(now)
    pattern = re.compile(rf"{kept.prefix}-\d{{8}}{re.escape(kept.suffix)}")
    names = (
        sorted(
            (path.name for path in folder.iterdir() if pattern.fullmatch(path.name)), reverse=True
        )
        if folder.is_dir()
        else []
    )
    actions = []
    if today not in names and kept.source.exists():
        actions.append(
            Removal(
                "daily",
                folder / today,
                "copy",
                f"no copy of {kept.source.name} today",
                kept.source.stat().st_size,
            )
        )
        names = sorted((*names, today), reverse=True)
    past = [name for name in names if name <= today]
    for name in names:
        path = folder / name
        if name > today:
            actions.append(Removal("daily", path, "keep", "dated in the future"))
        elif path.exists():
            place = past.index(name) + 1
            size = path.stat().st_size
            if place > COPIES_KEPT:
                actions.append(
                    Removal("daily", path, "remove", f"{COPIES_KEPT} newer copies are kept", size)
                )
            else:
                actions.append(
                    Removal("daily", path, "keep", f"{place} of {COPIES_KEPT} daily copies", size)
                )
    return tuple(actions)


def apply_daily(kept: DailyFile, action: Removal) -> None:
    """Make or remove one copy as planned;
    StockmlError when the source is broken or locked, OSError for the disk."""
    if action.verb == "remove":
        discard(action.path, "clean.daily")
    elif action.verb == "copy":
        replace_with(
            action.path,
            lambda temporary: kept.copy(kept.source, temporary),
            mode=0o600,
            name="daily",
        )


def _copy_settings(source: Path, target: Path) -> None:
    raw = source.read_bytes()
    try:
        tomllib.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise StockmlError(
            f"{source} is not valid, so no copy was made: {clean(str(error), 160)}",
            "stockml config check",
        ) from error
    target.write_bytes(raw)
    if target.read_bytes() != raw:
        raise StockmlError(
            f"the copy of {source} does not read back as it was written", "check the disk"
        )


def _copy_database(source: Path, target: Path) -> None:
    """Copy by SQLite's own backup, so that a writer in the middle of something is not copied
    half."""
    end = time.monotonic() + _BUSY_S

    def waited(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > end:
            raise TimeoutError(f"locked by a writer for {_BUSY_S:.0f} s")

    try:
        # rw, not ro: a journal that a killed writer left must be rolled back first.
        with (
            closing(
                sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True, timeout=_BUSY_S)
            ) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy, progress=waited, sleep=0.05)
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except TimeoutError as error:
        raise StockmlError(f"no copy of {source}: {error}", "clean makes it next time") from error
    except sqlite3.Error as error:
        raise StockmlError(
            f"no copy of {source}: {clean(str(error), 160)}",
            f"the last good copies are in {target.parent}",
        ) from error
    if found != "ok":
        raise StockmlError(
            f"{source} is damaged: {clean(str(found), 160)}",
            f"the last good copies are in {target.parent}",
        )
