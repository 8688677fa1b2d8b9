"""The Backups screen: lists and verifies every backup and restores models from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.vault.records import Backup
from engine.words.tables import meanings
from tui.backups import text as words
from tui.backups.detail import BackupScreen
from tui.backups.verbs import ask_restore, verify
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Span, line
from tui.widgets.picker import Picker
from tui.work.messages import Notice

if TYPE_CHECKING:
    from engine.children.messages import (
        BackupCreated,
        VerifiedBackup,
    )


class BackupsScreen(LiveScreen):
    """Listing reads manifests alone; verifying and restoring happen in a child process."""

    GROUP = "backups"
    NAME = "Backups"
    TAB = "backups"
    EVERY = 3.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("backups")

    value: tuple[Backup, ...] | None

    def __init__(self) -> None:
        super().__init__()
        self.results: dict[str, VerifiedBackup] = {}
        """What verifying found, by the backup's path."""

    def look(self) -> tuple[Backup, ...]:
        return tuple(self.shell.engine.backups.list())

    def compose_body(self) -> ComposeResult:
        yield Picker(id="backups")

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        return ((f"{len(self.value)}, newest first", "dim"),)

    def sections(self) -> Sections:
        return (("Columns", meanings(words.HEADS)), ("Words of CHECKED", words.CHECK_WORDS))

    def draw(self) -> None:
        backups = self.query_one(Picker)
        if self.value is None:
            backups.fill((), (), self.waiting("reading the backups"))
            return
        now = self.shell.wall.now()
        header, lines = table(
            words.HEADS,
            [words.row(backup, self.results, now) for backup in self.value],
            backups.size.width - 2,
        )
        empty = (
            line(
                f"no backup yet: {key('backups_make')} makes one; every training makes one of what"
                " it replaces",
                "dim",
            ),
            *((line(self.failure, "crit"),) if self.failure else ()),
        )
        backups.fill(
            header,
            [(str(backup.path), text) for backup, text in zip(self.value, lines, strict=True)],
            empty,
        )

    def current(self) -> Backup | None:
        """The backup under the cursor."""
        chosen = self.query_one(Picker).chosen
        return next((backup for backup in self.value or () if str(backup.path) == chosen), None)

    def copyable(self) -> str:
        current = self.current()
        return current.name if current else ""

    def do_open(self) -> None:
        if (current := self.current()) is not None:
            self.app.push_screen(BackupScreen(current, self.results))

    def do_verify(self) -> None:
        if (current := self.current()) is not None:
            verify(self, self.results, (current.name,))

    def do_verify_all(self) -> None:
        if self.value:
            verify(self, self.results, ())

    def do_back_up(self) -> None:
        self.shell.ask("backup", self.shell.engine.children.create_backup, self._made)

    def _made(self, created: BackupCreated) -> None:
        self.tell(words.made_notice(created))
        self.do_refresh()

    def do_undo(self) -> None:
        """The newest backup that a restore made of what it replaced."""
        made = next(
            (backup for backup in self.value or () if backup.run_id.startswith(words.RESTORE_MARK)),
            None,
        )
        if made is None:
            self.tell(
                Notice(
                    "no restore to take back",
                    "every restore backs up what it replaces; there was none",
                )
            )
            return
        ask_restore(self, made, [entry.symbol for entry in words.models(made)])
