"""Backups on disk: what each folder holds, and whether that is still true.

Reads only; listing loads no numpy.

backup_YYYYMMDD_HHMMSS/          local time; `_2` after it when two are made in one second
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
from typing import TYPE_CHECKING

import msgspec

from engine.core.clock import parse_iso
from engine.core.errors import FileError, ModelError, NoDataError, StockmlError, UsageError
from engine.core.paths import Home
from engine.core.reading import read_bytes, read_json
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.vault.records import MAX_FILE, Backup, BackupEntry, BackupManifest, FileCheck

if TYPE_CHECKING:
    from engine.vault.model_reader import ModelReader

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST = 8_000_000
"""Bytes; an entry of a symbol takes about 400."""
NAME = re.compile(r"backup_(\d{8}_\d{6})(_\d{1,4})?")
SUFFIX = "_lstm_model.h5"


def list_backups(folder: Path) -> tuple[Backup, ...]:
    """The backups in `folder`, newest first by their manifests; none when it is absent.

    OSError when the folder or a backup cannot be listed: an error is never "no backups".
    """
    try:
        with os.scandir(folder) as children:
            names = [
                child.name
                for child in children
                if NAME.fullmatch(child.name) and child.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        if folder.is_symlink():  # to a disk that is not mounted
            raise
        return ()
    backups = [backup for name in names if (backup := _read(folder / name))]
    backups.sort(key=lambda backup: (backup.created_at, backup.name), reverse=True)
    return tuple(backups)


def _read(path: Path) -> Backup | None:
    """The backup in `path`; None when it went away meanwhile."""
    try:
        manifest = _read_manifest(path / MANIFEST)
        created_at = parse_iso(manifest.created_at)
    except FileNotFoundError:
        return _plain_copy(path)
    except (FileError, ValueError, OverflowError) as error:
        reason = error.reason if isinstance(error, FileError) else str(error)
        problem = f"its {MANIFEST} cannot be read: {clean(reason, 160)}"
        return Backup(path, _time_of(path), (), problem=problem)
    reason = clean(manifest.reason, 200)
    run_id = clean(manifest.run_id, 80)
    drop_on = clean(manifest.drop_on, 10)
    return Backup(path, created_at, manifest.entries, reason, run_id, drop_on=drop_on)


def _read_manifest(path: Path) -> BackupManifest:
    """The manifest; FileError or ValueError when it is damaged or of a newer stockml."""
    manifest = read_json(path, BackupManifest, MAX_MANIFEST)
    if manifest.format > FORMAT:
        raise ValueError(
            f"format {manifest.format} is of a newer stockml; this one reads up to {FORMAT}"
        )
    for entry in manifest.entries:
        if not SYMBOL.fullmatch(entry.symbol) or entry.file != file_name(entry.symbol):
            raise ValueError(
                f"{clean(entry.file, 60)!r} is no model file of {clean(entry.symbol, 20)!r}"
            )
    return manifest


def _plain_copy(path: Path) -> Backup | None:
    try:
        sizes = {
            file.name: file.stat().st_size
            for file in sorted(path.iterdir())
            if file.name.endswith(SUFFIX)
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
    match = NAME.fullmatch(path.name)
    digits = match[1] if match else ""
    try:
        return datetime.strptime(digits, "%Y%m%d_%H%M%S").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def backup_folders(home: Home, settings: Settings) -> tuple[Path, ...]:
    """Where backups may be: beside the models, and on the other disk."""
    other = other_disk(home, settings)
    return (home.models, other) if other else (home.models,)


def other_disk(home: Home, settings: Settings) -> Path | None:
    """The folder of `backup.also_to`, relative to the home; None where none is set."""
    folder = settings.backup.also_to
    # Not Path.expanduser, which raises for a `~name` that nobody has: such a folder is just absent.
    return home.root / os.path.expanduser(folder) if folder else None  # noqa: PTH111


def file_name(symbol: str) -> str:
    """The name of a symbol's model file, live or in a backup."""
    return f"{symbol.lower()}{SUFFIX}"


def find_backup(folders: Iterable[Path], name: str) -> Backup:
    """The backup called `name`, from the first folder that has it; with a / in it that very one.

    UsageError naming the nearest one, NoDataError when there are no backups, StockmlError when a
    folder cannot be listed.
    """
    place = Path(os.path.abspath(os.path.expanduser(name)))  # noqa: PTH100, PTH111 - as above
    if "/" in name and NAME.fullmatch(place.name) and place.is_dir():
        folders, name = (place.parent,), place.name
    known: list[str] = []
    for folder in folders:
        for backup in backups_in(folder):
            if backup.name == name:
                return backup
            known.append(backup.name)
    if not known:
        raise NoDataError("there are no backups yet", "stockml backup makes one")
    near = get_close_matches(clean(name, 60), known, n=1, cutoff=0.0)
    raise UsageError(
        f"no backup {clean(name, 60)!r}",
        f"did you mean {near[0]}? `stockml backups list` shows all {len(known)}",
    )


def backups_in(folder: Path) -> tuple[Backup, ...]:
    """The backups in `folder` as `list_backups` has them; StockmlError when it cannot list."""
    try:
        return list_backups(folder)
    except OSError as error:
        raise StockmlError(
            f"cannot list the backups in {folder}: {error.strerror}",
            "check the disk; nothing was changed",
        ) from error


def verify_backup(backup: Backup, reader: ModelReader) -> tuple[FileCheck, ...]:
    """Each file read again: its hash against the manifest, then the model reader's own check."""
    return tuple(check_entry(backup, entry, reader) for entry in backup.entries)


def check_entry(backup: Backup, entry: BackupEntry, reader: ModelReader) -> FileCheck:
    """One file of a backup read again."""
    path = backup.path / entry.file
    try:
        raw = read_bytes(path, MAX_FILE)
    except FileNotFoundError:
        return FileCheck(entry.symbol, ok=False, kind="broken", text=f"{path} is not there")
    except FileError as error:
        text = str(error)
        return FileCheck(entry.symbol, ok=False, kind="broken", text=text)
    if backup.verified and hashlib.sha256(raw).hexdigest() != entry.sha256:
        text = f"{path} is damaged: it is not what was backed up"
        return FileCheck(entry.symbol, ok=False, kind="broken", text=text)
    if not backup.verified or entry.kind == "unknown":
        entry = describe_file(entry.symbol, raw, path, reader)
    return FileCheck(entry.symbol, ok=entry.kind == "model", kind=entry.kind, text=entry.problem)


def describe_file(symbol: str, raw: bytes, path: Path, reader: ModelReader) -> BackupEntry:
    """What the bytes of a symbol's file are: a model, a foreign file or a broken one."""
    from engine.vault.model_file import ForeignModelError, check_name

    entry = BackupEntry(
        symbol=symbol,
        file=file_name(symbol),
        kind="model",
        size_bytes=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
    )
    try:
        manifest = reader.decode(raw, path)[0][0]
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
    """The newest backup by stockml that holds a model and is not dated in the future."""
    valid = [
        backup
        for backup in backups
        if backup.verified
        and backup.created_at <= now
        and any(entry.kind == "model" for entry in backup.entries)
    ]
    return max(valid, key=lambda backup: backup.created_at, default=None)
