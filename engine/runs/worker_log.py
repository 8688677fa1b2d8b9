"""A worker's output on disk, bounded: its first megabyte and its last two to four.

worker-1.log          the head, never overwritten
worker-1.log.older    the tail before
worker-1.log.newest   the tail; at 2 MB it becomes `older`
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.core.errors import FileError
from engine.core.files import open_own
from engine.core.reading import read_end
from engine.core.text import clean_bytes

HEAD = 2**20
RING = 2 * 2**20


class WorkerLog:
    """Writes what a worker prints."""

    def __init__(self, path: Path, head: int = HEAD, ring: int = RING) -> None:
        self.path = path
        self._head = head
        self._ring = ring
        self._in_head = True
        self._file_size = 0
        self.size = 0
        """Bytes taken so far."""
        self.dropped = 0
        """Bytes that are no longer, or never were, on disk."""
        self._fd = self._open(path)

    @staticmethod
    def _open(path: Path) -> int | None:
        try:
            return open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        except OSError:
            return None

    def write(self, data: bytes) -> None:
        """Keep `data`; never raises or blocks (a full disk costs the bytes, not the worker)."""
        while data:
            limit = self._head if self._in_head else self._ring
            room = limit - self._file_size
            self._append(data[:room])
            data = data[room:]
            if self._file_size >= limit:
                self._rotate()

    def _append(self, part: bytes) -> None:
        written = 0
        if self._fd is not None:
            with suppress(OSError):
                written = os.write(self._fd, part)
        self.dropped += len(part) - written
        self._file_size += len(part)
        self.size += len(part)

    def _rotate(self) -> None:
        """Continue in a new tail; the tail before the last is lost."""
        newest, older = tail_paths(self.path)
        self.close()
        if not self._in_head:
            with suppress(OSError):
                self.dropped += older.stat().st_size
            with suppress(OSError):
                newest.replace(older)
        self._in_head = False
        self._file_size = 0
        self._fd = self._open(newest)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def tail_paths(path: Path) -> tuple[Path, Path]:
    """(newest, older) beside the head."""
    return path.with_name(f"{path.name}.newest"), path.with_name(f"{path.name}.older")


def last_lines(path: Path, count: int, window: int = 2**16) -> tuple[str, ...]:
    """The newest `count` lines that a worker printed, cleaned for a terminal."""
    newest, older = tail_paths(path)
    raw = b""
    for file in (newest, older, path):
        raw = _end_of(file, window - len(raw)) + raw
        if len(raw) >= window or raw.count(b"\n") > count:
            break
    return tuple(clean_bytes(line) for line in raw.splitlines()[-count:])


def _end_of(path: Path, window: int) -> bytes:
    try:
        return read_end(path, window)
    except (OSError, FileError):
        return b""
