"""The Doctor screen: what `stockml doctor` finds, with this console's own terminal and line."""

from __future__ import annotations

import locale
import os
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from engine.watch.machine import Machine
from engine.watch.records import Item
from engine.words import times
from tui.doctor import text as words
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.screens.base import Sections
from tui.screens.live import ASLEEP_S
from tui.screens.page import PageScreen
from tui.widgets.lines import Line, Span


class DoctorScreen(PageScreen):
    """Asks a child process once and on request; the console's own items are always current."""

    GROUP = "doctor"
    NAME = "Doctor"
    TAB = "doctor"
    EVERY = ASLEEP_S
    BINDINGS: ClassVar[list[BindingType]] = bindings("doctor")

    value: tuple[tuple[Item, ...], datetime] | None

    def __init__(self) -> None:
        super().__init__()
        self._again = False
        """Whether a requested look is still under way."""
        self._checked: tuple[tuple[Item, ...], datetime] | None = None
        """The child's answer; the reader keeps it, so that two looks at opening start one child."""

    def look(self) -> tuple[tuple[Item, ...], datetime]:
        if self._checked is None or self._again:
            items = words.cleaned(self.shell.engine.children.examine_machine().items)
            self._checked, self._again = (items, self.shell.wall.now()), False
        return self._checked

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        again: tuple[Span, ...] = (
            (("looking again", "live"),) if self._again and not self.failure else ()
        )
        return (*words.counted(self._items()), *again)

    def sections(self) -> Sections:
        return (("Words", words.WORDS),)

    def tick(self) -> None:
        """Show the terminal as it is now."""
        super().tick()
        if self.value is not None:
            self.redraw()

    def page_lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - of any height
        if self.value is None:
            return self.waiting("asking the doctor")
        checked_at = times.time_of_day(self.value[1])
        ages = f"terminal and link as of now, the rest as of {checked_at}"
        ending = f"{ages}; {key('doctor_refresh')} looks again"
        return words.page(self._items(), width, ending)

    def _items(self) -> tuple[Item, ...]:
        """All items, including the console's own."""
        size = self.app.size
        here = Machine(
            os.environ,
            True,
            size.width,
            size.height,
            locale.getpreferredencoding(do_setlocale=False),
        )
        return words.merged(
            self.value[0] if self.value else (), tuple(words.own_items(here, self.shell.vitals))
        )

    def do_refresh(self) -> None:
        self._again = True
        super().do_refresh()
        self.redraw()
