"""Rows to choose from: a header that stays, a cursor that keeps its row when rows come and go."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.widgets.lines import Line, Lines, line, plain, wrapped


def window_top(top: int, cursor: int, count: int, height: int) -> int:
    """The first visible row of `count`, moved as little as needed to keep the cursor in view."""
    if height <= 0:
        return 0
    top = min(max(top, cursor - height + 1), cursor)
    return max(0, min(top, count - height))


class Picker(Lines):
    """Shows a window of its rows around the cursor; each row has a name of its own."""

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
        return (
            re.sub(r" {2,}", "  ", plain(self._rows[self._index][1]).strip()) if self._rows else ""
        )

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
        """New rows as (name, line); `empty` stands there while there are none."""
        before = self.chosen
        self._header, self._rows, self._empty, self._marks = (
            header,
            tuple(rows),
            tuple(empty),
            marks,
        )
        names = self.names
        self._index = (
            names.index(before) if before in names else min(self._index, max(0, len(names) - 1))
        )
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

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        if not self._rows:
            self.show(tuple(piece for one in self._empty for piece in wrapped(one, width, 2)))
            return
        room = max(1, height - 1)  # with a single line the row is worth more than its header
        self._top = window_top(self._top, self._index, len(self._rows), room)
        ascii_only = getattr(self.app, "ascii_only", False)
        up = (" ", "^" if ascii_only else "↑")[self._top > 0]
        down = (" ", "v" if ascii_only else "↓")[self._top + room < len(self._rows)]
        lines: list[Line] = [((f"{up}{down}", ""), *self._header)]
        for at, (name, found) in enumerate(self._rows[self._top : self._top + room], self._top):
            gutter = f"{'>' if at == self._index else ' '}{'*' if name in self._marks else ' '}"
            if at == self._index:
                lines.append(line(f"{gutter}{plain(found)}".ljust(width), "cursor"))
            else:
                lines.append(((gutter, "mark" if name in self._marks else ""), *found))
        self.show(lines[-height:])
