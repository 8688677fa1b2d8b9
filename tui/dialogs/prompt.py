"""One line to type into, at the bottom of the screen that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from engine.core.errors import UsageError
from tui.dialogs.form import TypedForm
from tui.keys.table import bindings
from tui.ports import Shell
from tui.widgets.lines import Line, Lines, wrapped_all


def ask_text(shell: Shell, screen: PromptScreen, take: Callable[[str], object]) -> None:
    """Show the prompt; `take` what was typed, unless it was left."""

    def answered(text: str | None) -> None:
        if text is not None:
            take(text)

    shell.push_screen(screen, answered)


class PromptScreen(TypedForm[str], ModalScreen[str]):
    """Answers with what was typed, or None."""

    GROUP = "prompt"
    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt")

    def __init__(
        self, prompt: str, text: str = "", *, above: Sequence[Line] = (), only: str = ""
    ) -> None:
        """`above` is listed over the field; `only` is the one text that enter takes, if given."""
        super().__init__(text)
        self._prompt = prompt
        self._above = tuple(above)
        self._only = only

    def compose(self) -> ComposeResult:
        with Vertical(id="asking"):
            yield Lines(id="above")
            yield Lines(id="typed")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        lines = self._above_lines()
        above = self.query_one("#above")
        above.display = bool(lines)
        above.styles.height = len(lines)
        self.query_one("#asking").styles.height = len(lines) + 1

    def _above_lines(self) -> tuple[Line, ...]:
        width, height = self.app.size
        pieces = wrapped_all(self._above, width, 4)
        return tuple(pieces[: max(0, height - 2)])

    def draw(self) -> None:
        self.query_one("#above", Lines).show(self._above_lines())
        self.draw_entry(self._prompt)
        self.draw_footer()

    def meaning_of(self, text: str) -> str:
        if self._only and text.strip() != self._only:
            raise UsageError(f"{text!r} is not {self._only!r}")
        return text
