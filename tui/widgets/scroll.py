"""Lines longer than their space: a window that moves over them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui.widgets.lines import Line, Lines

WHEEL_LINES = 3
"""Lines or rows of one turn of the wheel."""


def is_heading(spans: Line) -> bool:
    """Whether a line is the title of a section: it begins in the style of titles."""
    return bool(spans) and spans[0][1] == "head" and not spans[0][0].startswith(" ")


class ScrollLines(Lines):
    """Shows a window of its content; `follow` keeps the last line in view."""

    def __init__(self, id: str | None = None, *, follow: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self.follow = follow
        self.top = 0
        self._content: Sequence[Line] = ()

    @property
    def content(self) -> Sequence[Line]:
        """All lines, also those out of sight."""
        return self._content

    def fill(self, content: Sequence[Line]) -> None:
        """Replace the content; a reader who does not follow keeps the place."""
        self._content = content
        self._draw()

    def move(self, by: int) -> None:
        """Move the window; moving ends following, reaching the end does not start it."""
        self.follow = False
        self.top += by
        self._draw()

    def page(self, direction: int) -> None:
        """Move by a page less one line, so that the eye finds its place."""
        self.move(direction * max(1, self.size.height - 1))

    def to_top(self) -> None:
        self.follow = False
        self.top = 0
        self._draw()

    def to_bottom(self) -> None:
        """Show the last line."""
        self.top = len(self._content)
        self._draw()

    def to_section(self, direction: int) -> None:
        """To the next heading below the first line shown, or the one above it."""
        heads = [at for at, spans in enumerate(self._content) if is_heading(spans)]
        below = [at for at in heads if at > self.top]
        above = [at for at in heads if at < self.top]
        if direction > 0 and below:
            self.move(below[0] - self.top)
        elif direction < 0:
            self.move((above[-1] if above else 0) - self.top)

    class Moved(Message):
        """The wheel moved the window."""

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        self.move(by)
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        last = max(0, len(self._content) - self.size.height)
        self.top = last if self.follow else min(max(0, self.top), last)
        self.show(self._content[self.top : self.top + self.size.height])
