"""Which file of a symbol passed its check, kept in the symbol's status under this home's key."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import Any

import msgspec

from engine.core.errors import FileError
from engine.core.files import write_json
from engine.core.paths import Home
from engine.core.reading import read_json
from engine.vault.seal import SealKey

_FIELD = "checked"


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The SHA-256 of a file that passed, and the HMAC that says this home saw it."""

    sha256: str
    seal: str


def is_recorded(home: Home, symbol: str, sha256: str, key: SealKey) -> bool:
    """Whether these bytes passed the check in this home."""
    kept = _stored(home, symbol)
    return (
        kept is not None
        and kept.sha256 == sha256
        and hmac.compare_digest(kept.seal.encode(), _signature(sha256, key).encode())
    )


def record(home: Home, symbol: str, sha256: str, key: SealKey) -> None:
    """Keep that these bytes passed; a full disk only costs the next reader a check."""
    checked = CheckedFile(sha256=sha256, seal=_signature(sha256, key))
    with suppress(OSError):
        tree = {**_tree(home, symbol), _FIELD: msgspec.to_builtins(checked)}
        write_json(home.status(symbol), tree, name="status")


def check_field(home: Home, symbol: str) -> dict[str, Any]:
    """The record as a new text of the status must keep it; empty where there is none."""
    kept = _stored(home, symbol)
    return {_FIELD: msgspec.to_builtins(kept)} if kept else {}


def _stored(home: Home, symbol: str) -> CheckedFile | None:
    try:
        return msgspec.convert(_tree(home, symbol).get(_FIELD), CheckedFile | None)
    except msgspec.ValidationError:
        return None


def _signature(sha256: str, key: SealKey) -> str:
    return key.sign(b"checked:" + sha256.encode())


def _tree(home: Home, symbol: str) -> dict[str, Any]:
    try:
        return read_json(home.status(symbol), dict[str, Any])
    except (FileNotFoundError, FileError):
        return {}
