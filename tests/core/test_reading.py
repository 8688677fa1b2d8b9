"""Reading a small file: what is no file, too large, no text or too deep is a typed error."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import FaultKind, FileError, ModelError, StockmlError, fault_kind
from engine.core.reading import (
    MAX_DEPTH,
    depth,
    parse_json,
    parse_toml,
    read_bytes,
    read_json,
    read_text,
    read_toml,
)

AT = Path("home/stockml.toml")


class Facts(msgspec.Struct):
    symbol: str
    rows: int = 0


def failure(action: Callable[[], object]) -> FileError:
    with pytest.raises(FileError) as raised:
        action()
    return raised.value


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Bytes, text, JSON and TOML come as they are."""
    path = tmp_path / "facts"
    path.write_bytes(b'{"symbol": "NVDA", "rows": 2}')

    assert read_bytes(path) == path.read_bytes()
    assert read_text(path) == path.read_text()
    assert read_json(path, Facts) == Facts("NVDA", 2)
    path.write_text('name = "é"')
    assert read_toml(path) == {"name": "é"}


def test_no_file_is_no_damage(tmp_path: Path) -> None:
    """Where there is none the caller decides."""
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "absent")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has at most 107 bytes
    try:
        server.bind(path.name)
    finally:
        os.chdir(here)
        server.close()


THINGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (a_pipe, "it is a pipe, not a file"),
    "folder": (Path.mkdir, "it is a folder, not a file"),
    "socket": (a_socket, "it is a socket, not a file"),
    "link": (lambda path: path.symlink_to(path.parent / "target"), "it is a link, not a file"),
    "loop": (lambda path: path.symlink_to(path), "it is a link, not a file"),
    "dangling": (lambda path: path.symlink_to("nowhere"), "it is a link, not a file"),
}


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_named(tmp_path: Path, thing: str) -> None:
    """Nothing blocks, and the message has file and kind."""
    path = tmp_path / "status.json"
    (tmp_path / "target").write_text("{}")
    make, reason = THINGS[thing]
    make(path)

    fault = failure(lambda: read_bytes(path))

    assert fault.reason == reason
    assert str(path) in fault.message
    assert fault.kind is FaultKind.DAMAGED


LINKED = {
    "/dev/zero": "it is a device, not a file",
    "loop": "Too many levels of symbolic links",
    "nowhere": "it is a link to nothing",
    ".": "it is a folder, not a file",
    "pipe": "it is a pipe, not a file",
}


@pytest.mark.parametrize("target", LINKED)
def test_the_target_of_a_link_is_looked_at(tmp_path: Path, target: str) -> None:
    """Where a link is allowed, what it names must be a file."""
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "loop"
    path.symlink_to(target)

    assert failure(lambda: read_bytes(path, links=True)).reason == LINKED[target]


def test_a_link_to_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    """Dotfiles are links; a target that others can write is refused."""
    target = tmp_path / "dotfiles.toml"
    target.write_text("a = 1")
    path = tmp_path / "stockml.toml"
    path.symlink_to(target)

    assert read_toml(path, links=True) == {"a": 1}
    target.chmod(0o666)
    assert "others can write (mode 666)" in failure(lambda: read_toml(path, links=True)).reason


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_link_to_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """Somebody else's file could be changed by them."""
    target = tmp_path / "theirs.toml"
    target.write_text("a = 1")
    os.chown(target, 65534, -1)
    path = tmp_path / "stockml.toml"
    path.symlink_to(target)

    assert "user id 65534" in failure(lambda: read_toml(path, links=True)).reason


def test_a_private_file_is_nobody_elses(tmp_path: Path) -> None:
    """Secrets that others can read are refused with the command that mends it."""
    path = tmp_path / "secrets.toml"
    path.write_text("a = 1")
    path.chmod(0o640)

    assert failure(lambda: read_toml(path, private=True)).hint == f"chmod 600 {path}"
    path.chmod(0o600)
    assert read_toml(path, private=True) == {"a": 1}


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    """Eight sparse gigabytes cost a few bytes more than the limit."""
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(8 * 2**30)

    assert "larger than the 100 bytes" in failure(lambda: read_bytes(path, 100)).reason


