"""A mouse over a console in a pseudo-terminal."""

from __future__ import annotations

from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole


def click(console: PtyConsole, words: str, line: int | None = None, times: int = 1) -> None:
    """Press and release on the first place of `words`, or on that in one line."""

    def place() -> tuple[int, int] | None:
        for row, text in enumerate(console.text.splitlines()):
            if words in text and line in (None, row):
                return text.index(words) + 1, row + 1
        return None

    column, row = wait_for(place, what=f"{words!r} to click")
    for _ in range(times):
        console.send(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m".encode())
