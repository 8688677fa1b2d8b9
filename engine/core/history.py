"""history.db: one SQLite file in which several rooms keep tables, each under its own prefix.

who asks                function                gets
a room that writes      open_history(home, S)   an autocommit connection, its tables up to date
the same                transaction(c)          BEGIN IMMEDIATE … COMMIT around several statements
a room that only looks  reading(home, S)        a read-only connection; None while nothing is there

A `Schema` is a table of statements by owner: `steps[i]` leads from format i to i + 1. `PRAGMA
user_version` is the format of the file itself, `history_formats` holds the format of each owner;
a newer one is refused in words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import StockmlError
from engine.core.files import replace_with
from engine.core.paths import Home

FILE_FORMAT = 1
# Seconds a writer waits for another one; the longest transaction of ours takes milliseconds.
WRITER_WAIT_S = 10.0
# Seconds a reader waits for one: the file is closed to readers only while a commit writes pages,
# and a console waits.
READER_WAIT_S = 2.0
ROWS_KEPT = 60
"""Rows of each kind that stay however old: as many as the state of a job or of a symbol is
judged by."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one room: every name begins with `owner` and an underscore;
    steps are only ever appended."""

    owner: str
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AgingTable:
    """A table whose old rows may go when `clean` runs."""

    schema: Schema
    table: str
    at: str
    """The column of the moment, as UTC ISO text."""
    each: str = "1"
    """The column that tells kinds apart; the newest rows of each kind stay."""
    only: str = "1"
    """Which rows may go at all, as an SQL condition."""

    @property
    def condition(self) -> str:
        """The rows that go;
        the parameters are the moment before which they are old, and how many newest stay."""
        places = f"id, ROW_NUMBER() OVER (PARTITION BY {self.each} ORDER BY id DESC) AS place"
        newest = f"SELECT id FROM (SELECT {places} FROM {self.table}) WHERE place <= ?"  # noqa: S608 - names of ours
        return f"{self.at} < ? AND ({self.only}) AND id NOT IN ({newest})"


def open_history(home: Home, schema: Schema) -> sqlite3.Connection:
    """A connection with the tables of `schema` at their newest format; the caller closes it.

    Raises StockmlError on a newer format, a file that is not a database, a full disk, no
    permission.
    """
    path = home.history
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=WRITER_WAIT_S, isolation_level=None)
        try:
            # DELETE, not WAL: a WAL database cannot be opened on a full disk.
            connection.execute("PRAGMA journal_mode=DELETE")
            _bring_up(connection, schema, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of the statements inside, or none; StockmlError when the file refuses them."""
    with _told(Path(connection.execute("PRAGMA database_list").fetchone()[2])):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute(
                "COMMIT"
            )  # fails while somebody reads on and on; the connection must not stay inside
        except BaseException:
            _roll_back(connection)
            raise


@contextmanager
def reading(home: Home, schema: Schema) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write, or None when the file or the tables of `schema` are not
    there yet."""
    path = home.history
    if not path.exists():
        yield None
        return
    with _told(path), closing(_looking(path)) as connection:
        _refuse_newer(connection, schema, path)
        yield connection if _format(connection, schema) else None


def _looking(path: Path) -> sqlite3.Connection:
    """A read-only connection;
    the half transaction of a killed writer is rolled back first, which needs one that writes."""
    try:
        return _connected(path, "ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
    _connected(path, "rw").close()
    return _connected(path, "ro")


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that has read the file once: only then a left journal shows."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", timeout=READER_WAIT_S, uri=True
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up(connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
    _refuse_newer(connection, schema, path)
    if _format(connection, schema) == len(schema.steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _refuse_newer(connection, schema, path)  # once more: others wait for this lock too
        found = _format(connection, schema)
        if 0 < found < len(schema.steps):
            _copy(path, f"{schema.owner}-{found}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS history_formats (owner TEXT PRIMARY KEY, format INTEGER NOT"
            " NULL)"
        )
        for step in schema.steps[found:]:
            for statement in step:
                connection.execute(statement)
        row = (schema.owner, len(schema.steps))
        connection.execute(
            "INSERT OR REPLACE INTO history_formats (owner, format) VALUES (?, ?)", row
        )
        connection.execute(f"PRAGMA user_version={FILE_FORMAT}")
    except BaseException:
        _roll_back(connection)
        raise
    connection.execute("COMMIT")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # a full disk makes SQLite roll back by itself
        connection.execute("ROLLBACK")


def _refuse_newer(connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
    file_format = connection.execute("PRAGMA user_version").fetchone()[0]
    found = _format(connection, schema)
    if file_format > FILE_FORMAT or found > len(schema.steps):
        which = (
            f"file format {file_format}"
            if file_format > FILE_FORMAT
            else f"{schema.owner} format {found}"
        )
        known = FILE_FORMAT if file_format > FILE_FORMAT else len(schema.steps)
        raise StockmlError(
            f"{path} has {which}; this program knows {known}",
            "a newer stockml wrote it: use that one",
        )


def _format(connection: sqlite3.Connection, schema: Schema) -> int:
    known = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type='table' AND name='history_formats'"
    ).fetchone()
    row = (
        known
        and connection.execute(
            "SELECT format FROM history_formats WHERE owner=?", (schema.owner,)
        ).fetchone()
    )
    return int(row[0]) if row else 0


def _copy(path: Path, mark: str) -> None:
    """Keep the file as it was before a migration; an earlier copy of the same format stays."""
    # By a connection of its own: SQLite copies nothing for one that is about to write.
    target = path.with_name(f"{path.name}.before-{mark}")

    def write(temporary: Path) -> None:
        with closing(_connected(path, "ro")) as source, closing(sqlite3.connect(temporary)) as copy:
            source.backup(copy)

    if not target.exists():
        replace_with(target, write, name="history.copy")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's own errors as ours, with the file named."""
    try:
        yield
    except sqlite3.OperationalError as error:
        hint = (
            "another process writes it: try again"
            if "locked" in str(error)
            else "free disk space and check its permissions"
        )
        raise StockmlError(f"{path}: {error}", hint) from error
    except sqlite3.DatabaseError as error:
        raise StockmlError(
            f"{path}: {error}", "move it away: a new one is begun, the old one stays for repair"
        ) from error
    except OSError as error:
        raise StockmlError(
            f"{path}: {error.strerror}", "free disk space and check its permissions"
        ) from error
