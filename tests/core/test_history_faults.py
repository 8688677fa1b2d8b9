"""history.db when its writer is killed, its disk is full, somebody else writes: nothing
acknowledged is ever lost."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from engine.core import history
from engine.core.errors import FaultKind, FileError, StockmlError
from engine.core.history import Schema, open_history, reading, transaction
from engine.core.paths import Home
from tests.helpers import environment

SCHEMA = Schema("one", (("CREATE TABLE one_rows (value INTEGER, text TEXT)",),))
_WRITER = """
import sys
from pathlib import Path
from contextlib import closing
from engine.core.history import Schema, open_history, transaction
from engine.core.paths import Home
from tests.core.test_history_faults import SCHEMA
home, start = Home(Path(sys.argv[1])), int(sys.argv[2])
for value in range(start, start + 100_000):
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        connection.execute("INSERT INTO one_rows VALUES (?, ?)", (value, "x" * 3000))
    print(value, flush=True)
"""
# Enough rows that pages go to the file before the end of the transaction, as they do in a large
# one.
_HALF = """
import os, signal, sys
from pathlib import Path
from engine.core.history import open_history
from engine.core.paths import Home
from tests.core.test_history_faults import SCHEMA
connection = open_history(Home(Path(sys.argv[1])), SCHEMA)
connection.execute("PRAGMA cache_size=1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE one_rows SET value = -1")
connection.executemany("INSERT INTO one_rows VALUES (?, ?)", [(-2, "y" * 500)] * 2000)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def add(home: Home, *values: int) -> None:
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        connection.executemany(
            "INSERT INTO one_rows VALUES (?, '')", [(value,) for value in values]
        )


def values(home: Home) -> list[int]:
    with reading(home, SCHEMA) as connection:
        assert connection is not None
        return [row[0] for row in connection.execute("SELECT value FROM one_rows ORDER BY rowid")]


