"""What a file holds as text: unpacked, in its encoding, and refused by name where it is no text."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path

from engine.core.errors import FileError, NoDataError
from engine.core.reading import read_bytes
from engine.core.text import clean

MAX_BYTES = 32_000_000
"""Larger files are refused: a century of daily bars of one symbol is below 3 MB."""
_GZIP = b"\x1f\x8b"
_SAVE_AS = "open it in its program and save it as CSV"
_OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "save the sheet, or unpack it, as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SAVE_AS),
    (b"BZh", "compressed by bzip2", "unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it, or pack it with gzip"),
    (b"PAR1", "a Parquet file", _SAVE_AS),
    (b"\x89HDF", "an HDF5 file", _SAVE_AS),
    (b"%PDF", "a PDF document", _SAVE_AS),
    (b"SQLite", "a database", _SAVE_AS),
)
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Each code page below reads nearly any bytes: the header decides which of them was meant.
CODE_PAGES = ("cp1252", "cp1250", "cp1251", "cp1254", "cp932", "gb18030", "cp949", "cp850")


def shown_path(path: Path) -> str:
    """The path as messages show it: a folder's name is text from outside."""
    return clean(str(path), 300)


def unpacked_bytes(path: Path, *, links: bool = False) -> bytes:
    """The bytes of a file, unpacked where gzip packed them; `links`: it may be a link.

    Raises FileNotFoundError, and NoDataError for a file that is too large, empty or no text.
    """
    try:
        raw = read_bytes(path, MAX_BYTES, links=links)
        if raw.startswith(_GZIP):
            raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(MAX_BYTES + 1)
    except FileError as error:
        hint = error.hint or "a file of daily bars is plain text, and far smaller than 32 MB"
        raise NoDataError(error.message, hint) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NoDataError(
            f"cannot unpack {shown_path(path)}: {clean(str(error), 80)}",
            "copy the file again: it is cut or damaged",
        ) from error
    _check_kind(raw, path)
    return raw


def _check_kind(raw: bytes, path: Path) -> None:
    if len(raw) > MAX_BYTES:
        raise NoDataError(
            f"{shown_path(path)} unpacked is larger than {MAX_BYTES // 1_000_000} MB",
            "a file of daily bars is far smaller",
        )
    if not raw.strip(b"\0\t\n\r \xef\xbb\xbf\xff\xfe"):
        raise NoDataError(f"{shown_path(path)}: the file is empty", "export the bars again")
    kind, hint = _other_kind(raw)
    if kind:
        raise NoDataError(f"{shown_path(path)} is {kind}, not a CSV file", hint)


def _other_kind(raw: bytes) -> tuple[str, str]:
    """What the file is instead of CSV and the next step; two empty texts for text."""
    for mark, kind, hint in _OTHER_KINDS:
        if raw.startswith(mark):
            return kind, hint
    head = raw[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page or XML", "export the bars as CSV; a page cannot be read"
    if head.startswith((b"{", b"[")):
        return "JSON", "export the bars as CSV"
    return "", ""


def decoded(raw: bytes, path: Path, understood: Callable[[str], bool]) -> tuple[str, str]:
    """The text and its encoding: by its mark, as UTF-8, else the code page whose text is
    `understood`.

    Raises NoDataError where none is.
    """
    mark = next((name for mark, name in _MARKS if raw.startswith(mark)), None) or _wide(raw)
    try:
        return raw.decode(mark or "utf-8"), mark or "utf-8"
    except UnicodeDecodeError as error:
        position = error.start
    for name in () if mark else CODE_PAGES:
        text = raw.decode(name, "replace")
        if understood(text):
            return text, name
    raise NoDataError(
        f"{shown_path(path)} is not {(mark or 'UTF-8').upper()} text (byte {position}), and no code"
        " page gives its columns known names",
        "save it as CSV in UTF-8",
    )


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain text is zero."""
    head = raw[:200]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0) * 2 / len(head), head[1::2].count(0) * 2 / len(head)
    if odd > 0.8 and even < 0.2:
        return "utf-16-le"
    return "utf-16-be" if even > 0.8 and odd < 0.2 else None
