"""The lines of a log file that match a filter, by their numbers."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

ERRORS = re.compile(rb"\b(?:error|failed|crit|lost|traceback)\b", re.IGNORECASE)


@dataclass(slots=True)
class Matches:
    """The lines that match, searched forward and brought up to date as the file grows."""

    pattern: re.Pattern[bytes]
    inverse: bool = False
    lines: array[int] = field(default_factory=lambda: array("Q"))
    upto: int = 0
    """Lines looked at so far."""

    @classmethod
    def of(cls, text: str) -> Matches:
        """`text` in any case; `=NAME` a symbol as a word; after `!` the lines without it."""
        words = text.removeprefix("!")
        if words.startswith("=") and len(words) > 1:
            # MP is found neither in SMP nor in MP.B nor in "complete".
            name = re.escape(words[1:].encode())
            # A search that begins with letters is six times faster than one with a look back.
            pattern = re.compile(name + rb"(?<![A-Z0-9.-]" + name + rb")(?![A-Z0-9-]|\.[A-Z0-9])")
        else:
            pattern = re.compile(re.escape(words.encode()), re.IGNORECASE)
        return cls(pattern, text.startswith("!"))

    def anew(self) -> Matches:
        """The same search before any line was read."""
        return Matches(self.pattern, self.inverse)

    def moved(self, by: int) -> Matches:
        """The same matches after `by` lines were added before the first."""
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
