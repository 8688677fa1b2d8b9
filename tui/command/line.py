"""The line behind `:`, with its completions above it and the form of the command beside them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from engine.commands.reading import Completion, completions, read, usage
from engine.core.errors import StockmlError, UsageError
from engine.core.text import clean
from tui.dialogs.form import TypedForm
from tui.keys.table import bindings
from tui.screens.tabs import TABS
from tui.widgets.lines import Line, Lines, line

MAX_SHOWN = 8
"""Completions that are shown at once."""
_WORD = 24
"""Columns of the words of the completions."""
CONSOLE_WORDS = (
    *(Completion(tab.name, tab.description) for tab in TABS),
    Completion("theme", "theme NAME: other colours"),
    Completion("quit", "leave the console; trainings continue"),
)
"""What the line takes besides the commands."""
KEPT_OUT = {
    "cron-run": "cron starts it; the Schedule screen runs a job now",
    "demo": "it is for a shell: stockml demo",
    "completion": "it is for a shell: stockml completion",
    "cluster init": "it writes keys and certificates: run it in a shell",
}
"""Commands that the console does not run, and why."""


def words_of(text: str) -> list[str]:
    """The words of a line; UsageError for a quote without its end."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{clean(text, 60)!r} has a quote without an end") from error


def offered(
    text: str, symbols: Sequence[str], history: Sequence[str], themes: Sequence[str]
) -> tuple[Completion, ...]:
    """The completions of a line; of an empty one the newest lines first."""
    if not text:
        newest = dict.fromkeys(reversed(history))
        earlier = tuple(Completion(typed, "typed before") for typed in newest)
        return (*earlier, *CONSOLE_WORDS, *completions("", symbols))
    if text.startswith("theme "):
        names = (name for name in themes if name.startswith(text[6:]))
        return tuple(Completion(name, "") for name in names)
    own = tuple(entry for entry in CONSOLE_WORDS if entry.word.startswith(text))
    by_word = {entry.word: entry for entry in (*own, *completions(text, symbols))}
    return tuple(by_word.values())


def completed(text: str, word: str) -> str:
    """The line with its last word replaced, ready for the next one."""
    head, space, _ = text.rpartition(" ")
    return f"{head}{space}{word} "


def form_of(text: str) -> str:
    """The form of the command that the line names; empty before it names one."""
    words = text.split()
    for count in (2, 1):
        try:
            invocation = read(words[:count])
        except UsageError:
            continue
        return usage(invocation.name, invocation.command)
    return _form_without_words(words)


def _form_without_words(words: Sequence[str]) -> str:
    from engine.commands.table import all_commands

    commands = dict(all_commands())
    for count in (2, 1):
        if command := commands.get(" ".join(words[:count])):
            return usage(" ".join(words[:count]), command)
    return ""


class CommandScreen(TypedForm[str], ModalScreen[str]):
    """Answers with the line, or None; a line that names no command stays, with the reason."""

    GROUP = "command"
    BINDINGS: ClassVar[list[BindingType]] = bindings("command")

    def __init__(
        self,
        *,
        symbols: Sequence[str],
        history: Sequence[str],
        themes: Sequence[str],
        text: str = "",
    ) -> None:
        super().__init__(text)
        self._symbols, self._history, self._themes = symbols, history, themes
        self._chosen = -1
        self._offered_for: str | None = None
        self._offers: tuple[Completion, ...] = ()
        self._fault = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="asking"):
            yield Lines(id="above")
            yield Lines(id="typed")
        yield from self.compose_footer()

    def draw(self) -> None:
        """The completions, what is wrong with the line, and the line."""
        text = self.entry.text
        if text != self._offered_for:
            self._offered_for, self._chosen, self._fault = text, -1, ""
            self._offers = offered(text, self._symbols, self._history, self._themes)
        above = self._above()
        self.query_one("#above").styles.height = len(above)
        self.query_one("#asking").styles.height = len(above) + 1
        self.query_one("#above", Lines).show(above)
        self.draw_entry(":")
        self.draw_footer()

    def _above(self) -> tuple[Line, ...]:
        first = max(0, self._chosen - MAX_SHOWN + 1)
        lines = [
            line(
                f"  {offer.word:<{_WORD}} {offer.meaning}",
                "cursor" if place == self._chosen else "",
            )
            for place, offer in enumerate(self._offers[first : first + MAX_SHOWN], first)
        ]
        if form := form_of(self.entry.text):
            lines.append(line(form, "dim"))
        if self._fault:
            lines.append(line(self._fault, "crit"))
        return tuple(lines)

    def meaning_of(self, text: str) -> str:
        from tui.command.run import meaning

        try:
            meaning(text, self._symbols)
        except StockmlError as error:
            self._fault = f"{error.message}{f' ({error.hint})' if error.hint else ''}"
            self.draw()
            raise
        return text.strip()

    def do_take(self) -> None:
        """Run the line; with a completion chosen, take that first."""
        if self._chosen >= 0:
            self.do_complete()
        else:
            super().do_take()

    def do_complete(self) -> None:
        """The chosen completion, or the first, as the last word."""
        if not self._offers:
            return
        offer = self._offers[max(0, self._chosen)]
        typed_before = not self.entry.text and offer.word in self._history
        self.put(offer.word if typed_before else completed(self.entry.text, offer.word))

    def do_down(self) -> None:
        self._choose(1)

    def do_up(self) -> None:
        self._choose(-1)

    def _choose(self, by: int) -> None:
        if self._offers:
            self._chosen = (self._chosen + by) % len(self._offers)
            self.draw()
