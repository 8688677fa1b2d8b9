"""One backup: compares it with the live models, verifies it and restores some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.vault.records import Backup
from engine.words import times
from engine.words.tables import meanings
from tui.backups import text as words
from tui.backups.verbs import ask_restore, live_models, verify
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Span, line
from tui.widgets.picker import Picker

if TYPE_CHECKING:
    from engine.children.messages import VerifiedBackup


class BackupScreen(LiveScreen):
    """A detail of the Backups screen."""

    GROUP = "backup"
    UNDER = "backups"
    NAME = "Backup"
    EVERY = 5.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("backup")

    def __init__(self, backup: Backup, results: dict[str, VerifiedBackup]) -> None:
        super().__init__()
        self._backup, self._results = backup, results
        self.marks: frozenset[str] = frozenset()

    def look(self) -> Any:
        """Read the live models, so that a change redraws the list."""
        return live_models(self)

    def compose_body(self) -> ComposeResult:
        yield Picker(id="files")

    def facts(self) -> Sequence[Span]:
        backup = self._backup
        return (
            (backup.name, ""),
            (times.moment(backup.created_at), "dim"),
            words.checked(backup, self._results),
            (backup.reason, "dim"),
        )

    def sections(self) -> Sections:
        return (
            ("Columns", meanings(words.ENTRY_HEADS)),
            ("Words for the backup", words.CHECK_WORDS),
        )

    def draw(self) -> None:
        files, backup = self.query_one(Picker), self._backup
        live, result = live_models(self), self._results.get(str(backup.path))
        rows = [words.entry_row(entry, live.get(entry.symbol), result) for entry in backup.entries]
        header, lines = table(words.ENTRY_HEADS, rows, files.size.width - 2)
        empty = (line(backup.problem or "it holds no model file", "crit"),)
        files.fill(
            header,
            [(entry.symbol, text) for entry, text in zip(backup.entries, lines, strict=True)],
            empty,
            self.marks,
        )

    def do_mark(self) -> None:
        if chosen := self.query_one(Picker).chosen:
            self.marks ^= {chosen}
            self._move(1)

    def do_verify(self) -> None:
        verify(self, self._results, (self._backup.name,))

    def do_restore(self) -> None:
        """The marked symbols, or the current one."""
        names = self.query_one(Picker).names
        chosen = [name for name in names if name in self.marks] or [self.query_one(Picker).chosen]
        ask_restore(self, self._backup, [name for name in chosen if name])

    def do_restore_all(self) -> None:
        ask_restore(self, self._backup, [entry.symbol for entry in words.models(self._backup)])

    def do_back(self) -> None:
        """The notice, then the marks, then the screen."""
        if self.notice is None and self.marks:
            self.marks = frozenset()
            self.redraw()
        else:
            super().do_back()
