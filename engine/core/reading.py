"""The one way to read a small file: regular, bounded, UTF-8, not nested deeply, never blocking."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import Any, TypeVar

from engine.core.errors import FaultKind, FileError
from engine.core.text import clean

Document = TypeVar("Document")
MAX_BYTES = 1_000_000
"""The limit of a file that has none of its own: settings and facts are below 100 kB."""
MAX_DEPTH = 32
"""Arrays and tables inside each other; what stockml writes has at most six."""
_MAX_DOTS = 4_000_000
"""The squares of the dots a line, summed: tomllib's time grows so, to about a second here."""
_HINTS = {
    errno.EACCES: "check its owner and mode",
    errno.EPERM: "check its owner and mode",
    errno.EMFILE: "too many files are open here; it is read again at the next look",
    errno.ENFILE: "the machine has too many open files; it is read again at the next look",
}
_STRINGS = rb'(?s:"(?:[^"\\]++|\\.)*+"?)'
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read_bytes(
    path: Path, limit: int = MAX_BYTES, *, links: bool = False, private: bool = False
) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    `links` allows a link whose target nobody else can write, `private` asks for mode 0600. Raises
    FileNotFoundError where there is none, FileError for anything else, a dangling link too.
    """
    return read_file(path, limit, links=links, private=private)[0]


def read_file(
    path: Path, limit: int = MAX_BYTES, *, links: bool = False, private: bool = False
) -> tuple[bytes, os.stat_result]:
    """The bytes of a file as `read_bytes` reads them, and what the open file is."""
    fd = open_regular(path, links=links, private=private)
    try:
        status = os.fstat(fd)
        return _read_all(fd, path, limit), status
    except OSError as error:
        raise unreachable(path, error) from error
    finally:
        os.close(fd)


def read_text(
    path: Path, limit: int = MAX_BYTES, *, links: bool = False, private: bool = False
) -> str:
    """The text of a file as `read_bytes` reads it; FileError for a byte that is not UTF-8."""
    return decoded(read_bytes(path, limit, links=links, private=private), path)


def read_json(path: Path, kind: type[Document], limit: int = MAX_BYTES) -> Document:
    """The JSON document in a file as a `kind` (a Struct, `Any`, …); FileError when it is none."""
    return parse_json(read_bytes(path, limit), kind, path)


def read_toml(
    path: Path, limit: int = MAX_BYTES, *, links: bool = False, private: bool = False
) -> dict[str, Any]:
    """The table in a TOML file as `read_bytes` reads it; FileError when it is none."""
    return parse_toml(read_text(path, limit, links=links, private=private), path)


def read_end(path: Path, window: int, *, links: bool = False) -> bytes:
    """The last `window` bytes of a regular file of any size; the errors of `read_bytes`."""
    fd = open_regular(path, links=links)
    try:
        return os.pread(fd, window, max(0, os.fstat(fd).st_size - window))
    except OSError as error:
        raise unreachable(path, error) from error
    finally:
        os.close(fd)


def open_regular(path: Path, *, links: bool = False, private: bool = False) -> int:
    """A descriptor to read a regular file; the errors of `read_bytes`. The caller closes it."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    try:
        # Asked before it is opened as well: opening a device can act on it.
        _check(path, path.stat(follow_symlinks=links), private=private)
        fd = os.open(path, flags if links else flags | os.O_NOFOLLOW)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            raise
        raise unreachable(path, error) from error
    try:
        _check(path, os.fstat(fd), private=private)
        if links and path.is_symlink():
            _check_target(path, os.fstat(fd))
    except BaseException:
        os.close(fd)
        raise
    return fd


def unreachable(path: Path, error: OSError) -> FileError:
    """The passing fault `error` of reading `path`, with the next step where there is one."""
    dangling = isinstance(error, FileNotFoundError) and path.is_symlink()
    reason = "it is a link to nothing" if dangling else error.strerror or str(error)
    hint = _HINTS.get(error.errno or 0, "")
    return FileError(_shown(path), reason, FaultKind.UNREACHABLE, hint)


def damaged(path: Path, reason: str, hint: str = "") -> FileError:
    """The verdict that the bytes of `path` cannot be used."""
    return FileError(_shown(path), reason, FaultKind.DAMAGED, hint)


def decoded(raw: bytes, path: Path) -> str:
    """The text of bytes that were read from `path`; FileError when they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise damaged(path, f"byte {error.start} is not UTF-8 text") from error


def parse_json(raw: bytes, kind: type[Document], path: Path) -> Document:
    """The JSON document `raw` of `path` as a `kind`; FileError when it is none or too deep."""
    import msgspec  # 20 ms, which `--help` need not pay

    if _too_deep(raw):
        raise damaged(path, f"its brackets do not match, or are nested deeper than {MAX_DEPTH}")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise damaged(path, clean(str(error), 200)) from error


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The table that `text` of `path` says; FileError when it is no TOML or too deep."""
    try:
        return toml_tree(text)
    except ValueError as error:
        raise damaged(path, clean(str(error), 200)) from error


def toml_tree(text: str) -> dict[str, Any]:
    """The table that a TOML text says; ValueError for any text that is none, or too deep."""
    import tomllib

    if sum(line.count(".") ** 2 for line in text.splitlines()) > _MAX_DOTS:
        raise ValueError("it has too many dots in a line")
    deep = f"it is nested deeper than {MAX_DEPTH}"
    try:
        tree = tomllib.loads(text)  # ValueError, also for a number of 5,000 digits
    except RecursionError as error:
        raise ValueError(deep) from error
    if depth(tree) > MAX_DEPTH:
        raise ValueError(deep)
    return tree


def depth(tree: object) -> int:
    """How many tables and arrays of `tree` stand inside each other; MAX_DEPTH + 1 for more."""
    level = [tree]
    for deep in range(MAX_DEPTH + 1):
        inner = [node for node in level if isinstance(node, dict | list)]
        if not inner:
            return deep
        level = []
        for node in inner:
            level.extend(node.values() if isinstance(node, dict) else node)
    return MAX_DEPTH + 1


def _too_deep(raw: bytes) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    brackets = re.sub(_STRINGS, b"", raw).translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):  # each round takes the innermost level away
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _read_all(fd: int, path: Path, limit: int) -> bytes:
    parts = []
    room = limit + 1
    while room > 0 and (part := os.read(fd, min(room, MAX_BYTES))):
        parts.append(part)
        room -= len(part)
    if room <= 0:
        raise damaged(path, f"it is larger than the {limit:,} bytes that are read of it")
    return b"".join(parts)


def _check(path: Path, status: os.stat_result, *, private: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise damaged(path, f"it is {_kind_of(status.st_mode)}, not a file", "move it away")
    others = status.st_mode & 0o077
    if private and (others or status.st_uid not in {0, os.getuid()}):
        raise damaged(
            path,
            f"it can be read by others (mode {stat.S_IMODE(status.st_mode):o})",
            f"chmod 600 {_shown(path)}",
        )


def _check_target(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in {0, os.getuid()}:
        raise damaged(path, f"it is a link to a file of user id {status.st_uid}, not of yours")
    if status.st_mode & 0o022:
        raise damaged(
            path,
            f"it is a link to a file that others can write (mode {stat.S_IMODE(status.st_mode):o})",
            f"chmod go-w {_shown(path)}",
        )


def _kind_of(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def _shown(path: Path) -> str:
    return clean(str(path), 300)
