"""The facades of what must not be lost: backups of the models, and the room for all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.audit import AuditOutcome, audited
from engine.core.errors import NoDataError
from engine.core.history import AgingTable
from engine.settings.facade import Context, Facade

if TYPE_CHECKING:
    from engine.vault.records import Backup, CleanReport, FileCheck, NewBackup, RestoreResult


def _backup_made(made: NewBackup) -> Mapping[str, Any]:
    return {"backup": made.backup.name, "problems": made.problems}


def _restored(results: Sequence[RestoreResult]) -> Mapping[str, Any]:
    problems = [
        f"{result.symbol}: {result.error.message if result.error else 'not restored'}"
        for result in results
        if not result.ok
    ]
    return {
        "restored": [result.symbol for result in results if result.ok],
        "problems": problems,
        "outcome": AuditOutcome.FAILED if problems else AuditOutcome.DONE,
    }


class BackupsFacade(Facade):
    """Backups of the live models.

    A restore asks three things of packages above: `verify` that a model file can forecast, the
    `newest_generation` of a symbol that is known, and to show what was `restored`.
    """

    def __init__(
        self,
        context: Context,
        *,
        verify: Callable[[Path], None],
        newest_generation: Callable[[str], int],
        restored: Callable[[str], object],
    ) -> None:
        super().__init__(context)
        self._verify = verify
        self._newest_generation = newest_generation
        self._restored = restored

    @audited(
        "backup",
        lambda symbols=None, to=None: {"symbols": symbols or "all", "to": to},
        _backup_made,
        announced=True,
    )
    def create(self, symbols: Iterable[str] | None = None, to: Path | None = None) -> NewBackup:
        """Copy live models into a new backup, and that to `to`; NoDataError without a model."""
        from engine.vault.backup import back_up

        names = self.checked(symbols)
        return back_up(self.home, self.context.settings, names, self.clock, to=to)

    def list(self) -> tuple[Backup, ...]:
        """The backups beside the models, then those of `backup.also_to`, newest first.

        StockmlError when a folder cannot be listed.
        """
        from engine.vault.backups import backup_folders, backups_in

        folders = backup_folders(self.home, self.context.settings)
        return tuple(backup for folder in folders for backup in backups_in(folder))

    def show(self, name: str) -> Backup:
        """One backup by its name or path; UsageError names the nearest when there is none."""
        from engine.vault.backups import backup_folders, find_backup

        return find_backup(backup_folders(self.home, self.context.settings), name)

    def verify(self, names: Iterable[str] = ()) -> tuple[tuple[Backup, tuple[FileCheck, ...]], ...]:
        """Read every file of these backups (of all without names); NoDataError without any."""
        from engine.vault.backups import verify_backup
        from engine.vault.model_reader import ModelReader

        chosen = tuple(self.show(name) for name in names) or self.list()
        if not chosen:
            raise NoDataError("there are no backups yet", "stockml backup makes one")
        with ModelReader(self.home) as reader:
            return tuple((backup, verify_backup(backup, reader)) for backup in chosen)

    @audited(
        "restore",
        lambda name, symbols=(), foreign=False: {
            "backup": name,
            "symbols": symbols or "all",
            "foreign": foreign or None,
        },
        _restored,
        announced=True,
    )
    def restore(
        self, name: str, symbols: Iterable[str] = (), foreign: bool = False
    ) -> tuple[RestoreResult, ...]:
        """Publish the models of a backup again, and show them; one result a symbol.

        With `foreign` also those that another home sealed, once they passed their check.
        """
        from engine.vault.restore import restore

        results = restore(
            self.home,
            self.context.settings,
            name,
            symbols,
            self.clock,
            foreign=foreign,
            verify=self._verify,
            history_max=self._newest_generation,
        )
        for result in results:
            if result.ok:
                self._restored(result.symbol)
        return results


def _cleaned(report: CleanReport) -> Mapping[str, Any]:
    removed = [action for action in report.actions if action.verb == "remove"]
    return {
        "removed": len(removed),
        "freed_bytes": report.freed_bytes,
        "backups": [action.path.name for action in removed if action.kind == "backup"],
        "problems": report.problems,
    }


class StorageFacade(Facade):
    """The disk that the home takes; `aged` are the tables of history.db whose old rows go."""

    def __init__(self, context: Context, aged: Callable[[], tuple[AgingTable, ...]]) -> None:
        super().__init__(context)
        self._aged = aged

    @audited("clean", lambda dry_run=False: None if dry_run else {}, _cleaned, announced=True)
    def clean(self, dry_run: bool = False) -> CleanReport:
        """Remove what is old by the settings, or only say what would go and why the rest stays."""
        from engine.vault.clean import clean

        settings = self.context.settings
        return clean(self.home, settings, self.clock, dry_run=dry_run, records=self._aged())
