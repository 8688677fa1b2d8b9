"""The notice: what an action did or why it did not, with the next step, until it is read."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from textual.reactive import var
from textual.screen import Screen
from textual.timer import Timer

from engine.core.records import Level
from tui.widgets.lines import Line, line
from tui.widgets.pane import Pane
from tui.work.messages import Notice

MAX_LINES = 3
_MARKS = {Level.OK: ("", "live"), Level.WARN: ("WARN: ", "warn"), Level.CRIT: ("ERROR: ", "crit")}


def notice_lines(notice: Notice | None, width: int) -> tuple[Line, ...]:
    """The notice wrapped into at most three lines of `width` cells."""
    if notice is None or width < 1:
        return ()
    mark, style = _MARKS[notice.level]
    text = f"{mark}{notice.text}{f' ({notice.hint})' if notice.hint else ''}"
    wrapped = textwrap.wrap(text, max(8, width), max_lines=MAX_LINES, placeholder=" …")
    return tuple(line(part, style) for part in wrapped)


class NoticePane(Pane):
    """Covers lines of the log while there is a notice."""

    notice: var[Notice | None] = var(None)

    def lines(self) -> Iterable[Line]:
        return notice_lines(self.notice, self.size.width)

    def watch_notice(self) -> None:
        self.redraw()


class NoticeTimer:
    """Takes a notice away when it was shown long enough."""

    def __init__(self, screen: Screen[Any], clear: Callable[[], None]) -> None:
        self._screen = screen
        self._clear = clear
        self._timer: Timer | None = None

    def restart(self, notice: Notice | None) -> None:
        """Another notice is shown, or none."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if notice is not None and not notice.sticky:
            self._timer = self._screen.set_timer(notice.seconds, self._clear)
