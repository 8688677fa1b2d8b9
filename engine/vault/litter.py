"""What killed processes leave behind: temporary files and half-deleted trash."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from engine.core.paths import Home
from engine.vault.removal import Action, delete, size_of

_TEMPORARY = re.compile(r"\.tmp-.+-\d+-[0-9a-f]{8}(-journal|-wal|-shm)?")
_TRASH = re.compile(r"\.trash-.+-[0-9a-f]{8}")
GRACE_S = 3600.0
"""A temporary file may be at work for this long; the longest known use takes seconds."""


def plan_litter(home: Home, now: datetime, more: Iterable[Path] = ()) -> tuple[Action, ...]:
    """An action for each temporary file and each piece of trash under the home, and in the folders `more`.

    Raises OSError when a folder cannot be listed.
    """
    return tuple(_action(path, now) for path in _found(home, more))


def remove_litter(action: Action) -> None:
    """Delete what `plan_litter` found; OSError when the disk does not let it."""
    delete(action.path)


def _found(home: Home, more: Iterable[Path]) -> Iterator[Path]:
    for folder in (home.root, *(each for each in more if each.is_dir())):
        yield from _matches(folder, [item.name for item in folder.iterdir()])
    for top in (home.data, home.logs, home.evaluations):
        for where, folders, files in os.walk(top, onerror=stop_at):
            yield from _matches(Path(where), (*folders, *files))
            folders[:] = [name for name in folders if not name.startswith(".")]


def _matches(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    return (folder / name for name in sorted(names) if _TEMPORARY.fullmatch(name) or _TRASH.fullmatch(name))


def stop_at(error: OSError) -> None:
    """For os.walk: a folder that cannot be listed ends the walk; one that went away does not."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _action(path: Path, now: datetime) -> Action:
    if _TRASH.fullmatch(path.name):
        return Action("temporary", path, "remove", "trash of a removal that was cut short", size_of(path))
    try:
        age = now.timestamp() - path.lstat().st_mtime
    except FileNotFoundError:
        return Action("temporary", path, "keep", "gone meanwhile")
    if age < GRACE_S:
        return Action("temporary", path, "keep", "younger than an hour: its writer may be at work", size_of(path))
    return Action("temporary", path, "remove", f"left by a killed process {age / 3600:.0f} h ago", size_of(path))
