"""The journal of a run: one event a line, one write a line, and a reader that nothing can stop.

A kill or a full disk cuts the last line, a power cut may leave NULs: the reader skips and counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.core.clock import Clock
from engine.core.events import TYPES, Event, decode, encode
from engine.core.failpoints import failpoint
from engine.core.files import open_own
from engine.core.reading import open_regular

_CHUNK = 2**20
# An event takes at most 4 kB; longer lines are not ours and are skipped without being held.
_MAX_LINE = 2**16
_MAX_MISSING = 1_000_000


class EventWriter:
    """Makes the events of one process: numbers them, stamps them and hands each line to `write`."""

    def __init__(self, run: str, src: str, clock: Clock, write: Callable[[bytes], None]) -> None:
        self._run = run
        self._src = src
        self._clock = clock
        self._write = write
        self._seq = 0

    def emit(self, kind: str, symbol: str = "", /, **data: Any) -> Event:
        """Write one event and return it."""
        self._seq += 1
        event = Event(
            seq=self._seq,
            ts=self._clock.now(),
            mono=self._clock.monotonic(),
            run=self._run,
            src=self._src,
            symbol=symbol,
            type=kind,
            data=data,
        )
        self._write(encode(event))
        return event


class Journal:
    """The one writer of an events file; a full disk costs lines (`dropped`), never the run."""

    def __init__(self, path: Path) -> None:
        self._fd = open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        size = os.fstat(self._fd).st_size
        self._torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        self.dropped = 0

    def write(self, line: bytes) -> None:
        """Append one line that ends in a newline."""
        data = b"\n" + line if self._torn else line
        try:
            failpoint("journal.write")
            written = os.write(self._fd, data)
        except OSError:
            self.dropped += 1
            return
        self._torn = written < len(data)
        self.dropped += self._torn

    def sync(self) -> None:
        """Make what was written durable, for the events that matter after a power cut."""
        try:
            os.fsync(self._fd)
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        os.close(self._fd)


@dataclass(slots=True)
class JournalTail:
    """Reads an events file further at each poll."""

    path: Path
    skipped: int = 0
    """Lines that could not be read."""
    missing: int = 0
    """Gaps in the sequence numbers."""
    restarts: int = 0
    """How often the file was replaced or cut; what was read before is void then."""
    _offset: int = 0
    _inode: int = 0
    _rest: bytes = b""
    _overlong: bool = False
    _last_seq: dict[str, int] = field(default_factory=dict)

    def poll(self) -> list[Event]:
        """The events added since the last call; empty when the file is absent."""
        try:
            fd = open_regular(self.path)
        except FileNotFoundError:
            return []
        try:
            self._notice_replacement(os.fstat(fd))
            events: list[Event] = []
            while chunk := os.pread(fd, _CHUNK, self._offset):
                self._offset += len(chunk)
                events += self._split(chunk)
            return events
        finally:
            os.close(fd)

    def _notice_replacement(self, stat: os.stat_result) -> None:
        if self._inode and (stat.st_ino != self._inode or stat.st_size < self._offset):
            self._offset = 0
            self._rest = b""
            self._overlong = False
            self.skipped = self.missing = 0
            self._last_seq.clear()
            self.restarts += 1
        self._inode = stat.st_ino

    def _split(self, chunk: bytes) -> list[Event]:
        *lines, rest = (self._rest + chunk).split(b"\n")
        events = [event for line in lines if (event := self._read(line)) is not None]
        if len(rest) > _MAX_LINE:
            self._overlong = True
            rest = b""
        self._rest = rest
        return events

    def _read(self, line: bytes) -> Event | None:
        overlong = self._overlong or len(line) > _MAX_LINE
        self._overlong = False
        if not line and not overlong:
            return None
        event = None if overlong else decode(line)
        if event is not None:
            self._count_gap(event)
        if event is None or event.type not in TYPES:
            self.skipped += 1
            return None
        return event

    def _count_gap(self, event: Event) -> None:
        gap = event.seq - self._last_seq.get(event.src, 0) - 1
        self.missing = min(_MAX_MISSING, self.missing + max(0, gap))
        self._last_seq[event.src] = event.seq
