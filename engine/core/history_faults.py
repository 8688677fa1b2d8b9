"""Faults of history.db in words: any damage is one named problem, the others pass by themselves.

SQLite's own message may hold bytes of a damaged file that are no text, and a damaged row may hold
a moment or a number that is none: whatever fails while the file is read is its damage, unless the
error code says that it is locked, out of reach or out of room.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.core.anchor import make_folder
from engine.core.errors import FaultKind, FileError, StockmlError
from engine.core.files import open_own
from engine.core.reading import unreachable
from engine.core.text import clean

REPAIR = "stockml doctor --repair"
REPAIR_HINT = f"`{REPAIR}` moves it away and restores the newest good copy"
_MODE = "check its owner and mode"
_BUSY = "another process writes it: try again"
_ROOM = "free disk space"
_PASSING = {
    sqlite3.SQLITE_PERM: _MODE,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_NOMEM: "free memory, then try again",
    sqlite3.SQLITE_READONLY: _MODE,
    sqlite3.SQLITE_INTERRUPT: "try again",
    sqlite3.SQLITE_IOERR: "free disk space, and check the disk",
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_CANTOPEN: f"{_MODE}, and how many files may be open (`ulimit -n`)",
    sqlite3.SQLITE_PROTOCOL: _BUSY,
}
"""The next step for each code of a fault that is none of the bytes."""
_NO_RECORD = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
)
"""What a damaged row raises when it is made a record."""


@contextmanager
def named_errors(path: Path, *, rows: bool = False) -> Iterator[None]:
    """What fails inside as a StockmlError that names `path`; FileError for damage.

    With `rows` they are made records inside, and one that cannot be is damage.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _sqlite_fault(path, error) from error
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise damage(path, f"the byte 0x{byte:02x} in it is not UTF-8 text") from error
    except _NO_RECORD as error:
        if not rows:
            raise
        raise damage(path, f"a row of it makes no sense: {error}") from error
    except OSError as error:
        raise StockmlError(f"{path}: {error.strerror}", _next_step(path, error)) from error


def damage(path: Path, reason: str) -> FileError:
    """The verdict that `path` is damaged."""
    return FileError(
        str(path), f"it is damaged: {clean(reason, 200)}", FaultKind.DAMAGED, REPAIR_HINT
    )


def is_there(path: Path) -> bool:
    """Whether the database is there; FileError for what is no file of ours, its journal too."""
    for name in (f"{path.name}-journal", path.name):
        place = path.with_name(name)
        try:
            status = place.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(status.st_mode):
            # SQLite would follow a link, and wait for a pipe.
            raise FileError(str(place), "it is no file", FaultKind.DAMAGED, REPAIR_HINT)
        if status.st_uid != os.getuid():
            reason = f"it belongs to user id {status.st_uid}, not to you"
            raise FileError(
                str(place), reason, FaultKind.UNREACHABLE, f"chown {os.getuid()} {place}"
            )
        if place == path:
            return True
    return False


def make_private(path: Path) -> None:
    """Make the database, empty, where there is none; nobody else may read it.

    It is never opened where it is in use: closing a file drops this process's locks on it.
    """
    if is_there(path):
        if stat.S_IMODE(path.lstat().st_mode) != 0o600:
            path.chmod(0o600)
        return
    make_folder(path.parent)
    try:
        os.close(open_own(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        is_there(path)  # another process made it just now


def _sqlite_fault(path: Path, error: sqlite3.Error) -> StockmlError:
    code = getattr(error, "sqlite_errorcode", None)
    next_step = None if code is None else _PASSING.get(code & 0xFF)
    if next_step is None:
        return damage(path, str(error))
    return StockmlError(f"{path}: {error}", next_step)


def _next_step(path: Path, error: OSError) -> str:
    """The next step after an OSError: room for a full disk, else as for any file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _ROOM
    return unreachable(path, error).hint or _MODE
