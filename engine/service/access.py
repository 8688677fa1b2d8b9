"""The access log: one line a request in logs/service/access.log, never more than two files."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.core.anchor import make_folder
from engine.core.clock import iso
from engine.core.files import open_own
from engine.core.text import clean


class AccessLog:
    """Appends each line in one write, follows a rename, and rotates to access.log.1 at `max_bytes`.

    Only the writing thread closes the file: another's close could hit a reused descriptor.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._fd: int | None = None
        self._size = 0
        self._renamed = False

    def write(
        self, now: datetime, client: str, line: str, *, status: int, seconds: float, size: int
    ) -> None:
        """Append one request; a full disk costs the line, never the answer."""
        text = f'{iso(now)} {client} "{clean(line, 200)}" {status} {seconds * 1000:.1f}ms {size}\n'
        with suppress(OSError):
            if self._renamed:
                self.close()
            if self._fd is None:
                self._fd = self._open()
            self._size += os.write(self._fd, text.encode("utf-8", "replace"))
            if self._size > self._max_bytes:
                self.close()
                os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))

    def check_rename(self) -> None:
        """Detect a rename by `clean`; called every second, so that requests need no `stat`."""
        fd = self._fd
        if fd is None:
            return
        try:
            self._renamed = os.fstat(fd).st_ino != self._path.stat().st_ino
        except OSError:
            self._renamed = True

    def close(self) -> None:
        self._renamed = False
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        make_folder(self._path.parent)
        fd = open_own(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._size = os.fstat(fd).st_size
        return fd
