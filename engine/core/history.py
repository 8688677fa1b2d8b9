"""history.db: one SQLite file in which several packages keep tables, each under its own prefix.

who asks              function                gets
a package that writes  open_history(home, S)   an autocommit connection, its tables up to date
the same               transaction(c)          BEGIN IMMEDIATE … COMMIT around several statements
a package that reads   reading(home, S)        a read-only connection; None while nothing is there

A `Schema` is a table of statements by owner: `steps[i]` leads from format i to i + 1. `PRAGMA
user_version` is the format of the file itself, `history_formats` holds the format of each owner;
a newer one is refused in words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import msgspec

from engine.core.errors import StockmlError
from engine.core.files import replace_with
from engine.core.history_faults import is_there, make_private, named_errors
from engine.core.paths import Home

Record = TypeVar("Record")
FILE_FORMAT = 1
# Seconds a writer waits for another one; the longest transaction of ours takes milliseconds.
WRITER_WAIT_S = 10.0
# Seconds a reader waits: a commit that writes pages shuts readers out, and a console waits.
READER_WAIT_S = 2.0
ROWS_KEPT = 60
"""Rows of each kind that stay however old: as many as a job or a symbol is judged by."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one package, named `owner_…`; steps are only ever appended."""

    owner: str
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AgingTable:
    """A table whose old rows may go when `clean` runs."""

    schema: Schema
    table: str
    at: str
    """The column of the moment, as UTC ISO text."""
    kind: str = "1"
    """The column that separates kinds; the newest rows of each kind stay."""
    only: str = "1"
    """Which rows may go at all, as an SQL condition."""

    @property
    def condition(self) -> str:
        """The rows that go; parameters: the moment before which they are old, how many stay."""
        ranks = f"id, ROW_NUMBER() OVER (PARTITION BY {self.kind} ORDER BY id DESC) AS rank"
        newest = f"SELECT id FROM (SELECT {ranks} FROM {self.table}) WHERE rank <= ?"  # noqa: S608
        return f"{self.at} < ? AND ({self.only}) AND id NOT IN ({newest})"


class _Connection(sqlite3.Connection):
    """Ends its statements when it is closed: one that a kept error refers to holds a lock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open_cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def execute(self, *args: Any) -> sqlite3.Cursor:
        cursor = super().execute(*args)
        self._open_cursors.add(cursor)
        return cursor

    def close(self) -> None:
        for cursor in tuple(self._open_cursors):
            cursor.close()
        super().close()


def open_history(home: Home, schema: Schema) -> sqlite3.Connection:
    """A connection with the tables of `schema` at their newest format; the caller closes it.

    Raises FileError for a damaged file, StockmlError on a newer format, a full disk, no permission.
    """
    path = home.history
    with named_errors(path):
        make_private(path)
        connection = sqlite3.connect(
            path, timeout=WRITER_WAIT_S, isolation_level=None, factory=_Connection
        )
        try:
            # DELETE, not WAL: a WAL database cannot be opened on a full disk.
            connection.execute("PRAGMA journal_mode=DELETE")
            _migrate(connection, schema, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of the statements inside, or none; StockmlError when the file refuses them."""
    with named_errors(_path_of(connection)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            # Fails while somebody keeps reading; the connection must not stay inside.
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise


def record_of(kind: type[Record], row: Mapping[str, object]) -> Record:
    """The row as a `kind` (a dataclass or Struct); msgspec's error where a type differs."""
    return msgspec.convert(row, kind)


@contextmanager
def decoding(connection: sqlite3.Connection) -> Iterator[None]:
    """Rows are made records inside a transaction; FileError for one that cannot be."""
    with named_errors(_path_of(connection), rows=True):
        yield


def _path_of(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


@contextmanager
def reading(home: Home, schema: Schema) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None while the file or the tables are not there yet.

    Rows are made records inside: one that cannot be is damage of the file, a FileError.
    """
    path = home.history
    with named_errors(path):
        there = is_there(path)
    if not there:
        yield None
        return
    with named_errors(path, rows=True), closing(connect_reader(path)) as connection:
        _refuse_newer(connection, schema, path)
        yield connection if _format(connection, schema) else None


def connect_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection; a killed writer's half transaction is rolled back first."""
    try:
        return _connect(path, "ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
    _connect(path, "rw").close()  # only a writer may roll back
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that has read the file once: only then a left journal shows."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=READER_WAIT_S,
        uri=True,
        factory=_Connection,
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
    _refuse_newer(connection, schema, path)
    if _format(connection, schema) == len(schema.steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _refuse_newer(connection, schema, path)  # once more: others wait for this lock too
        present = _format(connection, schema)
        if 0 < present < len(schema.steps):
            _copy(path, f"{schema.owner}-{present}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS history_formats (owner TEXT PRIMARY KEY, format INTEGER NOT"
            " NULL)"
        )
        for step in schema.steps[present:]:
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
    owner_format = _format(connection, schema)
    if file_format > FILE_FORMAT:
        newer = f"file format {file_format}; this program knows {FILE_FORMAT}"
    elif owner_format > len(schema.steps):
        newer = f"{schema.owner} format {owner_format}; this program knows {len(schema.steps)}"
    else:
        return
    raise StockmlError(f"{path} has {newer}", "a newer stockml wrote it: use that one")


def _format(connection: sqlite3.Connection, schema: Schema) -> int:
    exists = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type='table' AND name='history_formats'"
    ).fetchone()
    if not exists:
        return 0
    row = connection.execute(
        "SELECT format FROM history_formats WHERE owner=?", (schema.owner,)
    ).fetchone()
    return int(row[0]) if row else 0


def _copy(path: Path, mark: str) -> None:
    """Keep the file as it was before a migration; an earlier copy of the same format stays."""
    # By a connection of its own: SQLite copies nothing for one that is about to write.
    target = path.with_name(f"{path.name}.before-{mark}")

    def write(temporary: Path) -> None:
        with closing(_connect(path, "ro")) as source, closing(sqlite3.connect(temporary)) as copy:
            source.backup(copy)

    if not target.exists():
        replace_with(target, write, mode=0o600, name="history.copy")
