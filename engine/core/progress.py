"""How far work is, told across processes: a child writes its steps among its words on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.core.text import clean_bytes

VARIABLE = "STOCKML_PROGRESS"
"""Set by who reads the steps; nobody else is told any."""
_MARK = "\x1e"
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """So much of the work is done, and what comes next."""

    done: int
    total: int
    name: str

    def seconds_left(self, spent: float) -> float | None:
        """Seconds left at the pace so far; None before the first is done."""
        return spent / self.done * (self.total - self.done) if self.done else None


def report_step(done: int, total: int, name: str) -> None:
    """Say how far the work is, where somebody reads it."""
    if os.environ.get(VARIABLE) and sys.stderr is not None:
        sys.stderr.write(f"{_MARK}{done} {total} {name}\n")
        sys.stderr.flush()


def counted(names: Iterable[str]) -> Iterator[str]:
    """The names one by one, each a step that begins."""
    listed = tuple(names)
    for at, name in enumerate(listed):
        report_step(at, len(listed), name)
        yield name


def read_step(line: bytes) -> ProgressStep | None:
    """The step of a line; None for one that is none."""
    if not line.startswith(_MARK.encode()):
        return None
    done, total, name = [*line[1:].strip().split(b" ", 2), b"", b"", b""][:3]
    if not (done.isdigit() and total.isdigit() and len(done) < 8 and len(total) < 8):
        return None
    if not 0 <= int(done) <= int(total) <= _MOST:
        return None
    return ProgressStep(int(done), int(total), clean_bytes(name, 40).strip())
