"""What both screens of backups do: restore models from one, and verify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.core.records import Level, ModelInfo
from engine.vault.records import Backup
from engine.words.phrases import plural
from tui.backups import text as words
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.labels import key
from tui.screens.live import LiveScreen
from tui.work.messages import Notice, level_of

if TYPE_CHECKING:
    from engine.children.messages import BackupRestored, BackupsVerified, VerifiedBackup


def live_models(screen: LiveScreen) -> dict[str, ModelInfo | None]:
    """The live models by symbol, as in the snapshot."""
    snapshot = screen.shell.snapshot
    return {row.symbol: row.model for row in snapshot.rows} if snapshot else {}


def ask_restore(screen: LiveScreen, backup: Backup, symbols: Sequence[str]) -> None:
    """List what a restore replaces, then restore once the operator typed the symbol or RESTORE."""
    if not symbols:
        screen.tell(Notice(f"{backup.name} holds no model", backup.problem, level=Level.CRIT))
        return
    must = symbols[0] if len(symbols) == 1 else "RESTORE"

    def restore(_: str) -> None:
        screen.shell.ask(
            "restore",
            lambda: screen.shell.engine.children.restore_backup(backup.name, symbols),
            done,
        )

    def done(restored: BackupRestored) -> None:
        screen.tell(words.restored_notice(restored))
        screen.shell.look_now()
        screen.do_refresh()

    listed = words.restore_lines(backup, symbols, live_models(screen))
    question = f"type {must} to restore, {key('prompt_back')} to leave: "
    ask_text(screen.shell, PromptScreen(question, above=listed, only=must), restore)


def verify(screen: LiveScreen, results: dict[str, VerifiedBackup], names: Sequence[str]) -> None:
    """Verify backups in a child, all of them without names; keep the outcome in `results`."""

    def done(verified: BackupsVerified) -> None:
        results.update({backup.path: backup for backup in verified.backups})
        bad = [backup.name for backup in verified.backups if not backup.ok]
        verdict = f"DAMAGED: {', '.join(bad)}" if bad else "every file is as it was backed up"
        text = f"{plural(len(verified.backups), 'backup')} read again: {verdict}"
        screen.tell(Notice(text, level=level_of(failed=bool(bad))))
        screen.redraw()

    screen.shell.ask("verify", lambda: screen.shell.engine.children.verify_backups(names), done)
