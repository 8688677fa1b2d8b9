"""The Service screen: whether, how fast and by which models predictions are answered, or advice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.service.records import Overview
from engine.words.tables import meanings
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.service import text as words
from tui.service.test_request import ServiceTest
from tui.widgets.lines import Line, Lines, Span, line
from tui.widgets.picker import Picker

DEADLINE_S = 1.0


class ServiceScreen(LiveScreen):
    """Figures above, models below; it asks the service only while it is on top."""

    GROUP = "service"
    VERBS = (ServiceTest,)
    NAME = "Service"
    TAB = "service"
    EVERY = 2.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("service")

    value: Overview | None

    def look(self) -> Overview:
        return self.shell.engine.service.overview(DEADLINE_S)

    def compose_body(self) -> ComposeResult:
        yield Lines(id="summary")
        yield Picker(id="models")

    def facts(self) -> Sequence[Span]:
        return words.facts(self.value) if self.value else ()

    def sections(self) -> Sections:
        return (
            ("The service", words.STATE_WORDS),
            ("Columns", meanings(words.HEADS)),
            ("A symbol", words.ROW_WORDS),
        )

    def draw(self) -> None:
        summary, models = self.query_one("#summary", Lines), self.query_one(Picker)
        overview, width = self.value, self.app.size.width
        above: tuple[Line, ...] = self.waiting("asking the service")
        if overview is not None:
            engine = self.shell.engine
            home = str(engine.home.root)
            above = words.page(overview, engine.settings.current, home, width, models.chosen)
        rows = overview.models if overview else ()
        # On a low terminal the models keep five lines.
        summary.styles.height = min(len(above), max(1, self.app.size.height - (8 if rows else 3)))
        summary.show(above)
        now = self.shell.wall.now()
        header, lines = table(words.HEADS, [words.model_row(each, now) for each in rows], width - 2)
        named = [
            (str(each.get("symbol", "")), text) for each, text in zip(rows, lines, strict=True)
        ]
        models.fill(header if rows else (), named, (line(""),))

    def copyable(self) -> str:
        """The row under the cursor; without rows, what is to be done."""
        return super().copyable() or self.query_one("#summary", Lines).text

    def current_symbol(self) -> str:
        return self.query_one(Picker).chosen
