"""The lines of a log file that are in sight, and how the page moves over them."""

from __future__ import annotations

from collections.abc import Iterator

from tui.logs.file import LogFile
from tui.logs.matches import Matches
from tui.logs.text import log_line
from tui.record.text import readable
from tui.widgets.lines import Line, line, plain, wrapped

# Lines that one movement steps over at most.
_LONGEST_MOVE = 10_000


class LogWindow:
    """A page of a file: its filter, its first line, and whether it follows the end."""

    def __init__(self, file: LogFile, words: str = "") -> None:
        self._file = file
        self.follow = True
        self.wrap = False
        self.top = 0
        """The first line in sight, by its number in the file."""
        self.filter(words)

    def filter(self, words: str) -> None:
        """Look for `words`, and show only the lines that match; nothing shows every line."""
        self.matches = Matches.of(words) if words else None
        self.only = bool(words)
        """Whether only matching lines are shown."""

    @property
    def nothing_matches(self) -> bool:
        """Whether the filter hides every line."""
        return self._hides and not (self.matches and self.matches.lines)

    @property
    def _hides(self) -> bool:
        return self.matches is not None and self.only

    def lines(self, width: int, height: int) -> tuple[Line, ...]:
        """The page as it is drawn."""
        if self.follow:
            return self._end(width, height)
        self.top = min(max(0, self.top), len(self._file) - 1)
        lines: list[Line] = []
        for number in self._numbers(self.top):
            lines += self._rows(number, width)
            if len(lines) >= height:
                break
        return tuple(lines[:height])

    def _end(self, width: int, height: int) -> tuple[Line, ...]:
        """The last lines, as many as fit; the first of them becomes the top."""
        lines: list[Line] = []
        number = self._before(len(self._file))
        while number is not None and len(lines) < height:
            lines = [*self._rows(number, width), *lines]
            self.top = number
            number = self._before(number)
        return tuple(lines[-height:])

    def _numbers(self, start: int) -> Iterator[int]:
        """The lines to show from `start` on."""
        if not self._hides:
            yield from range(start, len(self._file))
            return
        number: int | None = start - 1
        while number is not None and self.matches is not None:
            number = self.matches.after(number)
            if number is not None:
                yield number

    def _before(self, number: int) -> int | None:
        if self._hides and self.matches is not None:
            return self.matches.before(number)
        return number - 1 if number > 0 else None

    def _rows(self, number: int, width: int) -> tuple[Line, ...]:
        row = log_line(self.text(number))
        if self.matches is not None and not self.only and self.matches.has(number):
            row = line(plain(row), "mark")
        return (wrapped(row, width, 4) or (line(""),)) if self.wrap else (row,)

    def text(self, number: int) -> str:
        """One line, as it is shown."""
        return readable(self._file.path, self._file.line(number))

    @property
    def current_text(self) -> str:
        """The line at the top, or the newest one where the page follows the end."""
        number = self._before(len(self._file)) if self.follow else self.top
        return "" if number is None else self.text(number)

    @property
    def first(self) -> int:
        """The first line that is shown at all."""
        return next(iter(self._numbers(0)), 0)

    def go_to(self, number: int) -> None:
        """Show the file from this line on."""
        self.follow = False
        self.top = number

    def move(self, by: int) -> None:
        """Move over `by` shown lines; it stops at both ends."""
        number = self.top
        for _ in range(min(abs(by), _LONGEST_MOVE)):
            step = next(iter(self._numbers(number + 1)), None) if by > 0 else self._before(number)
            if step is None:
                break
            number = step
        self.go_to(number)
