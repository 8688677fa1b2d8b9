"""Bytes on disk that survive a kill: atomic writes, one-write appends, kernel locks."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.core.anchor import make_folder
from engine.core.errors import FaultKind, FileError
from engine.core.failpoints import failpoint
from engine.core.reading import open_regular, read_bytes, unreachable
from engine.core.text import clean

_POLL_S = 0.005


def fsync_dir(folder: Path) -> None:
    """Make the names in `folder` durable (a rename alone was seen lost after a power cut)."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_own(path: Path, flags: int, mode: int = 0o644) -> int:
    """A descriptor to write a regular file of ours; it never follows a link nor waits for a pipe.

    Raises OSError, also with a reason of ours. The caller closes it.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags, mode)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise OSError(error.errno, "it is no file: move it away", str(path)) from error
        raise
    status = os.fstat(fd)
    reason = "" if stat.S_ISREG(status.st_mode) else "it is no file: move it away"
    if not reason and status.st_uid != os.getuid():
        reason = f"it belongs to user id {status.st_uid}, not to you: move it away"
    if reason:
        os.close(fd)
        raise OSError(errno.EPERM, reason, str(path))
    return fd


def temporary_name(path: Path) -> Path:
    """A hidden name beside `path`, never used twice; `clean` removes leftovers by `.tmp-`."""
    return path.with_name(f".tmp-{path.name}-{os.getpid()}-{os.urandom(4).hex()}")


def replace_with(
    path: Path, write: Callable[[Path], None], mode: int = 0o644, name: str = "file"
) -> None:
    """Let `write` fill a temporary file, then rename it to `path`: old or new survives a kill.

    Raises OSError (full disk, no permission); the old file is then untouched, the temporary gone.
    """
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        failpoint(f"{name}.begin")
        write(temporary)
        failpoint(f"{name}.written")
        fd = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fchmod(fd, mode)
            os.fsync(fd)
        finally:
            os.close(fd)
        failpoint(f"{name}.synced")
        os.replace(temporary, path)
        failpoint(f"{name}.renamed")
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    fsync_dir(path.parent)
    failpoint(f"{name}.done")


def write_atomic(path: Path, data: bytes, mode: int = 0o644, name: str = "file") -> None:
    """Replace the content of `path` by `data`, whole or not at all."""

    def write(temporary: Path) -> None:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)

    replace_with(path, write, mode, name)


def create_once(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write `path`, whole and durable, unless it exists: of two processes the first wins."""
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(fd)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_dir(path.parent)


def write_json(path: Path, value: Any, mode: int = 0o644, name: str = "file") -> None:
    """Replace `path` by the JSON text of `value`; a NaN is an error, never written."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode(), mode, name)


def has_bytes(path: Path, data: bytes) -> bool:
    """Whether `path` is a file of exactly `data`."""
    try:
        return read_bytes(path, len(data)) == data
    except (FileNotFoundError, FileError):
        return False


def append_line(path: Path, line: str, mode: int = 0o644) -> None:
    """Append one line by one O_APPEND write, so that lines of several writers never mix.

    Raises OSError, also when only a part fitted: that part is taken back, or the next line would
    stick to it.
    """
    data = (line.replace("\n", " ") + "\n").encode("utf-8", "replace")
    try:
        fd = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)
    except FileNotFoundError:
        make_folder(path.parent)
        fd = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)
    try:
        written = os.write(fd, data)
        if written < len(data):
            end = os.lseek(fd, 0, os.SEEK_CUR)
            if os.fstat(fd).st_size == end:  # nobody wrote after it
                os.ftruncate(fd, end - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(fd)


class FileLock:
    """An exclusive flock held until its holder ends; the file is never unlinked.

    Unlinking on release lets two holders in (seen in filelock 3.20.4 to 3.29.4). The file's text
    names the holder for people only: no code decides by it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        return self._fd is not None

    @classmethod
    def adopt(cls, path: Path, fd: int) -> Self:
        """The lock at `path` that the parent process took and handed over as `fd`."""
        os.set_inheritable(fd, False)
        lock = cls(path)
        lock._fd = fd
        return lock

    def fileno(self) -> int:
        """The open descriptor, to hand the lock over to a child; ValueError when it is not held."""
        if self._fd is None:
            raise ValueError(f"{self.path} is not held")
        return self._fd

    def describe(self, owner: str) -> None:
        """Write who holds it, for people only; a full disk must not cost the lock."""
        with suppress(OSError):
            os.ftruncate(self.fileno(), 0)
            os.pwrite(self.fileno(), owner.encode()[:1000], 0)

    def acquire(self, owner: str = "", wait_s: float = 0.0) -> bool:
        """Take the lock, waiting at most `wait_s`; False when another process still holds it.

        Raises FileError where the lock is no file of ours or its folder cannot be written.
        """
        end = time.monotonic() + wait_s
        while not self._try_acquire(owner):
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL_S)
        return True

    def _try_acquire(self, owner: str) -> bool:
        try:
            make_folder(self.path.parent)
            fd = open_own(self.path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileError(
                str(self.path), reason, FaultKind.UNREACHABLE, "stockml doctor"
            ) from error
        if not _locked_exclusively(fd):
            os.close(fd)
            return False
        self._fd = fd
        self.describe(owner)
        return True

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _locked_exclusively(fd: int) -> bool:
    """Whether `fd` got the exclusive lock; a reader's short shared probe is waited out."""
    # A probe lasts microseconds, or a time slice when its process is put aside in the middle of it.
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            fcntl.flock(fd, fcntl.LOCK_UN)
            time.sleep(0.0002)
    return False


def lock_holder(path: Path) -> str | None:
    """The owner text (maybe empty) of the lock at `path`; None when it is free, absent or no file.

    FileError when it cannot be reached: nobody knows then.
    """
    try:
        fd = open_regular(path)
    except FileNotFoundError:
        return None
    except FileError as error:
        if error.kind is FaultKind.DAMAGED:
            return None  # nobody can hold what is no file; whoever takes it says so
        raise
    try:
        # A shared probe: two probes at once do not see each other as holders.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return os.read(fd, 1000).decode("utf-8", "replace").strip("\0")
    except OSError as error:
        raise unreachable(path, error) from error
    finally:
        os.close(fd)


def lock_text(path: Path) -> str:
    """What the lock at `path` says of its holder, for people; '' where it cannot be read."""
    try:
        fd = open_regular(path)
    except (FileNotFoundError, FileError):
        return ""
    try:
        return clean(os.read(fd, 1000).decode("utf-8", "replace").strip("\0\n "), 1000)
    finally:
        os.close(fd)