def test_a_writer_killed_at_any_moment_loses_no_acknowledged_row(home: Home) -> None:
    """Ten writers are killed in the middle;
    every row whose commit was told stands, once, and the file is whole."""
    chance = random.Random(5)
    acknowledged: list[int] = []
    for number in range(10):
        line = [sys.executable, "-c", _WRITER, str(home.root), str(number * 100_000)]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment()) as writer:
            assert writer.stdout is not None
            acknowledged.append(int(writer.stdout.readline()))
            time.sleep(
                chance.random() * 0.02
            )  # the moment is the subject, not a wait for something
            writer.kill()
            acknowledged += [
                int(text)
                for text in writer.stdout.read().splitlines(keepends=True)
                if text.endswith("\n")
            ]
    stored = values(home)
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored)) <= len(acknowledged) + 10
    with closing(sqlite3.connect(home.history)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_reader_sees_nothing_of_a_killed_transaction(home: Home) -> None:
    """A journal that a killed writer left is rolled back by whoever looks next, also by one that
    only looks."""
    add(home, *range(500))
    assert (
        subprocess.run(
            [sys.executable, "-c", _HALF, str(home.root)], env=environment(), check=False
        ).returncode
        == -9
    )
    assert Path(f"{home.history}-journal").stat().st_size > 0
    assert values(home) == list(range(500))


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Home, Path]]:
    """A home on a file system of 1 MB, and the file that fills it up when a test writes it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs: {done.stderr.decode().strip()}")
    yield Home(folder / "home"), folder / "ballast"
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_reported_and_stored_rows_are_read(full: tuple[Home, Path]) -> None:
    """Writing fails in words and changes nothing, reading goes on, and with space again writing
    works."""
    home, ballast = full
    add(home, 1, 2)
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(StockmlError, match=r"history\.db") as caught:
        add(home, *range(3, 5000))
    assert "free disk space" in caught.value.hint
    assert values(home) == [1, 2]
    ballast.unlink()
    add(home, 3)
    assert values(home) == [1, 2, 3]


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_file_is_waited_for_and_then_reported(
    home: Home, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    """A second writer gives up in words after its patience;
    a reader is kept out only while pages are being written."""
    monkeypatch.setattr(history, "WRITER_WAIT_S", 0.2)
    monkeypatch.setattr(history, "READER_WAIT_S", 0.2)
    add(home, 1)
    with closing(sqlite3.connect(home.history, isolation_level=None)) as holder:
        holder.execute(f"BEGIN {lock}")
        with pytest.raises(StockmlError, match="locked") as caught:
            add(home, 2)
        assert "another process writes it" in caught.value.hint
        if lock == "IMMEDIATE":
            assert values(home) == [1]
        else:
            with pytest.raises(StockmlError, match="locked"):
                values(home)
    add(home, 2)
    assert values(home) == [1, 2]


def test_a_commit_blocked_by_a_reader_is_rolled_back_and_can_be_retried(home: Home) -> None:
    """A reader in the middle of its rows keeps a commit out;
    the connection is free again and the next one goes through."""
    add(home, 1)
    with (
        closing(open_history(home, SCHEMA)) as writer,
        closing(sqlite3.connect(home.history)) as reader,
    ):
        writer.execute("PRAGMA busy_timeout=50")
        rows = reader.execute("SELECT value FROM one_rows UNION ALL SELECT 7")
        rows.fetchone()
        with pytest.raises(StockmlError, match="locked"), transaction(writer):
            writer.execute("INSERT INTO one_rows VALUES (2, '')")
        rows.close()
        with transaction(writer):
            writer.execute("INSERT INTO one_rows VALUES (3, '')")
    assert values(home) == [1, 3]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where nobody may")
def test_an_unwritable_folder_is_reported(home: Home) -> None:
    """Without permission writing fails in words; reading goes on."""
    add(home, 1)
    home.data.chmod(0o500)
    with pytest.raises(StockmlError, match=r"history\.db"):
        add(home, 2)
    assert values(home) == [1]


@pytest.mark.parametrize("thing", ["pipe", "link", "dangling link", "folder"])
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path, thing: str) -> None:
    """Neither a reader nor a writer opens a pipe, or a database through a link."""
    home = Home(tmp_path)
    home.data.mkdir()
    target = tmp_path / "elsewhere.db"
    if thing == "pipe":
        os.mkfifo(home.history)
    elif thing == "folder":
        home.history.mkdir()
    else:
        home.history.symlink_to(target)
    if thing == "link":
        target.write_bytes(b"")

    with pytest.raises(FileError, match=r"history\.db: it is no file"), reading(home, SCHEMA):
        pass
    with pytest.raises(FileError, match=r"history\.db: it is no file"):
        open_history(home, SCHEMA)
    assert not target.exists() or target.read_bytes() == b""


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free disk space"),
        (errno.EMFILE, "too many files are open"),
        (errno.EACCES, "owner and mode"),
    ],
)
def test_a_fault_of_the_moment_has_its_own_next_step(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    """A lack of descriptors is not told as one of permissions, nor a full disk as either; none of
    them is damage."""

    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(home.history))

    add(home, 1)
    monkeypatch.setattr(Path, "lstat", fails)
    with pytest.raises(StockmlError) as caught:
        values(home)
    assert hint in caught.value.hint
    assert "doctor --repair" not in caught.value.hint


def test_the_file_is_the_owners_alone(home: Home) -> None:
    """It is made 0600, whatever the umask, and one that others may read is narrowed by its next
    writer."""
    add(home, 1)
    assert home.history.stat().st_mode & 0o777 == 0o600
    home.history.chmod(0o644)
    add(home, 2)
    assert home.history.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "journal"])
def test_what_is_no_file_is_never_opened(home: Home, tmp_path: Path, kind: str) -> None:
    """A pipe would be waited for and a link be written through: both are refused, and so is a
    journal that is none."""
    add(home, 1)
    if kind != "journal":
        home.history.unlink()
    if kind == "pipe":
        os.mkfifo(home.history)
    elif kind == "folder":
        home.history.mkdir()
    elif kind == "link":
        (tmp_path / "elsewhere").write_bytes(b"")
        home.history.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(f"{home.history}-journal")
    for look in (values, lambda home: add(home, 2)):
        with pytest.raises(FileError, match="it is no file") as caught:
            look(home)
        assert caught.value.kind is FaultKind.DAMAGED


def test_a_kept_error_holds_no_lock(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error from the middle of a query, kept with its frames, keeps no writer waiting."""
    monkeypatch.setattr(history, "WRITER_WAIT_S", 0.1)
    add(home, *range(2000))
    with pytest.raises(FileError) as caught, reading(home, SCHEMA) as connection:
        assert connection is not None
        for (value,) in connection.execute("SELECT value FROM one_rows"):
            date.fromisoformat(f"no day {value}")
    assert caught.value.__traceback__ is not None
    add(home, 3)
