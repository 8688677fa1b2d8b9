"""The end of a text file that may grow, rotate or be truncated under its reader."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import FileError
from engine.core.reading import open_regular
from engine.core.text import clean_bytes, complete_lines

WINDOW = 512 * 1024
"""Bytes read from the end: some thousand lines, a few milliseconds."""
MAX_WIDTH = 1000
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines, whether older ones were left out, and why there are none."""

    lines: tuple[str, ...] = ()
    cut: bool = False
    problem: str = ""


class FileTail:
    """Opens the file by name each time, so that a rotated one is followed.

    A file that did not change costs a stat.
    """

    def __init__(self, path: Path, window: int = WINDOW, max_lines: int | None = None) -> None:
        self.path = path
        self._window = window
        self._max_lines = max_lines
        self._key: tuple[int, int, int] | None = None
        self._tail = Tail()

    def read(self) -> Tail:
        """The last lines, cleaned; `problem` says why a file could not be read."""
        try:
            fd = open_regular(self.path, links=True)
        except FileNotFoundError:
            self._key = None
            return Tail(problem=f"{self.path.name} does not exist yet: nothing was written to it")
        except FileError as error:
            self._key = None
            return Tail(problem=error.message)
        try:
            status = os.fstat(fd)
            key = (status.st_ino, status.st_size, status.st_mtime_ns)
            if key != self._key:
                start = max(0, status.st_size - self._window)
                self._tail = self._parse(os.pread(fd, self._window, start), cut=start > 0)
                self._key = key
        except OSError as error:
            return Tail(problem=f"cannot read {self.path}: {error.strerror}")
        finally:
            os.close(fd)
        return self._tail

    def _parse(self, window: bytes, *, cut: bool) -> Tail:
        rows = complete_lines(window, cut)
        kept = rows if self._max_lines is None else rows[-self._max_lines :]
        return Tail(
            tuple(clean_bytes(row, MAX_WIDTH) for row in kept), cut or len(kept) < len(rows)
        )
