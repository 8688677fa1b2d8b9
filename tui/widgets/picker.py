"""Rows to choose from: a header that stays, a cursor that keeps its row when rows come and go."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui.look.glyphs import ASCII, UNICODE
from tui.widgets.lines import Line, Lines, line, plain, wrapped_all


def window_top(top: int, cursor: int, count: int, height: int) -> int:
    """The first visible row of `count`, moved as little as needed to keep the cursor in view."""
    if height <= 0:
        return 0
    top = min(max(top, cursor - height + 1), cursor)
    return max(0, min(top, count - height))


class Picker(Lines):
    """Shows a window of its rows around the cursor; each row has its own name."""

    class Clicked(Message):
        """The mouse chose a row; twice in a row, to open it."""

        def __init__(self, name: str, opens: bool) -> None:
            super().__init__()
            self.name, self.opens = name, opens

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._header: Line = ()
        self._rows: tuple[tuple[str, Line], ...] = ()
        self._empty: tuple[Line, ...] = ()
        self._marks: frozenset[str] = frozenset()
        self._top = 0
        self._index = 0

    @property
    def chosen(self) -> str:
        """The name of the row under the cursor; empty without rows."""
        return self._rows[self._index][0] if self._rows else ""

    @property
    def chosen_text(self) -> str:
        """The row under the cursor as it reads, its columns two spaces apart."""
        if not self._rows:
            return ""
        _, spans = self._rows[self._index]
        return re.sub(r" {2,}", "  ", plain(spans).strip())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._rows)

    @property
    def page(self) -> int:
        """How many rows are visible."""
        return max(1, self.size.height - 1)

    def fill(
        self,
        header: Line,
        rows: Sequence[tuple[str, Line]],
        empty: Sequence[Line] = (),
        marks: frozenset[str] = frozenset(),
    ) -> None:
        """Show new rows as (name, line); `empty` is shown while there are none."""
        before = self.chosen
        self._header = header
        self._rows = tuple(rows)
        self._empty = tuple(empty)
        self._marks = marks
        names = self.names
        if before in names:
            self._index = names.index(before)
        else:
            self._index = min(self._index, max(0, len(names) - 1))
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor; it stops at both ends."""
        self._index = min(max(0, self._index + by), max(0, len(self._rows) - 1))
        self.redraw()

    def choose(self, name: str) -> None:
        """Put the cursor on a row."""
        if name in self.names:
            self._index = self.names.index(name)
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        index = self._top + event.y - 1
        if event.y > 0 and index < len(self._rows):
            event.stop()
            self.post_message(self.Clicked(self._rows[index][0], event.chain > 1))

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        if not self._rows:
            self.show(wrapped_all(self._empty, width, 2))
            return
        room = max(1, height - 1)  # with a single line the row is worth more than its header
        self._top = window_top(self._top, self._index, len(self._rows), room)
        glyphs = ASCII if getattr(self.app, "ascii_only", False) else UNICODE
        up = glyphs.up if self._top > 0 else " "
        down = glyphs.down if self._top + room < len(self._rows) else " "
        lines: list[Line] = [((f"{up}{down}", ""), *self._header)]
        for index, (name, spans) in enumerate(self._rows[self._top : self._top + room], self._top):
            mark = "*" if name in self._marks else " "
            if index == self._index:
                lines.append(line(f">{mark}{plain(spans)}".ljust(width), "cursor"))
            else:
                lines.append(((f" {mark}", "mark" if name in self._marks else ""), *spans))
        self.show(lines[-height:])
