"""What killed processes leave: temporary files, half-deleted trash, abandoned backtests."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from engine.core.errors import BusyError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.vault.records import Removal
from engine.vault.removal import delete, discard, size_of
from engine.words import figures, times

_TEMPORARY = re.compile(r"\.tmp-.+-\d+-[0-9a-f]{8}(-journal|-wal|-shm)?")
_TRASH = re.compile(r"\.trash-.+-[0-9a-f]{8}")
_BACKTEST = re.compile(r"\.backtest-[0-9a-f]{16}")
BACKTEST_DAYS = 7
"""Days after its last fold for which a broken-off backtest can be resumed."""
GRACE_S = 3600.0
"""A temporary file may be in use for this long; the longest known use takes seconds."""


def plan_leftovers(home: Home, now: datetime, more: Iterable[Path] = ()) -> tuple[Removal, ...]:
    """An action for each leftover under the home and in the folders `more`; OSError."""
    return tuple(_action(path, now) for path in _leftovers(home, more))


def remove_leftover(action: Removal) -> None:
    """Delete a leftover; OSError, or BusyError when its backtest was resumed meanwhile."""
    if not _BACKTEST.fullmatch(action.path.name):
        delete(action.path)
        return
    with FileLock(action.path / "lock") as lock:
        if not lock.acquire("clean"):
            raise BusyError("its backtest is running", "nothing was removed from it")
        discard(action.path, "clean.backtest")


def _leftovers(home: Home, more: Iterable[Path]) -> Iterator[Path]:
    for folder in (home.root, *(other for other in more if other.is_dir())):
        yield from _matches(folder, [child.name for child in folder.iterdir()])
    for top in (home.data, home.logs, home.evaluations):
        for parent, folders, files in os.walk(top, onerror=raise_unless_gone):
            yield from _matches(Path(parent), (*folders, *files))
            folders[:] = [name for name in folders if not name.startswith(".")]


def _matches(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    patterns = (_TEMPORARY, _TRASH, _BACKTEST)
    for name in sorted(names):
        if any(pattern.fullmatch(name) for pattern in patterns):
            yield folder / name


def raise_unless_gone(error: OSError) -> None:
    """For os.walk: a folder that cannot be listed ends the walk, one that is gone does not."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _action(path: Path, now: datetime) -> Removal:
    if _TRASH.fullmatch(path.name):
        reason = "trash of a removal that was cut short"
        return Removal("temporary", path, "remove", reason, size_of(path))
    if _BACKTEST.fullmatch(path.name):
        return _backtest(path, now)
    try:
        age = now.timestamp() - path.lstat().st_mtime
    except FileNotFoundError:
        return Removal("temporary", path, "keep", "gone meanwhile")
    if age < GRACE_S:
        reason = "younger than an hour: its writer may be at work"
        return Removal("temporary", path, "keep", reason, size_of(path))
    reason = f"left by a killed process {times.duration(age)} ago"
    return Removal("temporary", path, "remove", reason, size_of(path))


def _backtest(path: Path, now: datetime) -> Removal:
    """The folds of a broken-off backtest; a running one holds the lock in its folder."""
    if lock_holder(path / "lock") is not None:
        return Removal("temporary", path, "keep", "a backtest is using it")
    try:
        days = (now.timestamp() - path.stat().st_mtime) / 86_400
    except FileNotFoundError:
        return Removal("temporary", path, "keep", "gone meanwhile")
    if days < BACKTEST_DAYS:
        reason = (
            f"a backtest broken off {max(days, 0):.0f} of {BACKTEST_DAYS} days ago: the same"
            " command resumes it"
        )
        return Removal("temporary", path, "keep", reason, size_of(path))
    reason = f"a backtest broken off {figures.number(days, 0)} days ago"
    return Removal("temporary", path, "remove", reason, size_of(path))
