"""The access log: one line a request in logs/service/access.log, never more than two files of `logs.max_mb`."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.core.clock import iso
from engine.core.text import clean


class AccessLog:
    """Appends lines by one write each; writes into the new file when another program renamed the old one."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path, self._max = path, max_bytes
        self._fd: int | None = None
        self._size = 0

    def write(self, now: datetime, client: str, line: str, status: int, seconds: float, size: int) -> None:
        """One request; a disk that refuses it costs the line, never the answer."""
        text = f'{iso(now)} {client} "{clean(line, 200)}" {status} {seconds * 1000:.1f}ms {size}\n'
        data = text.encode("utf-8", "replace")
        with suppress(OSError):
            if self._fd is None:
                self._open()
            if self._fd is not None:
                self._size += os.write(self._fd, data)
            if self._size > self._max:
                self.close()
                os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))

    def look(self) -> None:
        """Follow a rename by `clean`: called every second, so that no request has to ask the disk."""
        if self._fd is None:
            return
        try:
            same = os.fstat(self._fd).st_ino == self._path.stat().st_ino
        except OSError:
            same = False
        if not same:
            self.close()

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = os.fstat(self._fd).st_size
