"""The end of a log file that may grow, rotate or be truncated under the reader."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.core.text import clean_bytes, whole_rows

WINDOW = 512 * 1024
"""Bytes read from the end: some thousand lines, a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines, whether older ones were left out, and why there are none."""

    lines: tuple[str, ...] = ()
    cut: bool = False
    problem: str = ""


class FileTail:
    """Reads by name each time, so that a rotated or truncated file is simply read anew;
    unchanged files cost a stat."""

    def __init__(self, path: Path, window: int = WINDOW) -> None:
        self.path, self._window = path, window
        self._key: tuple[int, int, int] | None = None
        self._tail = Tail()

    def read(self) -> Tail:
        """The last lines, cleaned; a file that cannot be read is said so in words."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._key = None
            return Tail(problem=f"{self.path.name} does not exist yet: nothing was written to it")
        except OSError as error:
            self._key = None
            return Tail(problem=f"cannot read {self.path}: {error.strerror}")
        try:
            found = os.fstat(fd)
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
            if key != self._key:
                self._tail = _parse(
                    os.pread(fd, self._window, max(0, found.st_size - self._window)),
                    found.st_size > self._window,
                )
                self._key = key
        except OSError as error:
            return Tail(problem=f"cannot read {self.path}: {error.strerror}")
        finally:
            os.close(fd)
        return self._tail


def _parse(raw: bytes, cut: bool) -> Tail:
    return Tail(tuple(clean_bytes(row, 1000) for row in whole_rows(raw, cut)), cut)
