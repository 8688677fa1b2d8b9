"""What killed processes leave behind: temporary files, half-deleted trash, backtests that nobody
went on with."""

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

_TEMPORARY = re.compile(r"\.tmp-.+-\d+-[0-9a-f]{8}(-journal|-wal|-shm)?")
_TRASH = re.compile(r"\.trash-.+-[0-9a-f]{8}")
_BACKTEST = re.compile(r"\.backtest-[0-9a-f]{16}")
BACKTEST_DAYS = 7
"""Days after its last fold that a backtest broken off may still be gone on with."""
GRACE_S = 3600.0
"""A temporary file may be at work for this long; the longest known use takes seconds."""


def plan_leftovers(home: Home, now: datetime, more: Iterable[Path] = ()) -> tuple[Removal, ...]:
    """An action for each temporary file, piece of trash and unfinished backtest under the home,
    and in the folders `more`.

    Raises OSError when a folder cannot be listed.
    """
    return tuple(_action(path, now) for path in _found(home, more))


def remove_leftover(action: Removal) -> None:
    """Delete what `plan_litter` found;
    OSError when the disk does not let it, BusyError when a backtest goes on meanwhile."""
    if not _BACKTEST.fullmatch(action.path.name):
        delete(action.path)
        return
    with FileLock(action.path / "lock") as lock:
        if not lock.acquire("clean"):
            raise BusyError("the backtest in it goes on", "nothing was removed from it")
        discard(action.path, "clean.backtest")


def _found(home: Home, more: Iterable[Path]) -> Iterator[Path]:
    for folder in (home.root, *(each for each in more if each.is_dir())):
        yield from _matches(folder, [item.name for item in folder.iterdir()])
    for top in (home.data, home.logs, home.evaluations):
        for where, folders, files in os.walk(top, onerror=raise_unless_gone):
            yield from _matches(Path(where), (*folders, *files))
            folders[:] = [name for name in folders if not name.startswith(".")]


def _matches(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    ours = (_TEMPORARY, _TRASH, _BACKTEST)
    return (folder / name for name in sorted(names) if any(each.fullmatch(name) for each in ours))


def raise_unless_gone(error: OSError) -> None:
    """For os.walk: a folder that cannot be listed ends the walk; one that went away does not."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _action(path: Path, now: datetime) -> Removal:
    if _TRASH.fullmatch(path.name):
        return Removal(
            "temporary", path, "remove", "trash of a removal that was cut short", size_of(path)
        )
    if _BACKTEST.fullmatch(path.name):
        return _backtest(path, now)
    try:
        age = now.timestamp() - path.lstat().st_mtime
    except FileNotFoundError:
        return Removal("temporary", path, "keep", "gone meanwhile")
    if age < GRACE_S:
        return Removal(
            "temporary",
            path,
            "keep",
            "younger than an hour: its writer may be at work",
            size_of(path),
        )
    return Removal(
        "temporary",
        path,
        "remove",
        f"left by a killed process {age / 3600:.0f} h ago",
        size_of(path),
    )


def _backtest(path: Path, now: datetime) -> Removal:
    """The folds of a backtest that was broken off; a live one holds the lock in its folder."""
    if lock_holder(path / "lock") is not None:
        return Removal("temporary", path, "keep", "a backtest goes on in it")
    try:
        days = (now.timestamp() - path.stat().st_mtime) / 86_400
    except FileNotFoundError:
        return Removal("temporary", path, "keep", "gone meanwhile")
    if days < BACKTEST_DAYS:
        reason = (
            f"a backtest broken off {max(days, 0):.0f} of {BACKTEST_DAYS} days ago: the same"
            " command goes on with it"
        )
        return Removal("temporary", path, "keep", reason, size_of(path))
    return Removal(
        "temporary", path, "remove", f"a backtest broken off {days:.0f} days ago", size_of(path)
    )
