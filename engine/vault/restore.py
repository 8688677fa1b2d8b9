"""Restoring: a model from a backup becomes a new generation, through the same publishing as a
trained one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
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
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.vault.backup import ensure_backup
from engine.vault.backups import backup_folders, backups_in, check_entry, find_backup, other_disk
from engine.vault.model_file import StoredModel, read_model
from engine.vault.publish import publish
from engine.vault.records import Backup, RestoreResult


def restore(
    home: Home,
    settings: Settings,
    name: str,
    symbols: Iterable[str],
    clock: Clock,
    *,
    verify: Callable[[Path], None] | None = None,
    history_max: Callable[[str], int] = lambda _symbol: 0,
) -> tuple[RestoreResult, ...]:
    """Publish the models of `symbols` (none given: all) from the backup `name`.

    One result a symbol.

    The date of training stays that of the backup. What is replaced is backed up first, so a
    restore can be undone. A fault of one symbol (busy, foreign, broken, not in the backup, disk
    full) is its result and does not stop the others. Raises UsageError for an unknown backup,
    NoDataError when there are no backups or it holds no model file.
    """
    backup = find_backup(backup_folders(home, settings), name)
    wanted = tuple(dict.fromkeys(symbols)) or tuple(entry.symbol for entry in backup.entries)
    if not wanted:
        raise NoDataError(
            f"{backup.name} holds no model file{f': {backup.problem}' if backup.problem else ''}",
            "choose another backup",
        )
    # One folder of what a restore replaces, whatever the number of symbols.
    mark = f"restore-{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    results = []
    for symbol in wanted:
        try:
            results.append(
                _restore(
                    home, settings, backup, symbol, wanted, mark, clock, verify, history_max(symbol)
                )
            )
        except StockmlError as error:
            results.append(RestoreResult(symbol, error=error))
        except OSError as error:
            fault = StockmlError(
                f"cannot restore {symbol}: {error.strerror or error}",
                "check the disk and its space; stockml status shows what is live",
            )
            results.append(RestoreResult(symbol, error=fault))
    return tuple(results)


def _restore(
    home: Home,
    settings: Settings,
    backup: Backup,
    symbol: str,
    wanted: tuple[str, ...],
    mark: str,
    clock: Clock,
    verify: Callable[[Path], None] | None,
    history_max: int,
) -> RestoreResult:
    stored = _whole(home, settings, backup, symbol)
    lock = FileLock(home.lock(symbol))
    if not lock.acquire(f"restore of {symbol} from {backup.name}, process {os.getpid()}"):
        holder = lock.path.read_text(errors="replace")
        raise BusyError(
            f"{symbol} is in use by {holder or 'another process'}",
            "wait for it, or cancel its run",
            holder,
        )
    with lock:
        failpoint(f"restore.begin.{symbol}")
        replaced = home.model(symbol).exists()
        reason = f"restored generation {stored.manifest.generation} from {backup.name}"
        manifest = msgspec.structs.replace(
            stored.manifest, reason=reason, restored_from=backup.name
        )
        info = publish(
            home,
            symbol,
            manifest,
            stored.layers,
            stored.arrays,
            lambda: ensure_backup(home, settings, symbol, wanted, mark, clock),
            verify=verify,
            history_max=history_max,
        )
        failpoint(f"restore.done.{symbol}")
    return RestoreResult(
        symbol, info, from_generation=stored.manifest.generation, replaced=replaced
    )


def _whole(home: Home, settings: Settings, backup: Backup, symbol: str) -> StoredModel:
    """The model of `symbol` in `backup`;
    where its file is damaged, the same one on the other disk."""
    try:
        return checked_model(backup, symbol)
    except ModelError:
        other, entry = other_disk(home, settings), backup.entry(symbol)
        if other and entry and entry.sha256:
            with suppress(StockmlError):
                # By the hash, not by the name: another home's backup of the same second may lie
                # there too.
                for copy in backups_in(other):
                    if (
                        copy.path != backup.path
                        and copy.entry(symbol) == entry
                        and check_entry(copy, entry).ok
                    ):
                        return checked_model(copy, symbol)
        raise


def checked_model(backup: Backup, symbol: str) -> StoredModel:
    """The model of `symbol` in `backup`, its bytes and contents checked.

    Raises UsageError when the backup has none, RefusedError for a foreign file, ModelError for a
    broken one.
    """
    entry = backup.entry(symbol)
    if entry is None:
        held = ", ".join(each.symbol for each in backup.entries) or "none"
        raise UsageError(f"{backup.name} holds no model of {symbol}", f"it holds: {held}")
    check = check_entry(backup, entry)
    if check.kind == "foreign":
        raise RefusedError(
            f"{backup.path / entry.file} was not written by stockml, so it is not restored",
            "copy it by hand if you must",
        )
    if not check.ok:
        raise ModelError(check.text, "choose another backup: stockml backups list")
    try:
        return read_model(backup.path / entry.file)
    except FileNotFoundError as error:
        raise ModelError(f"{backup.path / entry.file} went away", "stockml backups list") from error
