"""The index of a log file: every line found, growth followed, rotation and truncation survived."""

from __future__ import annotations

import os
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.logs.file import LogFile, read_time
from tui.logs.matches import ERRORS, Matches


def whole(path: Path) -> LogFile:
    """The file with its whole index."""
    file = LogFile(path)
    while not file.complete and not file.problem:
        file.update()
    return file


def lines_of(file: LogFile) -> list[str]:
    return [file.line(number) for number in range(len(file))]


@given(
    st.lists(
        st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"")),
        max_size=60,
    ),
    st.booleans(),
)
def test_every_line_is_indexed(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], ended: bool
) -> None:
    """Whatever bytes stand in it, the index has each line once, in order;
    matches are those of a plain loop."""
    path = tmp_path_factory.mktemp("log") / "some.log"
    data = b"\n".join(rows) + (b"\n" if ended and rows else b"")
    path.write_bytes(data)
    wanted = data.removesuffix(b"\n").split(b"\n") if data else []
    file = whole(path)
    matches, without = Matches.of("a"), Matches.of("!a")
    file.search(matches)
    file.search(without)

    assert [file._raw(number) for number in range(len(file))] == wanted
    assert list(matches.lines) == [at for at, row in enumerate(wanted) if b"a" in row.lower()]
    assert list(without.lines) == [at for at, row in enumerate(wanted) if b"a" not in row.lower()]


def test_growth_in_pieces(tmp_path: Path) -> None:
    """Appended bytes, also half lines, give the same index and matches as reading the whole file
    once."""
    path = tmp_path / "some.log"
    path.write_bytes(b"")
    file, matches = LogFile(path), Matches(ERRORS)
    with path.open("ab") as writer:
        for piece in (b"one\ntw", b"o fail", b"ed\n", b"three error\nfour", b"\n", b"five"):
            writer.write(piece)
            writer.flush()
            file.update()
            if not file.problem:
                file.search(matches)

    assert lines_of(file) == ["one", "two failed", "three error", "four", "five"]
    assert list(matches.lines) == [1, 2]


def test_rotation_and_truncation(tmp_path: Path) -> None:
    """A file of another inode, or one that became shorter, is begun anew;
    a removed one is said, and comes back."""
    path = tmp_path / "some.log"
    path.write_text("old 1\nold 2\n")
    file = whole(path)
    path.rename(tmp_path / "some.log.1")
    path.write_text("new 1\nnew 2\nnew 3\n")
    file.update()
    assert lines_of(file) == ["new 1", "new 2", "new 3"]
    path.write_text("cut\n")
    file.update()
    assert lines_of(file) == ["cut"]
    path.unlink()
    file.update()
    assert "does not exist" in file.problem
    path.write_text("again\n")
    file.update()
    assert (lines_of(file), file.problem, file.turns) == (["again"], "", 4)


def test_a_large_file_shows_its_end_at_once(tmp_path: Path) -> None:
    """The first look reads the end alone;
    the second has every line, in 8 bytes each, and tells how many came before."""
    path = tmp_path / "some.log"
    count = 60_000
    with path.open("w") as writer:
        writer.writelines(
            f"2026-11-20 12:{at // 60 % 60:02d}:{at % 60:02d} line {at}\n" for at in range(count)
        )
    file = LogFile(path)
    file.update()
    known = len(file)
    assert not file.complete
    assert 0 < known < count
    assert file.line(known - 1).endswith(f"line {count - 1}")
    tracemalloc.start()
    before = file.update()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert file.complete
    assert len(file) == count
    assert before == count - known
    assert file.line(0).endswith("line 0")
    assert kept < 1_200_000
    matches = Matches.of("line 1234")
    file.search(matches)
    assert len(matches.lines) == 11
    assert matches.after(1234) == 12340
    assert matches.before(12340) == 1234


