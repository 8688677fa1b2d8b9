"""The seal: this home's bytes are known, the key is made once, kept secret and never guessed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import FileError
from engine.core.paths import Home
from engine.vault.seal import (
    LINES,
    SealKey,
    SealOwner,
    image_of,
    is_whole,
    make_key,
    read_key,
    seal_owner,
    sealed,
    stated_key,
    usable_key,
)
from tests.helpers import environment

KEY, OTHER = SealKey(bytes(range(32))), SealKey(bytes(range(1, 33)))


@given(st.binary(max_size=2000))
def test_a_sealed_file_knows_its_home(image: bytes) -> None:
    """With its key a file is ours, with another it is not; without one nobody's."""
    raw = sealed(image, KEY)
    assert (image_of(raw), is_whole(raw)) == (image, True)
    assert seal_owner(raw, KEY) is SealOwner.OWN
    assert seal_owner(raw, OTHER) is SealOwner.OTHER
    assert seal_owner(raw, None) is SealOwner.OTHER
    assert stated_key(raw[-LINES:]) == KEY.id
    plain = sealed(image, None)
    assert (image_of(plain), is_whole(plain)) == (image, True)
    assert seal_owner(plain, KEY) is SealOwner.NONE


@given(st.data())
def test_a_changed_byte_is_never_ours(data: st.DataObject) -> None:
    """A byte changed anywhere breaks the checksum; with that made right again, the seal."""
    raw = bytearray(sealed(b"\x89HDF" + bytes(400), KEY))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    assert is_whole(bytes(raw)) is not True
    if at < len(raw) - 80 and (forged := sealed(bytes(raw[:-80]), None)):
        assert is_whole(forged) is True
        stated_only = forged[-LINES:-80].startswith(b"stockml-seal:" + KEY.id[:1].encode())
        assert seal_owner(forged, KEY) is not SealOwner.OWN or (stated_only and at >= 404)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    """32 random bytes, 0600, the same at each use; its text shows nothing."""
    home = Home(tmp_path)
    assert read_key(home) is None
    key = make_key(home)
    assert make_key(home) == read_key(home) == usable_key(home) == key
    assert len(key.secret) == 32 and len(set(key.secret)) > 8
    assert home.seal_key.stat().st_mode & 0o777 == 0o600
    assert key.secret.hex() not in repr(key) and repr(key.secret) not in repr(key)
    assert [path.name for path in home.data.iterdir()] == ["seal.key"]


_MAKE = """
import sys
from pathlib import Path
from engine.core.paths import Home
from engine.vault.seal import make_key
sys.stdin.read(1)
print(make_key(Home(Path(sys.argv[1]))).id)
"""


def test_two_processes_use_one_key(tmp_path: Path) -> None:
    """Of several processes that make the key at once all use the same."""
    command = [sys.executable, "-c", _MAKE, str(tmp_path)]
    running = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


@pytest.mark.parametrize(
    "broken", [b"", b"x", bytes(32), b"a" * 32, bytes(range(33)), b"\xff" * 4096]
)
def test_a_damaged_key_is_named_and_not_used(tmp_path: Path, broken: bytes) -> None:
    """A key of a wrong length or of one byte is a FileError; files are then not sealed."""
    home = Home(tmp_path)
    home.data.mkdir()
    home.seal_key.write_bytes(broken)
    home.seal_key.chmod(0o600)
    with pytest.raises(FileError, match=r"seal\.key"):
        make_key(home)
    assert usable_key(home) is None
    assert home.seal_key.read_bytes() == broken


def test_a_key_others_can_read_is_not_used(tmp_path: Path) -> None:
    """Mode 0644 is a FileError with the command that mends it; a link is none either."""
    home = Home(tmp_path)
    make_key(home)
    home.seal_key.chmod(0o644)
    with pytest.raises(FileError) as caught:
        read_key(home)
    assert caught.value.hint.startswith("chmod 600")
    home.seal_key.chmod(0o600)
    home.seal_key.rename(tmp_path / "elsewhere")
    home.seal_key.symlink_to(tmp_path / "elsewhere")
    assert usable_key(home) is None
