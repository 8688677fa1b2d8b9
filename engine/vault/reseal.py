"""Sealing live models anew, and their key: what `doctor --repair` mends of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import BusyError, FaultKind, FileError
from engine.core.files import FileLock, fsync_dir, lock_text, write_atomic
from engine.core.paths import Home
from engine.core.reading import read_bytes, read_end
from engine.vault.records import MAX_FILE
from engine.vault.seal import (
    KEY_BYTES,
    LINES,
    SealKey,
    SealOwner,
    image_of,
    make_key,
    read_key,
    seal_owner,
    sealed,
    stated_key,
)


def mend_key(home: Home, clock: Clock) -> str:
    """Make this home's key usable, and what was done; '' where it is, or where none is needed yet.

    A key that others can read is made private, a damaged one moved aside. Raises OSError.
    """
    try:
        read_key(home)
    except FileError as error:
        if error.kind is FaultKind.UNREACHABLE:
            raise
        return _mended(home, clock)
    return ""


def _mended(home: Home, clock: Clock) -> str:
    path = home.seal_key
    status = path.lstat()
    if not path.is_symlink() and path.is_file() and status.st_uid == os.getuid():
        path.chmod(0o600)
    try:
        read_key(home)
    except FileError:
        aside = path.with_name(f"{path.name}.damaged-{clock.now():%Y%m%dT%H%M%SZ}")
        path.rename(aside)
        fsync_dir(path.parent)
        make_key(home)
        return f"{path.name} was no key of {KEY_BYTES} bytes: moved to {aside.name}, a new one made"
    return f"{path.name} could be read by others: chmod 600"


def strange_seals(home: Home, symbols: Iterable[str], key: SealKey | None) -> tuple[str, ...]:
    """The symbols whose live file states another key than this home's; reads only their ends."""
    own = key.id if key else ""
    stated = {symbol: _stated(home.model(symbol)) for symbol in symbols}
    return tuple(symbol for symbol, name in stated.items() if name and name != own)


def _stated(path: Path) -> str:
    try:
        return stated_key(read_end(path, LINES))
    except (FileNotFoundError, FileError):
        return ""


def reseal(home: Home, symbol: str) -> bool:
    """Seal the live model of `symbol` with this home's key; whether it was not before.

    Its contents stay. ModelError when it is no model that passes its check, BusyError while it is
    trained, FileNotFoundError without one.
    """
    from engine.vault.model_reader import ModelReader

    path = home.model(symbol)
    with FileLock(home.lock(symbol)) as lock, ModelReader(home) as reader:
        if not lock.acquire(f"doctor --repair of {symbol}, process {os.getpid()}"):
            holder = lock_text(lock.path)
            raise BusyError(f"{symbol} is in use by {holder or 'another process'}", "", holder)
        raw = read_bytes(path, MAX_FILE)
        key = make_key(home)
        if seal_owner(raw, key) is SealOwner.OWN:
            return False
        reader.read(path)
        write_atomic(path, sealed(image_of(raw), key), name="reseal")
    return True
