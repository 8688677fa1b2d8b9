"""The access log: one line a request in logs/service/access.log, never more than two files of
`logs.max_mb`."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.core.clock import iso
from engine.core.text import clean


class AccessLog:
    """Appends lines by one write each.

    Writes into the new file when another program renamed the old one.

    Only the thread that writes closes the file: a descriptor that another one closed may be a
    database's by the next line.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path, self._max = path, max_bytes
        self._fd: int | None = None
        self._size = 0
        self._moved = False

    def write(
        self, now: datetime, client: str, line: str, status: int, seconds: float, size: int
    ) -> None:
        """One request; a disk that refuses it costs the line, never the answer."""
        text = f'{iso(now)} {client} "{clean(line, 200)}" {status} {seconds * 1000:.1f}ms {size}\n'
        data = text.encode("utf-8", "replace")
        with suppress(OSError):
            if self._moved:
                self.close()
            if self._fd is None:
                self._open()
            if self._fd is not None:
                self._size += os.write(self._fd, data)
            if self._size > self._max:
                self.close()
                os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))

    def look(self) -> None:
        """Notice a rename by `clean`, for the next line: called every second, so that no request
        has to ask the disk."""
        fd = self._fd
        if fd is None:
            return
        try:
            self._moved = os.fstat(fd).st_ino != self._path.stat().st_ino
        except OSError:
            self._moved = True

    def close(self) -> None:
        self._moved = False
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = os.fstat(self._fd).st_size
