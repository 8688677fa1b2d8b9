"""Backups as they lie on disk: what each folder holds, and whether that is still true.

Reads only; no numpy to list.

backup_YYYYMMDD_HHMMSS/          local time of the making; `_2` after it when two fall in one second
  manifest.json                  {"format", "created_at", "reason", "run_id", "entries": […]}
  nvda_lstm_model.h5 …           plain copies, so `cp backup_…/*.h5 ml_models/` restores them too

A folder without a manifest is an old plain copy: listed as unverified, its files judged by the
model reader.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import msgspec

from engine.core.clock import parse_iso
from engine.core.errors import ModelError, NoDataError, StockmlError, UsageError
from engine.core.paths import Home
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.vault.records import Backup, BackupEntry, BackupManifest, FileCheck

FORMAT = 1
MANIFEST = "manifest.json"
NAME = re.compile(r"backup_(\d{8}_\d{6})(_\d{1,4})?")
SUFFIX = "_lstm_model.h5"


def list_backups(folder: Path) -> tuple[Backup, ...]:
    """The backups in `folder`, newest first (by their manifests, not by name or mtime).

    None when it is absent.

    Raises OSError when the folder or one of the backups cannot be listed: an error is never "no
    backups".
    """
    try:
        with os.scandir(folder) as found:
            names = [
                item.name
                for item in found
                if NAME.fullmatch(item.name) and item.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        if folder.is_symlink():  # to a disk that is not mounted
            raise
        return ()
    read = [_read(folder / name) for name in names]
    return tuple(
        sorted(
            (backup for backup in read if backup),
            key=lambda backup: (backup.created_at, backup.name),
            reverse=True,
        )
    )


def _read(path: Path) -> Backup | None:
    """The backup in `path`; None when it went away meanwhile."""
    try:
        raw = (path / MANIFEST).read_bytes()
    except FileNotFoundError:
        return _plain_copy(path)
    try:
        found = msgspec.json.decode(raw, type=BackupManifest)
        if found.format > FORMAT:
            raise ValueError(  # noqa: TRY301 - one kind of damage, one way out
                f"format {found.format} is of a newer stockml; this one reads up to {FORMAT}"
            )
        for entry in found.entries:
            if not SYMBOL.fullmatch(entry.symbol) or entry.file != file_name(entry.symbol):
                raise ValueError(  # noqa: TRY301
                    f"{clean(entry.file, 60)!r} is no model file of {clean(entry.symbol, 20)!r}"
                )
        created = parse_iso(found.created_at)
    except (msgspec.MsgspecError, ValueError) as error:
        return Backup(
            path,
            _time_of(path),
            (),
            problem=f"its {MANIFEST} cannot be read: {clean(str(error), 160)}",
        )
    return Backup(path, created, found.entries, clean(found.reason, 200), clean(found.run_id, 80))


def _plain_copy(path: Path) -> Backup | None:
    try:
        sizes = {
            item.name: item.stat().st_size
            for item in sorted(path.iterdir())
            if item.name.endswith(SUFFIX)
        }
    except FileNotFoundError:
        return None
    symbols = {name: name.removesuffix(SUFFIX).upper() for name in sizes}
    entries = tuple(
        BackupEntry(symbol=symbols[name], file=name, kind="unknown", size_bytes=size)
        for name, size in sizes.items()
        if SYMBOL.fullmatch(symbols[name]) and name == file_name(symbols[name])
    )
    return Backup(path, _time_of(path), entries, reason="a plain copy", verified=False)


def _time_of(path: Path) -> datetime:
    """The moment in a backup's name, which is local time; its mtime when the digits are no date."""
    found = NAME.fullmatch(path.name)
    try:
        return datetime.strptime(found[1] if found else "", "%Y%m%d_%H%M%S").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def backup_folders(home: Home, settings: Settings) -> tuple[Path, ...]:
    """Where backups may lie: beside the models, and on the other disk."""
    other = other_disk(home, settings)
    return (home.models, other) if other else (home.models,)