def test_the_limit_is_inclusive(tmp_path: Path) -> None:
    """A file of exactly the limit is read."""
    path = tmp_path / "full"
    path.write_bytes(b"x" * 100)

    assert len(read_bytes(path, 100)) == 100
    assert failure(lambda: read_bytes(path, 99)).kind is FaultKind.DAMAGED


def test_a_byte_that_is_no_text_is_named(tmp_path: Path) -> None:
    """UTF-8 in text, JSON and TOML alike."""
    path = tmp_path / "facts.json"
    path.write_bytes(b'{"symbol": "N\xff"}')

    assert failure(lambda: read_text(path)).reason == "byte 13 is not UTF-8 text"
    assert failure(lambda: read_json(path, Facts)).kind is FaultKind.DAMAGED
    assert failure(lambda: read_toml(path)).kind is FaultKind.DAMAGED


@pytest.mark.parametrize("kind", [Any, dict[str, Any], Facts])
@pytest.mark.parametrize("deep", [MAX_DEPTH + 1, 10_000])
def test_deep_json_is_refused(kind: Any, deep: int) -> None:
    """No recursion reaches its end, and no reader of the tree meets it."""
    for text in ("[" * deep + "]" * deep, '{"symbol":' * deep + "1" + "}" * deep):
        raw = text.encode()
        assert "nested" in failure(partial(parse_json, raw, kind, AT)).reason


def test_brackets_in_texts_are_no_depth() -> None:
    """Quotes, escaped ones too, hide them; a wide document is not a deep one."""
    raw = msgspec.json.encode({"symbol": '[\\"{' * 100, "all": [[1]] * 100})

    assert parse_json(raw, Facts, AT).symbol.startswith("[")


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 10_000,
        "a=" + "{a=" * 10_000,
        "a=" + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        ".".join("a" * (MAX_DEPTH + 2)) + "=1",
        ".".join("a" * 400_000) + "=1",
        "a=" + "9" * 5000,
        "a=\0",
        "a",
    ],
    ids=lambda text: text[:12],
)
def test_strange_toml_is_refused_at_once(text: str) -> None:
    """Deep, long, half or with NULs: an error, in less than a second."""
    assert failure(lambda: parse_toml(text, AT)).kind is FaultKind.DAMAGED


@given(st.recursive(st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_depth_counts_levels(tree: Any) -> None:
    """The depth is that of the brackets in its JSON text."""

    def levels(node: Any) -> int:
        inner = list(node.values() if isinstance(node, dict) else node or ())
        return 0 if node is None else 1 + max(map(levels, inner), default=0)

    assert depth(tree) == min(levels(tree), MAX_DEPTH + 1)


@given(st.binary())
def test_any_bytes_are_a_document_or_damaged(raw: bytes) -> None:
    """No other error comes out of the parsers."""
    for parse in (
        lambda: parse_json(raw, Any, AT),
        lambda: parse_json(raw, Facts, AT),
        lambda: parse_toml(raw.decode("latin-1"), AT),
    ):
        try:
            parse()
        except FileError as error:
            assert error.kind is FaultKind.DAMAGED


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.ENOSPC, errno.EACCES]
)
def test_a_passing_fault_is_told_from_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is unreachable, also as the cause of another error; only EACCES asks for the mode."""
    path = tmp_path / "nvda.h5"
    path.write_bytes(b"")

    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    fault = failure(lambda: read_bytes(path))

    assert (fault.kind, fault.reason) == (FaultKind.UNREACHABLE, os.strerror(number))
    assert (fault.hint == "check its owner and mode") == (number == errno.EACCES)
    try:
        raise ModelError("nvda") from fault
    except StockmlError as error:
        assert fault_kind(error) is FaultKind.UNREACHABLE


def test_an_error_without_a_cause_is_a_verdict() -> None:
    """A model that says wrong things stays wrong."""
    assert fault_kind(ModelError("a wrong digest")) is FaultKind.DAMAGED
    assert fault_kind(MemoryError()) is FaultKind.UNREACHABLE


def test_a_descriptor_is_never_left_open(tmp_path: Path) -> None:
    """Refused files are closed again."""
    path = tmp_path / "secrets.toml"
    path.write_text("")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(20):
        failure(lambda: read_bytes(path, private=True))
        failure(lambda: read_bytes(tmp_path))

    assert len(list(Path("/proc/self/fd").iterdir())) == before
