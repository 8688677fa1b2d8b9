"""One line to type into, at the bottom of the screen that asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.keys.table import bindings
from tui.screens.base import ActingScreen
from tui.widgets.entry import Entry
from tui.widgets.lines import Line, Lines, wrapped


class PromptScreen(ActingScreen[str], ModalScreen[str]):
    """Answers with what was typed, or None;
    `must` is the only text that enter takes, where it is given."""

    GROUP = "prompt"
    TAKES_TEXT = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt")

    def __init__(
        self, prompt: str, text: str = "", told: Sequence[Line] = (), must: str = ""
    ) -> None:
        super().__init__()
        self._prompt, self._listed, self._must = prompt, tuple(told), must
        self.entry = Entry.of(text)

    def compose(self) -> ComposeResult:
        with Vertical(id="asking"):
            yield Lines(id="told")
            yield Lines(id="typed")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        width, height = self.app.size
        lines = tuple(piece for one in self._listed for piece in wrapped(one, width, 4))[
            : max(0, height - 2)
        ]
        told = self.query_one("#told")
        told.display = bool(lines)
        told.styles.height = len(lines)
        self.query_one("#asking").styles.height = len(lines) + 1
        self.call_after_refresh(self._draw, lines)

    def _draw(self, lines: tuple[Line, ...] | None = None) -> None:
        if lines is not None:
            self.query_one("#told", Lines).show(lines)
        self.query_one("#typed", Lines).show((self.entry.line(self._prompt),))
        self.draw_footer()

    def on_key(self, event: events.Key) -> None:
        entry = self.entry.pressed(event.key, event.character if event.is_printable else None)
        if entry is not None:
            event.stop()
            event.prevent_default()
            self.entry = entry
            self._draw()

    def do_back(self) -> None:
        self.dismiss(None)

    def do_take(self) -> None:
        if self._must and self.entry.text.strip() != self._must:
            self.app.bell()
            return
        self.dismiss(self.entry.text)
