"""The end of a log file under rotation, truncation and hostile content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.core.tail import FileTail


def test_an_absent_file_is_reported(tmp_path: Path) -> None:
    """No file is no error, but it is named."""
    assert "does not exist yet" in FileTail(tmp_path / "training.log").read().problem


def test_an_unreadable_path_is_reported(tmp_path: Path) -> None:
    """A folder where the file should be is named with the reason."""
    assert "cannot read" in FileTail(tmp_path).read().problem


def test_growth_rotation_and_truncation_are_followed(tmp_path: Path) -> None:
    """The reader follows the name: appended, replaced and emptied files all show their own
    lines."""
    path = tmp_path / "training.log"
    tail = FileTail(path)
    path.write_text("one\n")
    assert tail.read().lines == ("one",)
    path.write_text("one\ntwo\n")
    assert tail.read().lines == ("one", "two")
    path.rename(tmp_path / "training.log.1")
    path.write_text("three\n")
    assert tail.read().lines == ("three",)
    os.truncate(path, 0)
    assert tail.read().lines == ()


def test_a_limited_number_of_lines_is_kept(tmp_path: Path) -> None:
    """The newest of them, cleaned, of the file that has the name now."""
    log = tmp_path / "a.log"
    tail = FileTail(log, window=64, max_lines=2)
    assert () == tail.read().lines

    log.write_text("one\ntwo\n\x1b[2Jthree\n")
    assert ("two", "three") == tail.read().lines
    assert tail.read().cut
    log.write_text("x\n")
    assert ("x",) == tail.read().lines
    assert not tail.read().cut
    log.rename(tmp_path / "a.log.1")
    log.write_text("y" * 100 + "\nlast\n")
    assert ("last",) == tail.read().lines


def test_a_large_file_costs_only_its_window(tmp_path: Path) -> None:
    """Only the last bytes are read, whole lines only, and the cut is told."""
    path = tmp_path / "training.log"
    path.write_text("".join(f"line {n}\n" for n in range(1000)))
    tail = FileTail(path, window=100).read()

    assert tail.cut
    assert tail.lines[-1] == "line 999"
    assert all(text.startswith("line ") for text in tail.lines)


def test_lines_are_cleaned(tmp_path: Path) -> None:
    """Escape codes, bad UTF-8 and endless lines are tamed before anything shows them."""
    path = tmp_path / "training.log"
    path.write_bytes(b"\x1b[2Jred\xff\xfe\n" + b"x" * 50_000 + b"\n")
    first, second = FileTail(path).read().lines

    assert "\x1b" not in first
    assert first.startswith("red")
    assert len(second) <= 1000


@pytest.mark.parametrize(("length", "window"), [(5000, 1000), (500, 100)])
def test_a_last_line_longer_than_the_window_shows_its_end(
    tmp_path: Path, length: int, window: int
) -> None:
    """Where the window holds nothing but a part of one line, the end of that part is shown."""
    path = tmp_path / "training.log"
    path.write_text("first\n" + "x" * length + " the end\n")
    (line,) = FileTail(path, window).read().lines

    assert line.startswith("…x")
    assert line.endswith(" the end")
