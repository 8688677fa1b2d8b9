"""Making backups: built aside by copy, read again, hashed, then renamed into place: complete or
absent."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.core.clock import Clock, iso
from engine.core.errors import BusyError, NoDataError, StockmlError
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, fsync_dir, temporary_name, write_atomic
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.vault.backups import (
    FORMAT,
    MANIFEST,
    backups_in,
    describe_file,
    file_name,
    list_backups,
    other_disk,
)
from engine.vault.records import Backup, BackupEntry, BackupManifest, NewBackup

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
) -> NewBackup:
    """Copy the live files of `symbols` into a new backup folder, and that folder to `to` and
    `[backup] also_to`.

    Foreign and broken live files are copied too, marked as such. Raises NoDataError when no
    symbol has a file, StockmlError when the disk fails or `to` cannot take the copy; a failing
    `also_to` is only a problem in the result.
    """
    symbols = tuple(dict.fromkeys(symbols))
    backup = _make(home.models, home.models, symbols, clock, reason, run_id)
    copies, problems = [], []
    if to is not None:
        copies.append(copy_to(backup, to))
    if other := other_disk(home, settings):
        try:
            copies.append(copy_to(backup, other))
        except StockmlError as error:
            problems.append(str(error))
    return NewBackup(backup, tuple(copies), tuple(problems))


def ensure_backup(
    home: Home, settings: Settings, symbol: str, symbols: Iterable[str], run_id: str, clock: Clock
) -> NewBackup | None:
    """Make sure a backup of this run holds the live file of `symbol`: one folder a run, made at
    its first publish.

    The first call copies the live files of all `symbols`; later ones find their file in it. None
    when there is nothing to make. For `publish(backup=…)`: called by whoever holds the symbol's
    lock.
    """
    if not home.model(symbol).exists():
        return None
    with backups_lock(home, f"automatic backup of run {run_id}"):
        digest = _sha256(home.model(symbol))
        mine = [
            backup
            for backup in backups_in(home.models)
            if backup.run_id == run_id and backup.verified
        ]
        if any(
            entry and entry.sha256 == digest for entry in (backup.entry(symbol) for backup in mine)
        ):
            return None
        wanted = (symbol,) if mine else (symbol, *symbols)
        return back_up(home, settings, wanted, clock, reason="automatic", run_id=run_id)


def holds_copy(home: Home, symbol: str) -> bool:
    """Whether a complete backup holds, byte for byte, what is live now;
    the copy is read to find out."""
    digest = _sha256(home.model(symbol))
    for backup in list_backups(home.models):
        entry = backup.entry(symbol)
        if entry and entry.sha256 == digest and _sha256(backup.path / entry.file) == digest:
            return True
    return False


def copy_to(backup: Backup, folder: Path) -> Path:
    """Copy a backup to a folder on another disk, read it again, and return its path there.

    Raises StockmlError when the folder is absent (a disk that is not mounted must not fill this
    one), the disk fails, or a file differs from the manifest.
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
        return _build(
            folder,
            backup.name,
            _copies(backup.path, backup.entries),
            (backup.path / MANIFEST).read_bytes(),
        )


def check_space(folder: Path, need_bytes: int) -> None:
    """StockmlError when the disk of `folder` has less than `need_bytes` free."""
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise StockmlError(
            f"the disk of {folder} has {free / 1e6:.1f} MB free; {need_bytes / 1e6:.1f} MB are"
            " needed",
            "free space (stockml clean, old backups), then try again; nothing was changed",
        )


@contextmanager
def backups_lock(home: Home, owner: str) -> Iterator[None]:
    """The lock of those who make or remove backups, waited for at most a minute;
    BusyError names the holder."""
    lock = FileLock(home.locks / "backups.lock")
    end = time.monotonic() + _LOCK_WAIT_S
    while not lock.acquire(owner):
        if time.monotonic() > end:
            holder = lock.path.read_text(errors="replace")
            raise BusyError(
                f"the backups are in use by {holder or 'another process'}",
                "wait for it, then try again",
                holder,
            )
        time.sleep(0.02)
    with lock:
        yield


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StockmlError(
            f"{what}: {error.strerror or error}",
            "no half backup was left; check the disk and its space",
        ) from error


def _make(
    source: Path, folder: Path, symbols: tuple[str, ...], clock: Clock, reason: str, run_id: str
) -> Backup:
    with _disk_errors(f"cannot back up to {folder}"):
        files = {
            symbol: raw
            for symbol in symbols
            if (raw := _bytes(source / file_name(symbol))) is not None
        }
        if not files:
            raise NoDataError(
                f"there is no model to back up ({', '.join(symbols)})",
                "train one first: stockml train SYM",
            )
        entries = tuple(
            describe_file(symbol, raw, str(source / file_name(symbol)))
            for symbol, raw in files.items()
        )
        now = clock.now()
        found = BackupManifest(
            format=FORMAT, created_at=iso(now), reason=reason, run_id=run_id, entries=entries
        )
        manifest = msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
        name = f"backup_{now.astimezone():%Y%m%d_%H%M%S}"
        path = _build(folder, name, [(entry, files[entry.symbol]) for entry in entries], manifest)
        return Backup(path, now, entries, reason, run_id)


def _copies(folder: Path, entries: tuple[BackupEntry, ...]) -> Iterator[tuple[BackupEntry, bytes]]:
    for entry in entries:
        raw = (folder / entry.file).read_bytes()
        if hashlib.sha256(raw).hexdigest() != entry.sha256:
            raise StockmlError(
                f"{folder / entry.file} is damaged: it is not what was backed up",
                "make a new backup",
            )
        yield entry, raw


def _build(
    folder: Path, name: str, files: Iterable[tuple[BackupEntry, bytes]], manifest: bytes
) -> Path:
    """The folder `name` with `files` and `manifest`, whole, read again and durable;
    `_2` on a clash."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = temporary_name(folder / name)
    failpoint("backup.begin")
    aside.mkdir(mode=0o755)
    try:
        for entry, raw in files:
            _copy(aside / entry.file, raw, entry)
            failpoint(f"backup.copied.{entry.symbol}")
        write_atomic(aside / MANIFEST, manifest, name="backup.manifest")
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
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(fd, "r+b") as file:
        file.write(raw)
        file.flush()
        os.fsync(fd)
        os.posix_fadvise(
            fd, 0, 0, os.POSIX_FADV_DONTNEED
        )  # so that the reading below asks the disk
    if _sha256(path) != entry.sha256:
        raise StockmlError(
            f"the copy {path} does not read back as it was written", "check the disk"
        )


def _rename(aside: Path, path: Path) -> Path:
    """Rename to `path`, or to `path_2`, `path_3` … : a folder that holds anything is never
    replaced."""
    for turn in range(1, 1000):
        target = path if turn == 1 else path.with_name(f"{path.name}_{turn}")
        try:
            aside.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            return target
    raise StockmlError(f"{path} and 998 names after it are taken", "run stockml clean")


def _bytes(path: Path) -> bytes | None:
    if path.exists() and not path.is_file():
        return None  # a pipe would block everybody's backups for ever; publishing names it
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
