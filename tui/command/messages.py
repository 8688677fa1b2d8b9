"""The messages of this session: every notice with its time, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from engine.core.records import Level
from engine.words import times
from tui.keys.table import bindings
from tui.screens.page import PageScreen
from tui.widgets.lines import Line, line, wrapped_all
from tui.work.messages import Notice

_STYLES = {Level.OK: "", Level.WARN: "warn", Level.CRIT: "crit"}


def message_lines(messages: Sequence[tuple[datetime, Notice]], width: int) -> tuple[Line, ...]:
    """One message a paragraph, the newest first."""
    if not messages:
        return (line("no message yet", "dim"),)
    lines = (
        line(
            f"{times.time_of_day(at)} {notice.text}{f' ({notice.hint})' if notice.hint else ''}",
            _STYLES[notice.level],
        )
        for at, notice in reversed(messages)
    )
    return wrapped_all(lines, max(1, width))


class MessagesScreen(PageScreen):
    """What the console said, for who looked elsewhere."""

    GROUP = "messages"
    NAME = "Messages"
    UNDER = "dashboard"
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("messages")

    value: tuple[tuple[datetime, Notice], ...] | None

    def look(self) -> tuple[tuple[datetime, Notice], ...]:
        return tuple(self.shell.messages)

    def page_lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - of any height
        return message_lines(self.value or (), width)