def test_lines_are_cleaned_and_cut(tmp_path: Path) -> None:
    """Escape codes never leave the file, a progress bar shows its last state, a huge line its
    beginning."""
    path = tmp_path / "some.log"
    path.write_bytes(b"\x1b[2Jbad\x9b31m\n10%\r20%\r30%\n" + b"x" * 90_000 + b"\nlast\n")
    file = whole(path)

    assert lines_of(file)[1] == "30%"
    assert not set(lines_of(file)[0]) & {"\x1b", "\x9b"}
    assert len(file.line(2)) == 4000
    assert file.line(3) == "last"


def test_jump_to_a_time(tmp_path: Path) -> None:
    """The first line that is not older, also among lines that tell no time."""
    path = tmp_path / "some.log"
    path.write_text(
        "[INFO] 2026-11-20 10:00:00 - a\n  more\n[INFO] 2026-11-20 12:00:00 - b\n  more\n[INFO]"
        " 2026-11-21 09:00:00 - c\n"
    )
    file = whole(path)

    assert file.at_time(datetime(2026, 11, 20, 12)) in (1, 2)
    assert file.at_time(datetime(2026, 11, 20, 12, 1)) in (3, 4)
    assert file.at_time(datetime(2026, 11, 19)) == 0
    assert file.at_time(datetime(2027, 1, 1)) == 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("09:30", datetime(2026, 11, 21, 9, 30)),
        ("23:00", datetime(2026, 11, 20, 23)),
        ("11-20 14:00", datetime(2026, 11, 20, 14)),
        ("2026-11-19", datetime(2026, 11, 19)),
        ("2026-11-19T08:15:30", datetime(2026, 11, 19, 8, 15, 30)),
        ("soon", None),
        ("25:00", None),
    ],
)
def test_times_as_people_type_them(text: str, found: datetime | None) -> None:
    """A time of day is the newest one before the log's end; dates are taken as they are."""
    assert read_time(text, datetime(2026, 11, 21, 10)) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("trained MP in 3 s", True),
        ("symbol=MP", True),
        ("SMP rises", False),
        ("MP.B split", False),
        ("about MP.", True),
        ("MPX", False),
    ],
)
def test_lines_of_a_symbol_name_it_as_a_word(line: str, found: bool) -> None:
    """MP is not found inside another symbol."""
    matches = Matches.of("=MP")

    assert bool(matches.pattern.search(line.encode())) is found


def test_a_line_of_forty_megabytes_is_searched_in_small_memory(tmp_path: Path) -> None:
    """A line without an end costs two blocks of memory, and the lines behind it are found."""
    path = tmp_path / "some.log"
    with path.open("wb") as log:
        log.truncate(40 * 2**20)
        log.seek(40 * 2**20)
        log.write(b"\nNVDA here\n")
    file, matches = whole(path), Matches.of("=NVDA")
    tracemalloc.start()
    file.search(matches)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert list(matches.lines) == [1]
    assert peak < 8 * 2**20


def test_matches_of_the_end_keep_their_lines_when_the_beginning_is_read(tmp_path: Path) -> None:
    """What matched in the end of a large file stands at its number in the whole file, before
    that one is searched."""
    path = tmp_path / "some.log"
    path.write_text(
        "".join(f"line {n}{' error' if n % 1000 == 0 else ''} {'x' * 60}\n" for n in range(20_000))
    )
    file, matches = LogFile(path), Matches(ERRORS)
    assert file.update() == 0
    file.search(matches)
    found = [file.line(at) for at in matches.lines]
    moved = matches.moved(file.update())

    assert found
    assert [file.line(at) for at in moved.lines] == found
    assert moved.upto == len(file)


def test_a_rotated_file_is_closed_with_its_last_user(tmp_path: Path) -> None:
    """A drawing that still reads the old file can; without one nothing stays open."""

    def open_there() -> int:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum(str(link.readlink()).startswith(str(path)) for link in links)

    path = tmp_path / "some.log"
    path.write_text("old\n")
    file = whole(path)
    old = file._open_file
    path.rename(tmp_path / "some.log.1")
    path.write_text("new\n")
    file.update()
    assert old is not None
    assert (os.pread(old.number, 3, 0), lines_of(file)) == (b"old", ["new"])
    assert open_there() == 2
    del old
    assert open_there() == 1
