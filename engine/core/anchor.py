"""The home that a process works in, held by its inode: one that went away is not made again.

A home that is renamed, or whose disk is unmounted, in the middle of a run leaves its old name
free; a folder made there would be a second home with no models in it.
"""

from __future__ import annotations

import errno
from pathlib import Path

GONE = "the home was renamed or unmounted meanwhile: start again where it is now"
_HELD: dict[str, tuple[int, int]] = {}
"""Device and inode of each home by its path."""


def hold_home(root: Path) -> None:
    """Remember which folder `root` is now. Raises OSError where there is none."""
    status = root.stat()
    _HELD[str(root)] = (status.st_dev, status.st_ino)


def is_gone(root: Path) -> bool:
    """Whether the home at `root` is no longer the folder that this process works in."""
    return str(root) in _HELD and _HELD[str(root)] != _identity(root)


def check_held(path: Path) -> None:
    """OSError when `path` lies in a home that is no longer the folder that it was."""
    for folder in (path, *path.parents):
        if str(folder) in _HELD:
            if is_gone(folder):
                raise OSError(errno.ESTALE, GONE, str(folder))
            return


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, but no home that went away. Raises OSError."""
    check_held(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
