"""Publishing: the one way a model file becomes the live one.

Write and fsync a temporary file in the same folder → read it again, compare, the caller's check →
a backup holds the current file → rename → fsync the folder. After a kill at any point the old or
the new model is live, whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.core.anchor import check_held, make_folder
from engine.core.errors import FaultKind, ModelError, StockmlError, fault_kind
from engine.core.failpoints import failpoint
from engine.core.files import has_bytes, lock_holder, open_own, replace_with
from engine.core.paths import Home
from engine.core.records import ModelInfo
from engine.vault.backup import check_space, holds_copy
from engine.vault.backups import list_backups
from engine.vault.manifest import Manifest, NewerModelError, ParentModel, model_info
from engine.vault.model_file import Arrays, decode_model, encode_model
from engine.vault.model_reader import ModelReader
from engine.vault.network import KerasLayer
from engine.vault.seal import usable_key

_SPARE = 128 << 10  # bytes beside the new file and the copy of the old one: folders, manifests


def publish(
    home: Home,
    symbol: str,
    manifest: Manifest,
    layers: tuple[KerasLayer, ...],
    arrays: Arrays,
    backup: Callable[[], object],
    *,
    verify: Callable[[Path], None] | None = None,
    history_max: int = 0,
) -> ModelInfo:
    """Make these contents the live model of `symbol`, as the next generation.

    The caller holds `home.lock(symbol)`. `backup()` must leave a copy of the current file in a
    backup (see `backup.automatic`); it is called only when there is a file, and the copy is
    looked for afterwards. `verify(path)` checks the written file before it goes live.
    `history_max` is the highest generation that the history knows. Raises StockmlError (disk
    full, no backup) or ModelError; the live model is then untouched.
    """
    if manifest.symbol != symbol:
        raise ModelError(f"a model of {manifest.symbol} cannot be published as {symbol}")
    _check_locked(home, symbol)
    path = home.model(symbol)
    data = b""
    try:
        manifest = _numbered(home, manifest, history_max)
        manifest, data = encode_model(manifest, layers, arrays, usable_key(home))
        make_folder(path.parent)
        replaced_bytes = path.stat().st_size if path.exists() else 0
        check_space(path.parent, len(data) + replaced_bytes + _SPARE)
        replace_with(
            path,
            lambda temporary: _fill(home, temporary, manifest, data, backup, verify),
            name="publish",
        )
    except OSError as error:
        raise _failed(path, data, error) from error
    return model_info(manifest, len(data))


def _check_locked(home: Home, symbol: str) -> None:
    """StockmlError when the home went away, RuntimeError when the caller holds no lock."""
    path = home.model(symbol)
    try:
        check_held(path)
    except OSError as error:
        raise _failed(path, b"", error) from error
    if lock_holder(home.lock(symbol)) is None:
        raise RuntimeError(f"publish without the lock of {symbol}: take {home.lock(symbol)} first")


def _numbered(home: Home, manifest: Manifest, history_max: int) -> Manifest:
    """The manifest as the next generation, after the live model."""
    symbol = manifest.symbol
    with ModelReader(home) as reader:
        generation = highest_generation(home, symbol, reader, history_max) + 1
        parent = _parent(home.model(symbol), reader)
    return msgspec.structs.replace(manifest, generation=generation, parent=parent)


def _fill(
    home: Home,
    temporary: Path,
    manifest: Manifest,
    data: bytes,
    backup: Callable[[], object],
    verify: Callable[[Path], None] | None,
) -> None:
    """Everything between the temporary name and the rename."""
    path = home.model(manifest.symbol)
    if path.exists() and not path.is_file():
        raise StockmlError(f"{path} is not a file", "move it away, then train again")
    _write(temporary, data)
    _read_again(temporary, data)
    if verify:
        verify(temporary)
    failpoint("publish.verified")
    if path.exists():
        backup()
        failpoint("publish.backed_up")
        if not holds_copy(home, manifest.symbol):
            raise StockmlError(
                f"no backup holds the live model {path}, so it is not replaced",
                "stockml backup, then try again",
            )


def highest_generation(home: Home, symbol: str, reader: ModelReader, history_max: int = 0) -> int:
    """The highest generation of `symbol` in live file, backups and history; 0 without any."""
    highest = max(history_max, _generation(home.model(symbol), reader))
    for backup in list_backups(home.models):
        entry = backup.entry(symbol)
        if entry and backup.verified:
            highest = max(highest, entry.generation)
        elif entry:
            highest = max(highest, _generation(backup.path / entry.file, reader))
    return highest


def _generation(path: Path, reader: ModelReader) -> int:
    """The generation in a file, also a newer stockml's; 0 without a file that can be trusted.

    ModelError for a passing fault: a generation is never given twice.
    """
    try:
        return reader.read(path).manifest.generation
    except NewerModelError as error:
        return error.generation
    except FileNotFoundError:
        return 0
    except ModelError as error:
        if fault_kind(error) is FaultKind.UNREACHABLE:
            raise
        return 0


def _parent(path: Path, reader: ModelReader) -> ParentModel | None:
    try:
        manifest = reader.read(path).manifest
    except (FileNotFoundError, ModelError):
        return None
    return ParentModel(manifest.generation, manifest.digest)


def _write(path: Path, data: bytes) -> None:
    fd = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data[: len(data) // 2])
        failpoint("publish.half")
        file.write(data[len(data) // 2 :])
        file.flush()
        os.fsync(fd)
        # So that the reading after it asks the disk.
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    failpoint("publish.file")


def _read_again(path: Path, data: bytes) -> None:
    if not has_bytes(path, data):
        raise ModelError(f"{path} does not read back as it was written", "check the disk")
    decode_model(data, str(path))


def _failed(path: Path, data: bytes, error: OSError) -> StockmlError:
    """The error for the caller: once renamed, the new model is live."""
    words = error.strerror or str(error)
    if data and has_bytes(path, data):
        return StockmlError(
            f"{path} is the new model, but the disk did not confirm it: {words}",
            "check the disk, then train again",
        )
    return StockmlError(
        f"cannot publish {path}: {words}",
        "the live model is untouched; check the disk and its space",
    )
