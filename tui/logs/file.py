"""A log file of any length: where its lines begin, which of them match, what stands in a few of
them.

Lines are never held: an index of byte offsets is built in a thread (a million lines: about a
second and 8 MB), its end first, and the visible lines are read when they are drawn. The file is
followed by name: one that was rotated (another inode) or truncated (shorter than before) is read
anew.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path

from engine.core.text import clean_bytes

# Bytes of the end that are shown before the whole index stands.
TAIL = 256 * 1024
_BLOCK = 1024 * 1024
# Bytes of one line that are read, and characters that are shown: a line of 90 kB froze other
# viewers.
_LONGEST = 16 * 1024
_SHOWN = 4000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(Z|\+00:00)?")
ERRORS = re.compile(rb"\b(?:error|failed|crit|lost|traceback)\b", re.IGNORECASE)


@dataclass(slots=True)
class Matches:
    """The lines that match, found forward and brought up to date as the file grows."""

    pattern: re.Pattern[bytes]
    inverse: bool = False
    lines: array[int] = field(default_factory=lambda: array("Q"))
    upto: int = 0
    """Lines looked at so far."""

    @classmethod
    def of(cls, text: str) -> Matches:
        """`text` anywhere in the line, whatever its case; `=NAME` a symbol as a word;
        with `!` before, the lines without."""
        wanted = text.removeprefix("!")
        if wanted.startswith("=") and len(wanted) > 1:
            # MP is found neither in SMP nor in MP.B nor in "complete".
            name = re.escape(wanted[1:].encode())
            # The name stands first: a search that begins with letters is six times faster than one
            # with a look back.
            pattern = re.compile(name + rb"(?<![A-Z0-9.-]" + name + rb")(?![A-Z0-9-]|\.[A-Z0-9])")
        else:
            pattern = re.compile(re.escape(wanted.encode()), re.IGNORECASE)
        return cls(pattern, text.startswith("!"))

    def anew(self) -> Matches:
        """The same question with nothing looked at."""
        return Matches(self.pattern, self.inverse)

    def moved(self, by: int) -> Matches:
        """The same answers where `by` lines came before the first."""
        return Matches(
            self.pattern,
            self.inverse,
            array("Q", (line + by for line in self.lines)),
            self.upto + by,
        )

    def has(self, line: int) -> bool:
        at = bisect_left(self.lines, line)
        return at < len(self.lines) and self.lines[at] == line

    def after(self, line: int) -> int | None:
        """The first matching line behind `line`."""
        at = bisect_right(self.lines, line)
        return self.lines[at] if at < len(self.lines) else None

    def before(self, line: int) -> int | None:
        """The last matching line before `line`."""
        at = bisect_left(self.lines, line)
        return self.lines[at - 1] if at else None


class LogFile:
    """One file; `update` and `search` are for the reader's thread, the rest for whoever draws."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """Why there is nothing to show, in words."""
        self.complete = False
        """Whether the index reaches back to the first line."""
        self.turns = 0
        """How often the file was begun anew."""
        self.size = 0
        self._starts = array("Q")
        self._raw_file: FileIO | None = None
        self._key: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Lines known."""
        return len(self._starts)

    @property
    def _fd(self) -> int:
        """The open file's number; -1 before there is one, which every read refuses."""
        return self._raw_file.fileno() if self._raw_file else -1

    def update(self) -> int:
        """Bring the index forward;
        how many lines came before those known so far, when the whole file was read."""
        try:
            found = self.path.stat()
            if self._key != (found.st_dev, found.st_ino) or found.st_size < self.size:
                self._open(found.st_size)
                self._key = (found.st_dev, found.st_ino)
                self.complete = found.st_size <= TAIL
                self._index(
                    0 if self.complete else found.st_size - TAIL,
                    found.st_size,
                    whole_lines=not self.complete,
                )
                return 0
            if not self.complete:
                return self._read_all(found.st_size)
            if found.st_size > self.size:
                self._index(self.size, found.st_size)
        except FileNotFoundError:
            self._forget(f"{self.path.name} does not exist yet: nothing was written to it")
        except OSError as error:
            self._forget(f"cannot read {self.path}: {error.strerror}")
        return 0

    def _forget(self, problem: str) -> None:
        self.problem, self._key, self.size = problem, None, 0
        self._starts = array("Q")

    def _open(self, size: int) -> None:
        self._raw_file = FileIO(
            self.path
        )  # closed with its last user: a drawing may still read the old one
        self.problem, self.size = "" if size else "the file is empty", 0
        self._starts = array("Q")
        self.turns += 1

    def _read_all(self, size: int) -> int:
        """The index from the first line on, put in place of that of the end in one step."""
        known = len(self._starts)
        whole = LogFile(self.path)
        whole._raw_file = self._raw_file
        whole._index(0, size)
        self._starts, self.size, self.complete = whole._starts, size, True
        return max(0, len(whole._starts) - known)

    def _index(self, start: int, end: int, whole_lines: bool = False) -> None:
        """Add where the lines between two offsets begin;
        with `whole_lines` the first, cut one is left out."""
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
        """The local time that a line tells, or the next one that tells any."""
        for at in range(number, min(number + 100, len(self))):
            if found := _STAMP.search(self.line(at)):
                clock = found[2] if len(found[2]) > 5 else f"{found[2]}:00"
                try:
                    read = datetime.fromisoformat(f"{found[1]} {clock}")
                except ValueError:
                    continue
                return (
                    read.replace(tzinfo=UTC).astimezone().replace(tzinfo=None) if found[3] else read
                )
        return None

    def at_time(self, wanted: datetime) -> int:
        """The first line that is not older than the local time `wanted`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = self.moment(middle)
            if found is not None and found < wanted:
                low = middle + 1
            else:
                high = middle
        return min(low, max(0, len(self) - 1))


def read_time(text: str, newest: datetime) -> datetime | None:
    """A moment as people type it, local: `14:30` (the newest one before the log's end), `11-21
    14:30`, a full date."""
    text = text.strip().replace("T", " ")
    for shape in ("%H:%M:%S", "%H:%M"):
        try:
            clock = datetime.strptime(text, shape).time()
        except ValueError:
            continue
        found = datetime.combine(newest.date(), clock)
        return found if found <= newest else found - timedelta(days=1)
    for full in (text, f"{newest.year}-{text}"):
        try:
            return datetime.fromisoformat(full).replace(tzinfo=None)
        except ValueError:
            continue
    return None
