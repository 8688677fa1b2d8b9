"""Daily copies of history.db and the settings: seven, verified before an old one goes."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from engine.core.errors import FileError, StockmlError
from engine.core.files import has_bytes, replace_with
from engine.core.history_faults import REPAIR_HINT, is_there, named_errors
from engine.core.paths import Home
from engine.core.reading import decoded, parse_toml, read_bytes
from engine.core.text import clean
from engine.settings.symbol_file import MAX_BYTES, listed_symbols
from engine.vault.records import Removal
from engine.vault.removal import discard

COPIES_KEPT = 7
_MAX_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class DailyFile:
    """A file of which daily copies are kept, their name, and how one is made and verified."""

    source: Path
    prefix: str
    suffix: str
    copy: Callable[[Path, Path], None]

    def target(self, now: datetime) -> str:
        """The name of the copy of today, by local time."""
        return f"{self.prefix}-{now.astimezone():%Y%m%d}{self.suffix}"


def daily_folder(home: Home) -> Path:
    """Where the daily copies are."""
    return home.data / "daily"


def daily_files(home: Home) -> tuple[DailyFile, ...]:
    """The files that get daily copies."""
    return (
        DailyFile(home.history, "history", ".db", _copy_database),
        DailyFile(home.settings, "stockml", ".toml", _copy_settings),
        DailyFile(home.symbols, "symbols", ".csv", _copy_symbols),
    )


def copies_of_history(home: Home) -> tuple[Path, ...]:
    """The daily copies of history.db, newest first; OSError when not listable."""
    daily, *_ = daily_files(home)
    folder = daily_folder(home)
    return tuple(folder / name for name in _copies(daily, folder))


def plan_daily(daily: DailyFile, folder: Path, now: datetime) -> tuple[Removal, ...]:
    """Today's copy where it is missing, and an action for each copy; OSError when not listable.

    Removals count today's copy, so apply them only after it was made.
    """
    today = daily.target(now)
    names = _copies(daily, folder)
    plan = []
    if today not in names and daily.source.exists():
        reason = f"no copy of {daily.source.name} today"
        size = daily.source.stat().st_size
        plan.append(Removal("daily", folder / today, "copy", reason, size))
        names = sorted((*names, today), reverse=True)
    past = [name for name in names if name <= today]
    for name in names:
        path = folder / name
        if name > today:
            plan.append(Removal("daily", path, "keep", "dated in the future"))
        elif path.exists():
            plan.append(_ranked(path, past.index(name) + 1))
    return tuple(plan)


def _copies(daily: DailyFile, folder: Path) -> list[str]:
    """The names of the copies in `folder`, newest first."""
    pattern = re.compile(rf"{daily.prefix}-\d{{8}}{re.escape(daily.suffix)}")
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted((path.name for path in paths if pattern.fullmatch(path.name)), reverse=True)


def _ranked(path: Path, rank: int) -> Removal:
    """What becomes of the copy that is `rank`th from the newest."""
    size = path.stat().st_size
    if rank > COPIES_KEPT:
        return Removal("daily", path, "remove", f"{COPIES_KEPT} newer copies are kept", size)
    return Removal("daily", path, "keep", f"{rank} of {COPIES_KEPT} daily copies", size)


def apply_daily(daily: DailyFile, action: Removal) -> None:
    """Make or remove one copy; StockmlError for a broken or locked source, OSError for the disk."""
    if action.verb == "remove":
        discard(action.path, "clean.daily")
    elif action.verb == "copy":
        replace_with(
            action.path,
            lambda temporary: daily.copy(daily.source, temporary),
            mode=0o600,
            name="daily",
        )


def _copy_settings(source: Path, target: Path) -> None:
    raw = read_bytes(source, links=True)
    try:
        parse_toml(decoded(raw, source), source)
    except FileError as error:
        raise StockmlError(
            f"{source} is not valid, so no copy was made: {error.reason}", "stockml config check"
        ) from error
    _write_copy(source, target, raw)


def _copy_symbols(source: Path, target: Path) -> None:
    raw = read_bytes(source, MAX_BYTES, links=True)
    problems = listed_symbols(decoded(raw, source), str(source)).problems
    if problems:
        raise StockmlError(
            f"{source} is not valid, so no copy was made: {problems[0]}", "stockml config check"
        )
    _write_copy(source, target, raw)


def _write_copy(source: Path, target: Path, raw: bytes) -> None:
    target.write_bytes(raw)
    if not has_bytes(target, raw):
        raise StockmlError(
            f"the copy of {source} does not read back as it was written", "check the disk"
        )


def _copy_database(source: Path, target: Path) -> None:
    """Copy by SQLite's own backup, so that a write under way is not copied half."""
    end = time.monotonic() + _MAX_WAIT_S

    def stop_waiting(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > end:
            raise TimeoutError(f"locked by a writer for {_MAX_WAIT_S:.0f} s")

    # rw, not ro: a journal that a killed writer left must be rolled back first.
    uri = f"file:{quote(str(source))}?mode=rw"
    try:
        is_there(source)
        with (
            named_errors(source),
            closing(sqlite3.connect(uri, uri=True, timeout=_MAX_WAIT_S)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy, progress=stop_waiting, sleep=0.05)
            integrity = str(copy.execute("PRAGMA integrity_check").fetchone()[0])
    except TimeoutError as error:
        raise StockmlError(f"no copy of {source}: {error}", "clean makes it next time") from error
    except StockmlError as error:
        raise StockmlError(
            f"no copy of {source}: {clean(error.message, 300)}",
            error.hint or f"the last good copies are in {target.parent}",
        ) from error
    if integrity != "ok":
        raise StockmlError(
            f"{source} is damaged: {clean(integrity, 160)}",
            REPAIR_HINT,
        )
