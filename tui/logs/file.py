"""A log file of any length: an index of its lines, and the text of the visible ones.

A thread indexes byte offsets from the end (a million lines: about a second and 8 MB). A rotated
file (another inode) or a truncated one (shorter than before) is indexed again.
"""

from __future__ import annotations

import os
import re
import weakref
from array import array
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.errors import FileError
from engine.core.reading import open_regular
from engine.core.text import clean_bytes
from tui.logs.matches import Matches

# Bytes of the end that are shown before the whole index stands.
TAIL = 256 * 1024
_BLOCK = 1024 * 1024
# Bytes of one line that are read, and characters that are shown: a line of 90 kB froze other
# viewers.
_LONGEST = 16 * 1024
_SHOWN = 4000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(Z|\+00:00)?")


class OpenFile:
    """A file descriptor, closed with its last user: a drawing may still read a rotated file."""

    def __init__(self, path: Path) -> None:
        self.number = open_regular(path, links=True)
        weakref.finalize(self, os.close, self.number)


class LogFile:
    """One file; the reader's thread calls `update` and `search`, the drawing code the rest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """Why there is nothing to show, in words."""
        self.complete = False
        """Whether the index reaches back to the first line."""
        self.turns = 0
        """How often the file was indexed from scratch."""
        self.size = 0
        self._starts = array("Q")
        self._open_file: OpenFile | None = None
        self._inode: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Lines known."""
        return len(self._starts)

    @property
    def _fd(self) -> int:
        """The open file's number; -1 before there is one, which every read refuses."""
        return self._open_file.number if self._open_file else -1

    def update(self) -> int:
        """Bring the index forward; how many lines were found before those known so far."""
        try:
            status = self.path.stat()
            size, inode = status.st_size, (status.st_dev, status.st_ino)
            if self._inode != inode or size < self.size:
                self._open(size)
                self._inode = inode
                self.complete = size <= TAIL
                start = 0 if self.complete else size - TAIL
                self._index(start, size, whole_lines=not self.complete)
                return 0
            if not self.complete:
                return self._read_all(size)
            if size > self.size:
                self._index(self.size, size)
        except FileNotFoundError:
            self._forget(f"{self.path.name} does not exist yet: nothing was written to it")
        except FileError as error:
            self._forget(error.message)
        except OSError as error:
            self._forget(f"cannot read {self.path}: {error.strerror}")
        return 0

    def _forget(self, problem: str) -> None:
        self.problem, self._inode, self.size = problem, None, 0
        self._starts = array("Q")

    def _open(self, size: int) -> None:
        self._open_file = OpenFile(self.path)
        self.problem, self.size = "" if size else "the file is empty", 0
        self._starts = array("Q")
        self.turns += 1

    def _read_all(self, size: int) -> int:
        """The index from the first line on, put in place of that of the end in one step."""
        known = len(self._starts)
        whole = LogFile(self.path)
        whole._open_file = self._open_file
        whole._index(0, size)
        self._starts, self.size, self.complete = whole._starts, size, True
        return max(0, len(whole._starts) - known)

    def _index(self, start: int, end: int, whole_lines: bool = False) -> None:
        """Add the starts of lines between two offsets; `whole_lines` leaves out a cut first one."""
        starts = self._starts
        fresh = start == 0 or os.pread(self._fd, 1, start - 1) == b"\n"
        if fresh and end > start:
            starts.append(start)
        skip = whole_lines and not fresh
        at = start
        while at < end:
            block = os.pread(self._fd, min(_BLOCK, end - at), at)
            if not block:
                break
            place = block.find(b"\n")
            while place >= 0:
                begin = at + place + 1
                if begin < end:
                    starts.append(begin)
                place = block.find(b"\n", place + 1)
            at += len(block)
        if skip and not starts and end > start:
            starts.append(start)  # one line longer than the window
        self.size = at
        if at:
            self.problem = ""

    def line(self, number: int) -> str:
        """The text of a line, cleaned."""
        return clean_bytes(self._raw(number), _SHOWN)

    def _raw(self, number: int) -> bytes:
        if not 0 <= number < len(self._starts) or self._fd < 0:
            return b""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else self.size
        try:
            return os.pread(self._fd, min(end - start, _LONGEST), start).rstrip(b"\n")
        except OSError:
            return b""

    def search(self, matches: Matches) -> None:
        """Look through the lines that were not looked at yet."""
        starts, count = self._starts, len(self._starts)
        while matches.upto < count and self._fd >= 0:
            first = matches.upto
            last = min(count, max(first + 1, bisect_right(starts, starts[first] + _BLOCK)))
            end = starts[last] if last < count else self.size
            # The last of these lines may be a gigabyte long: two blocks of it are enough.
            raw = os.pread(self._fd, min(end - starts[first], 2 * _BLOCK), starts[first])
            search, inverse = matches.pattern.search, matches.inverse
            rows = raw.split(b"\n")[: last - first]
            matches.lines.extend(
                first + at for at, row in enumerate(rows) if (search(row) is None) is inverse
            )
            matches.upto = last
        # The last line may grow: it is looked at again.
        if count and os.pread(self._fd, 1, self.size - 1) != b"\n":
            matches.upto = count - 1
            if matches.lines and matches.lines[-1] == count - 1:
                matches.lines.pop()
            raw = self._raw(count - 1)
            if (matches.pattern.search(raw) is None) is matches.inverse:
                matches.lines.append(count - 1)

    def moment(self, number: int) -> datetime | None:
        """The local time of a line, or of the next one that has any."""
        for at in range(number, min(number + 100, len(self))):
            if (stamp := _STAMP.search(self.line(at))) is None:
                continue
            day, clock, utc = stamp.groups()
            try:
                moment = datetime.fromisoformat(
                    f"{day} {clock if len(clock) > 5 else clock + ':00'}"
                )
            except ValueError:
                continue
            return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None) if utc else moment
        return None

    def newest_moment(self) -> datetime | None:
        """The local time of the last line that has one, among the last 200."""
        for number in range(len(self) - 1, max(-1, len(self) - 201), -1):
            if moment := self.moment(number):
                return moment
        return None

    def at_time(self, start: datetime) -> int:
        """The first line that is not older than the local time `start`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            moment = self.moment(middle)
            if moment is not None and moment < start:
                low = middle + 1
            else:
                high = middle
        return min(low, max(0, len(self) - 1))


def read_time(text: str, newest: datetime) -> datetime | None:
    """A local moment as people type it: `14:30` before the log's end, `11-21 14:30`, a date."""
    text = text.strip().replace("T", " ")
    for shape in ("%H:%M:%S", "%H:%M"):
        try:
            clock = datetime.strptime(text, shape).time()
        except ValueError:
            continue
        moment = datetime.combine(newest.date(), clock)
        return moment if moment <= newest else moment - timedelta(days=1)
    for full in (text, f"{newest.year}-{text}"):
        try:
            return datetime.fromisoformat(full).replace(tzinfo=None)
        except ValueError:
            continue
    return None
