"""What a file holds as text, and what is no text."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.core.errors import NoDataError
from engine.market.dialects import content
from engine.market.dialects.content import decoded, unpacked_bytes

TEXT = "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n20.02.2024;1;2;1;2;5\n"


def content_of(folder: Path, raw: bytes) -> bytes:
    path = folder / "MP.csv"
    path.write_bytes(raw)
    return unpacked_bytes(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_known_by_its_mark_or_its_zeros(encoding: str, tmp_path: Path) -> None:
    """Without asking whether the text is understood."""
    raw = content_of(tmp_path, TEXT.encode(encoding))
    assert decoded(raw, tmp_path, lambda _: False)[0] == TEXT


def test_a_code_page_is_known_by_a_text_that_is_understood(tmp_path: Path) -> None:
    """Of all that can decode the bytes, the one with known names."""
    raw = TEXT.replace("Eröffnung", "Открытие").encode("cp1251")
    assert decoded(raw, tmp_path, lambda text: "Открытие" in text)[1] == "cp1251"


def test_bytes_that_nobody_understands_are_refused(tmp_path: Path) -> None:
    """With the place of the first one."""
    with pytest.raises(NoDataError, match=r"not UTF-8 text \(byte 4\)"):
        decoded(b"date\xff", tmp_path, lambda _: False)
    with pytest.raises(NoDataError, match="not UTF-16 text"):
        decoded(b"\xff\xfed", tmp_path, lambda _: False)


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    """By its first bytes."""
    assert content_of(tmp_path, gzip.compress(TEXT.encode())) == TEXT.encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\r\n", "the file is empty"),
        (b"PK\x03\x04sheet", "an Excel workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0sheet", "an old Excel workbook"),
        (b"  <!DOCTYPE html>", "a web page or XML"),
        (b'{"chart": {}}', "JSON"),
        (b"PAR1", "a Parquet file"),
        (b"\x1f\x8bcut", "cannot unpack"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "cannot unpack"),
        (gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20, "cannot unpack"),
    ],
)
def test_what_is_no_csv_is_named(raw: bytes, words: str, tmp_path: Path) -> None:
    """The kind of the file and the next step."""
    with pytest.raises(NoDataError, match=words) as caught:
        content_of(tmp_path, raw)
    assert "MP.csv" in caught.value.message
    assert caught.value.hint


def test_huge_files_are_refused_packed_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beyond the limit is refused before it fills the memory."""
    monkeypatch.setattr(content, "MAX_BYTES", 100)
    for raw in (b"x" * 101, gzip.compress(b"x" * 10_000)):
        with pytest.raises(NoDataError, match="larger than"):
            content_of(tmp_path, raw)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """In words, not a traceback; a missing file is left to the caller."""
    with pytest.raises(NoDataError, match="cannot read"):
        unpacked_bytes(tmp_path)
    with pytest.raises(FileNotFoundError):
        unpacked_bytes(tmp_path / "none")
