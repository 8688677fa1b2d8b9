"""The Symbols screen: every configured symbol; what changes one runs as a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.commands.reading import read
from engine.symbols.records import ConfiguredSymbol
from engine.words.tables import meanings
from tui.command.run import confirmed, open_command_line, start
from tui.dialogs.confirm import Question, confirm
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.symbols import text as words
from tui.widgets.lines import Line, Span, line
from tui.widgets.picker import Picker


class SymbolsScreen(LiveScreen):
    """Lists stockml.toml and symbols.csv; adding, changing and removing are their commands."""

    GROUP = "symbols"
    NAME = "Symbols"
    TAB = "symbols"
    BINDINGS: ClassVar[list[BindingType]] = bindings("symbols")

    value: tuple[ConfiguredSymbol, ...] | None

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""
        self._read: tuple[object, tuple[ConfiguredSymbol, ...]] | None = None
        self._laid_out: tuple[object, Line, list[tuple[str, Line]]] | None = None

    def look(self) -> tuple[ConfiguredSymbol, ...]:
        version = self.shell.engine.settings.version
        if self._read is None or self._read[0] != version or version is None:
            self._read = (version, self.shell.engine.symbols.list())
        return self._read[1]

    def compose_body(self) -> ComposeResult:
        yield Picker(id="symbols")

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        shown = len(self._shown())
        left = f"/{self._filter} {shown} of " if self._filter else ""
        return ((f"{left}{words.counts(Counter(each.priority for each in self.value))}", "dim"),)

    def sections(self) -> Sections:
        return (("Columns", meanings(words.HEADS)),)

    def _shown(self) -> tuple[ConfiguredSymbol, ...]:
        return tuple(each for each in self.value or () if words.matches(each, self._filter))

    def draw(self) -> None:
        picker = self.query_one(Picker)
        if self.value is None:
            picker.fill((), (), self.waiting("reading the symbols"))
            return
        header, rows = self._rows(picker.size.width - 2)
        none = f"no symbol has {self._filter!r}; {key('symbols_filter')} changes that"
        picker.fill(header, rows, (line(none, "warn"),))

    def _rows(self, width: int) -> tuple[Line, list[tuple[str, Line]]]:
        """Header and rows, laid out again when symbols, filter or width changed: not at a key."""
        drawn_for = (id(self.value), self._filter, width)
        if self._laid_out is None or self._laid_out[0] != drawn_for:
            shown = self._shown()
            header, lines = table(words.HEADS, [words.row(each) for each in shown], width)
            rows = [(each.symbol, text) for each, text in zip(shown, lines, strict=True)]
            self._laid_out = (drawn_for, header, rows)
        return self._laid_out[1], self._laid_out[2]

    def current(self) -> str:
        """The symbol under the cursor; empty without any."""
        return self.query_one(Picker).chosen

    def do_open(self) -> None:
        if self.current():
            self.shell.show_symbol(self.current())

    def do_filter(self) -> None:
        def show(text: str) -> None:
            self._filter = text
            self.redraw()

        ask_text(self.shell, PromptScreen("symbols with: ", self._filter), show)

    def do_add(self) -> None:
        open_command_line(self.shell, "symbols add ")

    def do_import(self) -> None:
        open_command_line(self.shell, "symbols import ")

    def do_set(self) -> None:
        if self.current():
            open_command_line(self.shell, f"symbols set {self.current()} priority ")

    def do_remove(self) -> None:
        """Ask with what becomes of the model, then run the command."""
        name = self.current()
        if not name:
            return
        days = self.shell.engine.settings.current.backup.retention_days
        question = Question(f"Remove {name}?", words.removal_lines(name, days), "Remove")
        command = confirmed(read(("symbols", "remove", name)))
        confirm(self.shell, question, lambda: start(self.shell, command))
