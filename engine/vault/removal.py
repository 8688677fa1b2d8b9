"""Removal in two steps: rename away, then delete."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from engine.core.failpoints import failpoint
from engine.core.files import fsync_dir
from engine.vault.backups import SUFFIX

TRASH = ".trash-"


def discard(path: Path, label: str, *, durable: bool = True) -> None:
    """Remove a file or folder: after a kill it is whole, or its name is gone and the rest trash.

    Without `durable` not after a power cut, and thousands go in seconds (a sync took 10 ms). A
    live model file is never removed (RuntimeError). Raises OSError when the disk fails.
    """
    if path.name.endswith(SUFFIX) and not path.name.startswith("."):
        raise RuntimeError(f"{path} may be a live model; clean never removes one")
    trash = path.with_name(f"{TRASH}{path.name}-{secrets.token_hex(4)}")
    failpoint(f"{label}.begin")
    path.rename(trash)
    if durable:
        fsync_dir(path.parent)
    failpoint(f"{label}.trashed")
    delete(trash)
    failpoint(f"{label}.removed")


def delete(path: Path) -> None:
    """Delete a file, or a folder with its contents; links are deleted, never followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files of a folder; what is gone meanwhile counts 0."""
    try:
        if path.is_symlink() or not path.is_dir():
            return path.lstat().st_size
        return sum(size_of(child) for child in path.iterdir())
    except FileNotFoundError:
        return 0
