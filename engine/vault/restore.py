"""Restoring: a model from a backup is published as a new generation, like a trained one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.core.clock import Clock
from engine.core.errors import (
    BusyError,
    ModelError,
    NoDataError,
    RefusedError,
    StockmlError,
    UsageError,
)
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, lock_text
from engine.core.paths import Home
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.vault.backup import ensure_backup
from engine.vault.backups import backup_folders, backups_in, check_entry, find_backup, other_disk
from engine.vault.model_file import StoredModel
from engine.vault.model_reader import ModelReader
from engine.vault.publish import publish
from engine.vault.records import Backup, RestoreResult
from engine.vault.seal import SealOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restore:
    """One restore: what every symbol of it needs."""

    home: Home
    settings: Settings
    backup: Backup
    symbols: tuple[str, ...]
    clock: Clock
    reader: ModelReader
    name: str
    """The backup as it was asked for."""
    foreign: bool
    """Also what another home sealed."""
    run_id: str
    """The replaced files go into one backup under this name, however many symbols there are."""
    verify: Callable[[Path], None] | None


def restore(
    home: Home,
    settings: Settings,
    name: str,
    symbols: Iterable[str],
    clock: Clock,
    *,
    foreign: bool = False,
    verify: Callable[[Path], None] | None = None,
    history_max: Callable[[str], int] = lambda _symbol: 0,
) -> tuple[RestoreResult, ...]:
    """Publish the models of `symbols` (all without any) from the backup `name`; one result each.

    `foreign` takes what another home sealed, once it passed the check, and seals it here. The date
    of training stays that of the backup. What is replaced is backed up first, so a
    restore can be undone. An error of one symbol (busy, foreign, broken, absent, disk full) is its
    result and does not stop the others. Raises UsageError for an unknown backup, NoDataError when
    there are no backups or it holds no model file.
    """
    backup = find_backup(backup_folders(home, settings), name)
    chosen = tuple(dict.fromkeys(symbols)) or tuple(entry.symbol for entry in backup.entries)
    if not chosen:
        problem = f": {backup.problem}" if backup.problem else ""
        raise NoDataError(f"{backup.name} holds no model file{problem}", "choose another backup")
    with ModelReader(home) as reader:
        job = _Restore(
            home=home,
            settings=settings,
            backup=backup,
            symbols=chosen,
            clock=clock,
            reader=reader,
            name=clean(name, 300),
            foreign=foreign,
            run_id=f"restore-{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            verify=verify,
        )
        return tuple(_result(job, symbol, history_max) for symbol in chosen)


def _result(job: _Restore, symbol: str, history_max: Callable[[str], int]) -> RestoreResult:
    try:
        return _restore(job, symbol, history_max(symbol))
    except StockmlError as error:
        return RestoreResult(symbol, error=error)
    except OSError as error:
        failure = StockmlError(
            f"cannot restore {symbol}: {error.strerror or error}",
            "check the disk and its space; stockml status shows what is live",
        )
        return RestoreResult(symbol, error=failure)


def _restore(job: _Restore, symbol: str, history_max: int) -> RestoreResult:
    home = job.home
    stored = _intact_model(job, symbol)
    lock = FileLock(home.lock(symbol))
    if not lock.acquire(f"restore of {symbol} from {job.backup.name}, process {os.getpid()}"):
        holder = lock_text(lock.path)
        raise BusyError(
            f"{symbol} is in use by {holder or 'another process'}",
            "wait for it, or cancel its run",
            holder,
        )
    generation = stored.manifest.generation
    with lock:
        failpoint(f"restore.begin.{symbol}")
        replaced = home.model(symbol).exists()
        manifest = msgspec.structs.replace(
            stored.manifest,
            reason=f"restored generation {generation} from {job.backup.name}",
            restored_from=job.backup.name,
        )
        model = publish(
            home,
            symbol,
            manifest,
            stored.layers,
            stored.arrays,
            lambda: ensure_backup(home, job.settings, symbol, job.symbols, job.run_id, job.clock),
            verify=job.verify,
            history_max=history_max,
        )
        failpoint(f"restore.done.{symbol}")
    return RestoreResult(symbol, model, from_generation=generation, replaced=replaced)


def _intact_model(job: _Restore, symbol: str) -> StoredModel:
    """The model in the backup; where its file is damaged, the same one on the other disk."""
    try:
        return checked_model(job, job.backup, symbol)
    except ModelError:
        folder = other_disk(job.home, job.settings)
        entry = job.backup.entry(symbol)
        if folder and entry and entry.sha256:
            with suppress(StockmlError):
                # By the hash, not by the name: another home's backup of the same second may be
                # there too.
                for copy in backups_in(folder):
                    same = copy.path != job.backup.path and copy.entry(symbol) == entry
                    if same and check_entry(copy, entry, job.reader).ok:
                        return checked_model(job, copy, symbol)
        raise


def checked_model(job: _Restore, backup: Backup, symbol: str) -> StoredModel:
    """The model of `symbol` in `backup`, its bytes and contents checked.

    UsageError when the backup has none, RefusedError for a foreign file or one of another home,
    ModelError for a broken one.
    """
    entry = backup.entry(symbol)
    if entry is None:
        held = ", ".join(entry.symbol for entry in backup.entries) or "none"
        raise UsageError(f"{backup.name} holds no model of {symbol}", f"it holds: {held}")
    check = check_entry(backup, entry, job.reader)
    path = backup.path / entry.file
    if check.kind == "foreign":
        raise RefusedError(f"{path} is not restored: {check.text}", "choose another backup")
    if not check.ok:
        raise ModelError(check.text, "choose another backup: stockml backups list")
    try:
        stored = job.reader.read(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path} went away", "stockml backups list") from error
    if stored.owner is SealOwner.OTHER and not job.foreign:
        raise RefusedError(
            f"{path} was sealed by another home, or with a key of this one that is gone",
            f"if you trust it: stockml restore {job.name} --foreign {symbol}",
        )
    return stored