def other_disk(home: Home, settings: Settings) -> Path | None:
    """The folder of `backup.also_to`, a relative one seen from the home whoever asks;
    None where none is set."""
    named = settings.backup.also_to
    # Not Path.expanduser, which raises for a `~name` that nobody has: that folder is one that does
    # not exist.
    return home.root / os.path.expanduser(named) if named else None  # noqa: PTH111


def file_name(symbol: str) -> str:
    """The name of a symbol's model file, live or in a backup."""
    return f"{symbol.lower()}{SUFFIX}"


def find_backup(folders: Iterable[Path], name: str) -> Backup:
    """The backup called `name`, from the first folder that has it.

    UsageError naming the nearest one.

    NoDataError when there are no backups, StockmlError when a folder cannot be listed.
    """
    known: list[str] = []
    for folder in folders:
        backups = backups_in(folder)
        known += [backup.name for backup in backups]
        if found := next((backup for backup in backups if backup.name == name), None):
            return found
    if not known:
        raise NoDataError("there are no backups yet", "stockml backup makes one")
    near = get_close_matches(clean(name, 60), known, n=1, cutoff=0.0)
    raise UsageError(
        f"no backup {clean(name, 60)!r}",
        f"did you mean {near[0]}? `stockml backups list` shows all {len(known)}",
    )


def backups_in(folder: Path) -> tuple[Backup, ...]:
    """`list_backups`, with a listing error as StockmlError."""
    try:
        return list_backups(folder)
    except OSError as error:
        raise StockmlError(
            f"cannot list the backups in {folder}: {error.strerror}",
            "check the disk; nothing was changed",
        ) from error


def verify_backup(backup: Backup) -> tuple[FileCheck, ...]:
    """Each file read again: its hash against the manifest, then the model reader's own check."""
    return tuple(check_entry(backup, entry) for entry in backup.entries)


def check_entry(backup: Backup, entry: BackupEntry) -> FileCheck:
    """One file of a backup read again."""
    path = backup.path / entry.file
    try:
        raw = path.read_bytes()
    except OSError as error:
        return FileCheck(
            entry.symbol, ok=False, kind="broken", text=f"cannot read {path}: {error.strerror}"
        )
    if backup.verified and hashlib.sha256(raw).hexdigest() != entry.sha256:
        return FileCheck(
            entry.symbol,
            ok=False,
            kind="broken",
            text=f"{path} is damaged: it is not what was backed up",
        )
    if backup.verified and entry.kind != "unknown":
        return FileCheck(entry.symbol, entry.kind == "model", entry.kind, entry.problem)
    found = describe_file(entry.symbol, raw, str(path))
    return FileCheck(entry.symbol, found.kind == "model", found.kind, found.problem)


def describe_file(symbol: str, raw: bytes, origin: str) -> BackupEntry:
    """What the bytes of a symbol's file are: a model, a foreign file or a broken one, in words."""
    from engine.vault.model_file import ForeignModelError, check_name, decode_model

    entry = BackupEntry(
        symbol=symbol,
        file=file_name(symbol),
        kind="model",
        size_bytes=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
    )
    try:
        manifest = decode_model(raw, origin)[0]
        check_name(Path(entry.file), manifest.symbol)
    except ForeignModelError as error:
        return msgspec.structs.replace(entry, kind="foreign", problem=error.message)
    except ModelError as error:
        return msgspec.structs.replace(entry, kind="broken", problem=error.message)
    return msgspec.structs.replace(
        entry,
        generation=manifest.generation,
        digest=manifest.digest,
        trained_at=manifest.created_at,
    )


def newest_valid(backups: Iterable[Backup], now: datetime) -> Backup | None:
    """The newest backup by stockml that holds a model and is not dated in the future: what
    `health` shows the age of."""
    good = [
        each
        for each in backups
        if each.verified and each.created_at <= now and any(e.kind == "model" for e in each.entries)
    ]
    return max(good, key=lambda backup: backup.created_at, default=None)
