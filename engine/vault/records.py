"""The records of the vault: backups, how reading and restoring them went, what cleaning removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from engine.core.errors import StockmlError
from engine.core.records import ModelInfo

MAX_FILE = 8 << 20
"""Bytes of a model file; a usual one has 0.1 MB."""
FileKind = Literal["model", "foreign", "broken", "unknown"]


class BackupEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file in a backup; `unknown` in a folder without a manifest until it is read."""

    symbol: str
    file: str
    kind: FileKind
    size_bytes: int
    sha256: str = ""
    generation: int = 0
    digest: str = ""
    trained_at: str = ""
    problem: str = ""


class BackupManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The text of manifest.json."""

    format: int
    created_at: str
    reason: str
    run_id: str = ""
    entries: tuple[BackupEntry, ...]
    drop_on: str = ""
    """Of removed symbols: the day on which `clean` drops it, or `never`; empty for the others."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup folder."""

    path: Path
    created_at: datetime
    entries: tuple[BackupEntry, ...]
    reason: str = ""
    run_id: str = ""
    verified: bool = True
    """Made by stockml: copied, read again and hashed before it got its name."""
    problem: str = ""
    """Why its manifest cannot be read; it then has no entries."""
    drop_on: str = ""
    """The day on which `clean` drops it, or `never`, where it is of removed symbols."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.entries)

    def entry(self, symbol: str) -> BackupEntry | None:
        """The file of `symbol`, if the backup has one."""
        return next((entry for entry in self.entries if entry.symbol == symbol), None)


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What reading one file of a backup again showed."""

    symbol: str
    ok: bool
    """The bytes are those that were written, and they are a model."""
    kind: FileKind
    text: str = ""


def damaged(backup: Backup, checks: Iterable[FileCheck]) -> tuple[FileCheck, ...]:
    """The checks that show damage: not of a foreign or broken file that is as it was copied."""
    entries = {entry.symbol: entry for entry in backup.entries}
    return tuple(
        check
        for check in checks
        if not check.ok
        and (check.kind, check.text) != (entries[check.symbol].kind, entries[check.symbol].problem)
    )


@dataclass(frozen=True, slots=True)
class NewBackup:
    """A backup, and its copies on other disks."""

    backup: Backup
    copies: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    """Copies that failed; the backup itself is complete."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What became of one symbol: the new live model, or the error that left the old one."""

    symbol: str
    model: ModelInfo | None = None
    error: StockmlError | None = None
    from_generation: int = 0
    replaced: bool = False
    """There was a live file; it is in a backup now."""

    @property
    def ok(self) -> bool:
        return self.model is not None


@dataclass(frozen=True, slots=True)
class Removal:
    """What becomes of one file or folder, and why."""

    kind: Literal["backup", "temporary", "log", "run", "record", "daily"]
    path: Path
    verb: Literal["keep", "remove", "rename", "copy"]
    reason: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CleanReport:
    """Every keep and every action, with its reason, and what could not be done."""

    actions: tuple[Removal, ...]
    problems: tuple[str, ...] = ()

    @property
    def freed_bytes(self) -> int:
        return sum(action.size_bytes for action in self.actions if action.verb == "remove")
