"""Reading model files: bytes that this home did not seal are checked in a process of their own.

A file made before there were keys, or another home's, costs that check once: what passed is kept in
the symbol's status, signed with this home's key. Loads numpy and h5py with the first file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from engine.core.errors import FaultKind, FileError, ModelError
from engine.core.paths import Home
from engine.core.reading import read_file
from engine.vault.checked_files import is_recorded, record
from engine.vault.records import MAX_FILE
from engine.vault.seal import SealKey, SealOwner, is_whole, seal_owner, usable_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.vault.inspection import Inspector
    from engine.vault.manifest import Manifest
    from engine.vault.model_file import StoredModel
    from engine.vault.network import KerasLayer

    Contents = tuple[Manifest, tuple[KerasLayer, ...], dict[str, NDArray[Any]]]


def read_model(home: Home, path: Path) -> StoredModel:
    """The model in `path`, as `ModelReader.read` has it."""
    with ModelReader(home) as reader:
        return reader.read(path)


class ModelReader:
    """Reads model files; as a context, so that its checking process ends."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._inspector: Inspector | None = None
        self._key: SealKey | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._inspector is not None:
            self._inspector.close()

    def read(self, path: Path) -> StoredModel:
        """The model in `path`, opened once: one whole file, even while it is replaced.

        Raises FileNotFoundError when there is none, ModelError (broken, unreachable, of another
        symbol; with the next step), its kinds ForeignModelError for a file that is not stockml's or
        not of this home and fails its check, NewerModelError for one of a newer stockml.
        """
        from engine.vault.model_file import (
            RESTORE,
            StoredModel,
            check_name,
            stat_key,
        )

        try:
            raw, status = read_file(path, MAX_FILE)
        except FileError as error:
            hint = "look again" if error.kind is FaultKind.UNREACHABLE else RESTORE
            raise ModelError(error.message, error.hint or hint) from error
        (manifest, layers, arrays), owner = self.decode(raw, path)
        check_name(path, manifest.symbol)
        return StoredModel(manifest, layers, arrays, len(raw), stat_key(status), owner)

    def decode(self, raw: bytes, path: Path) -> tuple[Contents, SealOwner]:
        """What the bytes of `path` hold, and who sealed them; errors as `read`."""
        from engine.vault.model_file import check_whole, decode_model

        check_whole(raw, str(path))
        if self._key is None:
            self._key = usable_key(self._home)
        owner = seal_owner(raw, self._key)
        if owner is not SealOwner.OWN:
            self._check_once(raw, path)
        return decode_model(raw, str(path)), owner

    def _check_once(self, raw: bytes, path: Path) -> None:
        """The check in the process, unless these bytes passed it before."""
        symbol = path.name.partition("_")[0].upper()
        live = path == self._home.model(symbol)
        sha256 = hashlib.sha256(raw).hexdigest()
        if self._key and live and is_recorded(self._home, symbol, sha256, self._key):
            return
        self._check(raw, str(path))
        if self._key and live:
            record(self._home, symbol, sha256, self._key)

    def _check(self, raw: bytes, origin: str) -> None:
        from engine.vault.inspection import Inspector
        from engine.vault.manifest import NewerModelError
        from engine.vault.model_file import ForeignModelError

        if self._inspector is None:
            self._inspector = Inspector()
        try:
            self._inspector.check(raw, origin)
        except FileError as error:
            raise ModelError(error.message, error.hint) from error
        except (ForeignModelError, NewerModelError):
            raise
        except ModelError as error:
            if not is_whole(raw):
                raise  # damaged: no telling whose it was
            message = f"{error.message}; this home did not seal it"
            raise ForeignModelError(message, error.hint) from error
