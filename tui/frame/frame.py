"""The frame as a widget: the status line and, where there is room, the tab bar."""

from __future__ import annotations

from collections.abc import Sequence

from tui.frame.facts import FrameFacts
from tui.frame.status_line import status_parts
from tui.frame.tab_bar import badges, tab_parts
from tui.widgets.targets import TargetLines


def is_framed(width: int, height: int) -> bool:
    """Whether the terminal has room for the whole frame; a smaller one keeps its lines."""
    return width >= 80 and height >= 24


class Frame(TargetLines):
    """How the home is, and where one is in the console."""

    def draw(self, facts: FrameFacts, marks: Sequence[str], tab: str) -> None:
        """Show the facts with the marks of the screen, and `tab` as the current one."""
        width = self.size.width
        self.show_parts(status_parts(facts, width, marks), tab_parts(tab, badges(facts), width))
