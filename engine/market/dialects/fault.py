"""The fault of a text that cannot be read as bars."""

from __future__ import annotations


class DialectError(ValueError):
    """A text that is no bars, or could be read in two ways; `hint` is the next step."""

    def __init__(self, text: str, line: int, hint: str = "correct the file") -> None:
        super().__init__(text)
        self.line = line
        """The line in the file; 0 where the fault is of the whole file."""
        self.hint = hint
