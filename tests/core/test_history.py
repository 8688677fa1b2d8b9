"""history.db: shared by rooms, migrated by owner, refused when newer, readable without being
made."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.errors import StockmlError
from engine.core.history import Schema, open_history, reading, transaction
from engine.core.paths import Home
from tests.helpers import environment

ONE = Schema("one", (("CREATE TABLE one_rows (value INTEGER)",),))
ONE_LATER = Schema(
    "one", (*ONE.steps, ("ALTER TABLE one_rows ADD COLUMN note TEXT NOT NULL DEFAULT 'old'",))
)
TWO = Schema(
    "two",
    (("CREATE TABLE two_rows (value INTEGER)", "CREATE INDEX two_by_value ON two_rows (value)"),),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _add(home: Home, schema: Schema, value: int) -> None:
    with closing(open_history(home, schema)) as connection, transaction(connection):
        connection.execute(f"INSERT INTO {schema.owner}_rows (value) VALUES (?)", (value,))


def _values(home: Home, schema: Schema) -> list[int] | None:
    with reading(home, schema) as connection:
        if connection is None:
            return None
        return [row[0] for row in connection.execute(f"SELECT value FROM {schema.owner}_rows")]


def test_packages_share_the_file_but_not_their_tables(home: Home) -> None:
    """Each owner's tables come when it first writes; another's are not there yet."""
    assert _values(home, ONE) is None and not home.history.exists()
    _add(home, ONE, 1)
    assert _values(home, ONE) == [1] and _values(home, TWO) is None
    _add(home, TWO, 2)
    assert _values(home, ONE) == [1] and _values(home, TWO) == [2]


def test_the_file_is_in_rollback_mode_with_a_format_number(home: Home) -> None:
    """No WAL: it cannot be opened on a full disk."""
    with closing(open_history(home, ONE)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] >= 5000


def test_an_older_format_is_migrated_after_a_copy(home: Home) -> None:
    """The rows stay, the new column is there, and the file as it was lies beside."""
    _add(home, ONE, 1)
    _add(home, ONE_LATER, 2)
    with reading(home, ONE_LATER) as connection:
        assert connection is not None
        assert connection.execute("SELECT value, note FROM one_rows").fetchall() == [
            (1, "old"),
            (2, "old"),
        ]
    copy = home.history.with_name("history.db.before-one-1")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT * FROM one_rows").fetchall() == [(1,)]


_MIGRATES = """
import sys
from pathlib import Path
from engine.core.history import open_history
from engine.core.paths import Home
from tests.core.test_history import ONE_LATER
open_history(Home(Path(sys.argv[1])), ONE_LATER)
"""


def test_a_migration_killed_at_its_copy_makes_a_whole_one_later(home: Home) -> None:
    """What a kill left of the copy never stands for it: the next migration copies anew."""
    _add(home, ONE, 1)
    line = [sys.executable, "-c", _MIGRATES, str(home.root)]
    killed = environment(STOCKML_TEST="1", STOCKML_FAILPOINTS="history.copy.written=kill")
    assert subprocess.run(line, env=killed, check=False).returncode == -signal.SIGKILL
    copy = home.history.with_name("history.db.before-one-1")
    assert not copy.exists() and _values(home, ONE) == [1]
    subprocess.run(line, env=environment(), check=True)
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT * FROM one_rows").fetchall() == [(1,)]


def test_a_failed_migration_changes_nothing(home: Home) -> None:
    """All steps or none."""
    _add(home, ONE, 1)
    broken = Schema("one", (*ONE.steps, ("CREATE TABLE one_more (value INTEGER)", "NOT SQL")))
    with pytest.raises(StockmlError, match="syntax error"):
        open_history(home, broken)
    _add(home, ONE, 2)
    with closing(sqlite3.connect(home.history)) as connection:
        assert connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name='one_more'"
        ).fetchone() == (0,)


def test_a_newer_format_is_refused(home: Home) -> None:
    """Of an owner and of the file alike, to read and to write."""
    _add(home, ONE_LATER, 1)
    with pytest.raises(StockmlError, match="has one format 2; this program knows 1") as caught:
        open_history(home, ONE)
    assert "newer stockml" in caught.value.hint
    with pytest.raises(StockmlError, match="one format 2"), reading(home, ONE):
        pass
    _add(home, TWO, 1)
    with closing(sqlite3.connect(home.history)) as connection:
        connection.execute("PRAGMA user_version=2")
    with pytest.raises(StockmlError, match="file format 2; this program knows 1"):
        open_history(home, TWO)


def test_a_transaction_is_whole_or_absent(home: Home) -> None:
    """An error inside takes back what stood before it."""
    with closing(open_history(home, ONE)) as connection:
        with pytest.raises(ValueError, match="stop"), transaction(connection):
            connection.execute("INSERT INTO one_rows (value) VALUES (1)")
            raise ValueError("stop")
        assert connection.execute("SELECT count(*) FROM one_rows").fetchone() == (0,)


def test_a_reader_cannot_write(home: Home) -> None:
    """The connection for looking is read-only."""
    _add(home, ONE, 1)
    with pytest.raises(StockmlError, match="readonly"), reading(home, ONE) as connection:
        assert connection is not None
        connection.execute("DELETE FROM one_rows")


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, not even close to one" * 40, b"SQLite format 3\x00" + b"\xff" * 4096],
)
def test_a_damaged_file_is_reported_and_kept(home: Home, content: bytes) -> None:
    """The file is named, and nothing is written over it."""
    home.data.mkdir(parents=True)
    home.history.write_bytes(content)
    with pytest.raises(StockmlError, match=r"history\.db"):
        open_history(home, ONE)
    assert home.history.read_bytes() == content


_WRITER = """
import sys
from contextlib import closing
from pathlib import Path
from engine.core.history import open_history, transaction
from engine.core.paths import Home
from tests.core.test_history import ONE

for number in range(50):
    with closing(open_history(Home(Path(sys.argv[1])), ONE)) as connection, transaction(connection):
        connection.execute("INSERT INTO one_rows (value) VALUES (?)", (number,))
"""


def test_two_processes_starting_together_lose_no_row(home: Home) -> None:
    """Both may make the file and its tables; each row of both is there."""
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(home.root)], env=environment())
        for _ in range(2)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert sorted(_values(home, ONE) or []) == sorted([*range(50)] * 2)
