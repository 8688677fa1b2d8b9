"""The form for a job's time: presets, or an expression explained at every key."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.schedule.explain import explain
from tui.dialogs.form import TypedForm
from tui.keys.table import bindings
from tui.schedule.job_text import check_lines
from tui.schedule.text import PRESETS
from tui.widgets.lines import Line, Lines, line
from tui.widgets.picker import Picker


class ScheduleForm(TypedForm[str]):
    """Answers with a checked expression, or None."""

    GROUP = "form"
    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self, job: str, expression: str, now: datetime, zone: ZoneInfo) -> None:
        super().__init__(expression)
        self._job = job
        self._now = now
        self._zone = zone

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

    def draw(self) -> None:
        """Presets, the field, what it means."""
        presets, page = self.query_one(Picker), self.query_one("#page", Lines)
        self.query_one("#title", Lines).show(
            (((f"When does {self._job} run?  ", "head"), ("minute hour day month weekday", "dim")),)
        )
        presets.fill(
            line("presets", "dim"), [(text, self._preset(text)) for text in PRESETS[self._job]]
        )
        self.draw_entry("time: ")
        page.show(check_lines(self.entry.text, self._job, self._now, self._zone, page.size.width))
        self.draw_footer()

    def _preset(self, text: str) -> Line:
        words = explain(text, self._job, self._now, self._zone).description
        return ((f"{text:<20}", ""), (words, "dim"))

    def _preset_by(self, by: int) -> None:
        presets = self.query_one(Picker)
        # The first key takes the preset under the cursor, the next ones move.
        if self.entry.text in presets.names:
            presets.choose(self.entry.text)
            presets.move(by)
        self.put(presets.chosen)

    def do_down(self) -> None:
        self._preset_by(1)

    def do_up(self) -> None:
        self._preset_by(-1)

    def meaning_of(self, text: str) -> str:
        return explain(text, self._job, self._now, self._zone).expression.text
