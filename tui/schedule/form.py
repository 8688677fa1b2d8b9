"""The form for the time of a job: presets first, an expression to type, and at every key what it
means."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.errors import StockmlError
from engine.schedule.explain import explain
from tui.keys.table import bindings
from tui.schedule.text import PRESETS, check_lines
from tui.screens.base import ActingScreen
from tui.widgets.entry import Entry
from tui.widgets.lines import Line, Lines, line
from tui.widgets.picker import Picker


class ScheduleForm(ActingScreen[str]):
    """Answers with a checked expression, or None."""

    GROUP = "form"
    TAKES_TEXT = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self, job: str, expression: str, now: datetime, zone: ZoneInfo) -> None:
        super().__init__()
        self._job, self._now, self._zone = job, now, zone
        self.entry = Entry.of(expression)
        self.wrong = ""
        """Why the last enter took nothing."""

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Picker(id="presets")
        yield Lines(id="typed")
        yield Lines(id="page")
        yield from self.compose_footer()

    def on_mount(self) -> None:
        self.query_one("#presets").styles.height = len(PRESETS[self._job]) + 1

    def on_resize(self) -> None:
        self.query_one("#presets").display = self.app.size.height >= 10
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Presets, the field, what it means."""
        presets, page = self.query_one(Picker), self.query_one("#page", Lines)
        self.query_one("#title", Lines).show(
            (((f"When does {self._job} run?  ", "head"), ("minute hour day month weekday", "dim")),)
        )
        presets.fill(
            line("presets", "dim"), [(text, self._preset(text)) for text in PRESETS[self._job]]
        )
        self.query_one("#typed", Lines).show((self.entry.line("time: "),))
        page.show(check_lines(self.entry.text, self._job, self._now, self._zone, page.size.width))
        self.draw_footer()

    def _preset(self, text: str) -> Line:
        words = explain(text, self._job, self._now, self._zone).description
        return ((f"{text:<20}", ""), (words, "dim"))

    def on_key(self, event: events.Key) -> None:
        entry = self.entry.pressed(event.key, event.character if event.is_printable else None)
        if entry is not None:
            event.stop()
            event.prevent_default()
            self.entry = entry
            self.draw()

    def _preset_by(self, by: int) -> None:
        presets = self.query_one(Picker)
        # The first key takes the preset under the cursor, the next ones move.
        if self.entry.text in presets.names:
            presets.choose(self.entry.text)
            presets.move(by)
        self.entry = Entry.of(presets.chosen)
        self.draw()

    def do_down(self) -> None:
        self._preset_by(1)

    def do_up(self) -> None:
        self._preset_by(-1)

    def do_back(self) -> None:
        self.dismiss(None)

    def do_take(self) -> None:
        """Take it, unless it is wrong: the line below the field says why."""
        try:
            found = explain(self.entry.text, self._job, self._now, self._zone)
        except StockmlError:
            self.app.bell()
            return
        self.dismiss(found.expression.text)
