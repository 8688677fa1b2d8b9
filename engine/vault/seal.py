"""The seal: two lines after the HDF5 image of a model file, read before HDF5 sees a byte.

stockml-seal:<key id, 16 hex>:<HMAC-SHA256 of the image, 64 hex>     who wrote it
stockml-sha256:<SHA-256 of all before, 64 hex>                       whether it is whole

HDF5 ignores both, and a program that knows only the second reads the file as before.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.errors import FileError
from engine.core.files import create_once
from engine.core.paths import Home
from engine.core.reading import damaged, read_bytes

KEY_BYTES = 32
KEY_NAME = "seal.key"
"""Its name in the home, and beside a backup on another disk."""
_FEWEST_BYTES = (
    8  # different ones; a key of random bytes has about 30, one of zeros is a lost write
)
_SEAL_MARK = b"stockml-seal:"
_SUM_MARK = b"stockml-sha256:"
_SEAL = len(_SEAL_MARK) + 16 + 1 + 64 + 1
_SUM = len(_SUM_MARK) + 64 + 1
LINES = _SEAL + _SUM
"""Bytes of both lines."""
REPAIR = "stockml doctor --repair"


class SealOwner(StrEnum):
    """Whose key sealed a file."""

    OWN = "own"
    """This home's: its bytes are what stockml wrote here."""
    OTHER = "other"
    """Another home's, or one of this home that is lost."""
    NONE = "none"
    """Nobody's: made before there were keys, or by another program."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """The secret of one home."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The name of the key, which does not betray it."""
        return hashlib.sha256(b"stockml seal key " + self.secret).hexdigest()[:16]

    def sign(self, data: bytes) -> str:
        """The HMAC-SHA256 of `data`, in hex."""
        return hmac.new(self.secret, data, hashlib.sha256).hexdigest()


def sealed(image: bytes, key: SealKey | None) -> bytes:
    """The bytes of a model file; without a key nobody vouches for them."""
    data = image
    if key is not None:
        data += _SEAL_MARK + f"{key.id}:{key.sign(image)}\n".encode()
    return data + _checksum(data)


def image_of(raw: bytes) -> bytes:
    """The HDF5 image in the bytes of a model file."""
    return _parts(raw)[0]


def is_whole(raw: bytes) -> bool | None:
    """Whether the bytes match their checksum; None where it is missing."""
    if not _has_checksum(raw):
        return None
    return raw[-_SUM:] == _checksum(raw[:-_SUM])


def seal_owner(raw: bytes, key: SealKey | None) -> SealOwner:
    """Whose key sealed the bytes of a model file."""
    image, line = _parts(raw)
    if not line:
        return SealOwner.NONE
    stated = line.rpartition(b":")[2].strip()
    own = key is not None and hmac.compare_digest(stated, key.sign(image).encode())
    return SealOwner.OWN if own else SealOwner.OTHER


def stated_key(end: bytes) -> str:
    """The id of the key that sealed a file, by its last LINES bytes; '' where none did.

    It is only stated: whether it is true takes the key and the whole file.
    """
    line = end[-LINES:-_SUM]
    return line[len(_SEAL_MARK) :][:16].decode("ascii", "replace") if _is_seal(line) else ""


def read_key(home: Home) -> SealKey | None:
    """This home's key; None where there is none, FileError where it cannot be used."""
    try:
        secret = read_bytes(home.seal_key, KEY_BYTES, private=True)
    except FileNotFoundError:
        return None
    if len(secret) != KEY_BYTES or len(set(secret)) < _FEWEST_BYTES:
        raise damaged(home.seal_key, f"it is not {KEY_BYTES} random bytes", REPAIR)
    return SealKey(secret)


def make_key(home: Home) -> SealKey:
    """This home's key, made where there is none; FileError, or OSError when the disk fails."""
    if key := read_key(home):
        return key
    create_once(home.seal_key, secrets.token_bytes(KEY_BYTES), mode=0o600)
    made = read_key(home)
    if made is None:
        raise damaged(home.seal_key, "it went away", REPAIR)
    return made


def usable_key(home: Home) -> SealKey | None:
    """This home's key, made where there is none; None where it cannot be used or made.

    `health` names the reason. Files are then written unsealed, and read as unknown ones.
    """
    try:
        return make_key(home)
    except (FileError, OSError):
        return None


def _checksum(data: bytes) -> bytes:
    return _SUM_MARK + hashlib.sha256(data).hexdigest().encode() + b"\n"


def _has_checksum(raw: bytes) -> bool:
    return raw[-_SUM:].startswith(_SUM_MARK)


def _is_seal(line: bytes) -> bool:
    return len(line) == _SEAL and line.startswith(_SEAL_MARK) and line.endswith(b"\n")


def _parts(raw: bytes) -> tuple[bytes, bytes]:
    """The image, and the line of the seal where there is one."""
    data = raw[:-_SUM] if _has_checksum(raw) else raw
    line = data[-_SEAL:]
    return (data[:-_SEAL], line) if _is_seal(line) else (data, b"")
