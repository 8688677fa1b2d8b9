"""Requests of the console to a child process and its answers, as JSON on pipes."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from engine.core.snapshot import PlannedAction
from engine.core.symbol_details import ModelSummary, RetrainExplanation
from engine.vault.records import BackupEntry
from engine.watch.records import Accuracy, Item

Answer = TypeVar("Answer")


class CreateBackup(msgspec.Struct, frozen=True, tag=True):
    """Back up the live models of these symbols, or of all if none is named."""

    symbols: tuple[str, ...] = ()


class RestoreBackup(msgspec.Struct, frozen=True, tag=True):
    """Republish these models of a backup."""

    backup: str
    symbols: tuple[str, ...]


class VerifyBackups(msgspec.Struct, frozen=True, tag=True):
    """Reread every file of these backups, or of all if none is named."""

    names: tuple[str, ...] = ()


class CheckModels(msgspec.Struct, frozen=True, tag=True):
    """A performance check of all symbols that trains nothing."""


class PlanTrainings(msgspec.Struct, frozen=True, tag=True):
    """The decisions of automatic training now."""


class StartTrainings(msgspec.Struct, frozen=True, tag=True):
    """Automatic training of these symbols; RefusedError while the market is open."""

    symbols: tuple[str, ...]
    skip_market_hours: bool = False


class ExamineMachine(msgspec.Struct, frozen=True, tag=True):
    """Check whether this machine can run stockml."""


class ShowSymbol(msgspec.Struct, frozen=True, tag=True):
    """Everything the console shows about one symbol."""

    symbol: str


Request = (
    CreateBackup
    | RestoreBackup
    | VerifyBackups
    | CheckModels
    | PlanTrainings
    | StartTrainings
    | ExamineMachine
    | ShowSymbol
)


class BackupCreated(msgspec.Struct, frozen=True, kw_only=True):
    """A new backup, the symbols that are not in it, and copies that failed."""

    name: str
    size_bytes: int
    entries: tuple[BackupEntry, ...]
    absent: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class RestoredModel(msgspec.Struct, frozen=True):
    """One symbol of a restore; `problem` is why it was not restored."""

    symbol: str
    problem: str = ""


class BackupRestored(msgspec.Struct, frozen=True):
    """The result of a restore."""

    models: tuple[RestoredModel, ...]


class VerifiedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a backup, read again."""

    symbol: str
    kind: str
    ok: bool
    """Whether the model is complete and unchanged."""
    damaged: bool = False
    """Whether it differs from what was backed up."""
    text: str = ""


class VerifiedBackup(msgspec.Struct, frozen=True, kw_only=True):
    """One backup, read again."""

    name: str
    path: str
    ok: bool
    files: tuple[VerifiedFile, ...] = ()

    def file(self, symbol: str) -> VerifiedFile | None:
        """The file of a symbol, if the backup has one."""
        return next((file for file in self.files if file.symbol == symbol), None)


class BackupsVerified(msgspec.Struct, frozen=True):
    """The backups that were read again."""

    backups: tuple[VerifiedBackup, ...]


class PlannedSymbol(msgspec.Struct, frozen=True):
    """The decision of automatic training for one symbol, with its trigger and reason."""

    symbol: str
    action: PlannedAction
    reason: str = ""
    text: str = ""


class TrainingsPlanned(msgspec.Struct, frozen=True):
    """The decisions of automatic training."""

    decisions: tuple[PlannedSymbol, ...]


class TrainingsStarted(msgspec.Struct, frozen=True):
    """The started runs, and the decision for every symbol."""

    decisions: tuple[PlannedSymbol, ...]
    run_ids: tuple[str, ...] = ()


class CheckedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol of a check."""

    status: str
    """ok, warning, critical or failed."""
    source: str = ""
    trained: bool = True
    """Whether it has a model."""


class ModelsChecked(msgspec.Struct, frozen=True, kw_only=True):
    """The findings and decisions of a check; `failed` matches the command's exit code."""

    models: tuple[CheckedModel, ...]
    decisions: tuple[PlannedSymbol, ...]
    outage: bool = False
    problems: tuple[str, ...] = ()
    failed: bool = False


class MachineExamined(msgspec.Struct, frozen=True):
    """The checks of the doctor."""

    items: tuple[Item, ...]


class SymbolDetails(msgspec.Struct, frozen=True, kw_only=True):
    """All details of one symbol; an unreadable part is None and `problems` says why."""

    symbol: str
    model: ModelSummary
    live: Accuracy | None
    retrain: RetrainExplanation | None
    problems: tuple[str, ...] = ()


class ChildJob(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the engine of a home."""

    home: str
    source: str | None
    request: Request


class Fault(msgspec.Struct, frozen=True):
    """A StockmlError sent to the parent."""

    message: str
    hint: str
    exit_code: int


class Reply(msgspec.Struct, Generic[Answer], frozen=True, kw_only=True):
    """The answer to a job, or its fault."""

    answer: Answer | None = None
    fault: Fault | None = None
