"""Making backups: copied aside, read again, hashed, then renamed: complete or absent."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.core.anchor import make_folder
from engine.core.clock import Clock, iso, parse_iso
from engine.core.errors import BusyError, FaultKind, FileError, NoDataError, StockmlError
from engine.core.failpoints import failpoint
from engine.core.files import (
    FileLock,
    create_once,
    fsync_dir,
    lock_text,
    open_own,
    temporary_name,
    write_atomic,
)
from engine.core.paths import Home
from engine.core.reading import read_bytes
from engine.settings.schema import Settings
from engine.vault.backups import (
    FORMAT,
    MANIFEST,
    MAX_MANIFEST,
    backups_in,
    describe_file,
    file_name,
    list_backups,
    other_disk,
)
from engine.vault.model_reader import ModelReader
from engine.vault.records import MAX_FILE, Backup, BackupEntry, BackupManifest, NewBackup
from engine.vault.seal import KEY_NAME, SealKey, usable_key
from engine.words import figures

_LOCK_WAIT_S = 60.0


def back_up(
    home: Home,
    settings: Settings,
    symbols: Iterable[str],
    clock: Clock,
    *,
    reason: str = "manual",
    run_id: str = "",
    to: Path | None = None,
    drop_on: str = "",
) -> NewBackup:
    """Copy the live files of `symbols` into a new backup, and that to `to` and `backup.also_to`.

    Foreign and broken live files are copied too, marked as such. Raises NoDataError when no
    symbol has a file, StockmlError when the disk fails or `to` cannot take the copy; a failing
    `also_to` is only a problem in the result.
    """
    about = BackupManifest(
        format=FORMAT,
        created_at=iso(clock.now()),
        reason=reason,
        run_id=run_id,
        entries=(),
        drop_on=drop_on,
    )
    backup = _make(home, tuple(dict.fromkeys(symbols)), about)
    copies = []
    problems = []
    if to is not None:
        copies.append(copy_to(backup, to, home))
    if other := other_disk(home, settings):
        try:
            copies.append(copy_to(backup, other, home))
        except StockmlError as error:
            problems.append(str(error))
    return NewBackup(backup, tuple(copies), tuple(problems))


def ensure_backup(
    home: Home, settings: Settings, symbol: str, symbols: Iterable[str], run_id: str, clock: Clock
) -> NewBackup | None:
    """Make sure a backup of this run holds the live file of `symbol`: one folder a run.

    The first call, at the run's first publish, copies the live files of all `symbols`; later ones
    find theirs in it. None when there is nothing to make. For `publish(backup=…)`: the caller
    holds the symbol's lock.
    """
    if not home.model(symbol).exists():
        return None
    with backups_lock(home, f"automatic backup of run {run_id}"):
        digest = _sha256(home.model(symbol))
        backups = backups_in(home.models)
        own = [backup for backup in backups if backup.run_id == run_id and backup.verified]
        entries = (backup.entry(symbol) for backup in own)
        if any(entry and entry.sha256 == digest for entry in entries):
            return None
        missing = (symbol,) if own else (symbol, *symbols)
        return back_up(home, settings, missing, clock, reason="automatic", run_id=run_id)


def holds_copy(home: Home, symbol: str) -> bool:
    """Whether a complete backup holds the live file byte for byte; the copy is read."""
    digest = _sha256(home.model(symbol))
    for backup in list_backups(home.models):
        entry = backup.entry(symbol)
        if entry and entry.sha256 == digest and _sha256(backup.path / entry.file) == digest:
            return True
    return False


def copy_to(backup: Backup, folder: Path, home: Home) -> Path:
    """Copy a backup to a folder on another disk, read it again, and return its path there.

    The key of the home goes with it: without it the files would be another home's.
    StockmlError when the folder is absent (a disk that is not mounted must not fill this one),
    the disk fails, or a file differs from the manifest.
    """
    if not folder.is_dir():
        raise StockmlError(
            f"the backup folder {folder} does not exist", "mount the disk, or create the folder"
        )
    if folder.resolve() == backup.path.parent.resolve():
        raise StockmlError(
            f"{folder} is where the backup already is", "name a folder on another disk"
        )
    with _disk_errors(f"cannot copy {backup.name} to {folder}"):
        manifest = read_bytes(backup.path / MANIFEST, MAX_MANIFEST)
        return _build(folder, backup.name, _read_entries(backup), manifest, usable_key(home))


def check_space(folder: Path, need_bytes: int) -> None:
    """StockmlError when the disk of `folder` has less than `need_bytes` free."""
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise StockmlError(
            f"the disk of {folder} has {figures.size(free)} free; {figures.size(need_bytes)} are"
            " needed",
            "free space (stockml clean, old backups), then try again; nothing was changed",
        )


@contextmanager
def backups_lock(home: Home, owner: str) -> Iterator[None]:
    """The lock of whoever makes or removes backups; BusyError after a minute names the holder."""
    with FileLock(home.locks / "backups.lock") as lock:
        if not lock.acquire(owner, _LOCK_WAIT_S):
            holder = lock_text(lock.path)
            raise BusyError(
                f"the backups are in use by {holder or 'another process'}",
                "wait for it, then try again",
                holder,
            )
        yield


@contextmanager
def _disk_errors(task: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StockmlError(
            f"{task}: {error.strerror or error}",
            "no half backup was left; check the disk and its space",
        ) from error


def _make(home: Home, symbols: tuple[str, ...], about: BackupManifest) -> Backup:
    """A new backup of the live files, beside them; `about` is its manifest without entries."""
    folder = home.models
    with ModelReader(home) as reader, _disk_errors(f"cannot back up to {folder}"):
        paths = {symbol: folder / file_name(symbol) for symbol in symbols}
        contents = {
            symbol: raw for symbol, path in paths.items() if (raw := _read_file(path)) is not None
        }
        if not contents:
            raise NoDataError(
                f"there is no model to back up ({', '.join(symbols)})",
                "train one first: stockml train SYM",
            )
        entries = tuple(
            describe_file(symbol, raw, paths[symbol], reader) for symbol, raw in contents.items()
        )
        now = parse_iso(about.created_at)
        manifest = msgspec.structs.replace(about, entries=entries)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
        name = f"backup_{now.astimezone():%Y%m%d_%H%M%S}"
        files = [(entry, contents[entry.symbol]) for entry in entries]
        path = _build(folder, name, files, text)
        return Backup(path, now, entries, about.reason, about.run_id, drop_on=about.drop_on)


def _read_entries(backup: Backup) -> Iterator[tuple[BackupEntry, bytes]]:
    """The files of a backup with their bytes; StockmlError for a damaged one."""
    for entry in backup.entries:
        path = backup.path / entry.file
        raw = read_bytes(path, MAX_FILE)
        if hashlib.sha256(raw).hexdigest() != entry.sha256:
            raise StockmlError(
                f"{path} is damaged: it is not what was backed up", "make a new backup"
            )
        yield entry, raw


def _build(
    folder: Path,
    name: str,
    files: Iterable[tuple[BackupEntry, bytes]],
    manifest: bytes,
    key: SealKey | None = None,
) -> Path:
    """The folder `name`, or `name_2` on a clash, with the files: whole, read again, durable."""
    make_folder(folder)
    aside = temporary_name(folder / name)
    failpoint("backup.begin")
    aside.mkdir(mode=0o755)
    try:
        for entry, raw in files:
            _copy(aside / entry.file, raw, entry)
            failpoint(f"backup.copied.{entry.symbol}")
        write_atomic(aside / MANIFEST, manifest, name="backup.manifest")
        if key:
            create_once(aside / KEY_NAME, key.secret, mode=0o600)
        fsync_dir(aside)
        failpoint("backup.synced")
        path = _rename(aside, folder / name)
        failpoint("backup.renamed")
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    fsync_dir(folder)
    failpoint("backup.done")
    return path


def _copy(path: Path, raw: bytes, entry: BackupEntry) -> None:
    failpoint(f"backup.copy.{entry.symbol}")
    fd = open_own(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    with os.fdopen(fd, "r+b") as file:
        file.write(raw)
        file.flush()
        os.fsync(fd)
        # So that the reading below asks the disk.
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    if _sha256(path) != entry.sha256:
        raise StockmlError(
            f"the copy {path} does not read back as it was written", "check the disk"
        )


def _rename(aside: Path, path: Path) -> Path:
    """Rename to `path`, or `path_2` …: a folder that holds anything is never replaced."""
    for number in range(1, 1000):
        target = path if number == 1 else path.with_name(f"{path.name}_{number}")
        try:
            aside.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            return target
    raise StockmlError(f"{path} and 998 names after it are taken", "run stockml clean")


def _read_file(path: Path) -> bytes | None:
    try:
        return read_bytes(path, MAX_FILE)
    except FileNotFoundError:
        return None
    except FileError as error:
        if error.kind is FaultKind.DAMAGED:
            return None  # the others are backed up, and publishing names this one
        raise


def _sha256(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, MAX_FILE)).hexdigest()
