"""Lines whose parts can be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui.widgets.lines import Line, Lines, Span


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line, and what a click on it does; nothing without a target."""

    span: Span
    target: str = ""
    """`go:TAB`, `act:ACTION` or `symbol:NAME`, as `ActingScreen.press` reads it."""

    @property
    def width(self) -> int:
        return len(self.span[0])


def joined(parts: Sequence[Part], gap: str = "  ") -> tuple[Part, ...]:
    """The parts with a gap between each two."""
    spaced: list[Part] = []
    for part in parts:
        spaced += [Part((gap, "")), part] if spaced else [part]
    return tuple(spaced)


def line_of(parts: Iterable[Part]) -> Line:
    """The parts as a line."""
    return tuple(part.span for part in parts)


def target_at(parts: Iterable[Part], x: int) -> str:
    """The target of the part at column `x`; empty where there is none."""
    end = 0
    for part in parts:
        end += part.width
        if x < end:
            return part.target
    return ""


class TargetLines(Lines):
    """Lines that post the target of the part which the mouse pressed."""

    class Pressed(Message):
        """The mouse pressed a part with a target."""

        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: tuple[Sequence[Part], ...] = ()

    def show_parts(self, *rows: Sequence[Part]) -> None:
        """Show the parts of each line side by side."""
        self._rows = rows
        self.show(line_of(parts) for parts in rows)

    def on_click(self, event: events.Click) -> None:
        parts = self._rows[event.y] if event.y < len(self._rows) else ()
        if target := target_at(parts, event.x):
            event.stop()
            self.post_message(self.Pressed(target))
