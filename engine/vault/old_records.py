"""Old rows of history.db, of the tables that each package names; the newest of a kind stay.

Forecasts and their outcomes are never pruned, nor present holds, alerts and reasons to retrain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

from engine.core.clock import iso
from engine.core.failpoints import failpoint
from engine.core.history import ROWS_KEPT, AgingTable, open_history, reading, transaction
from engine.core.paths import Home
from engine.vault.records import Removal


def plan_records(
    home: Home, tables: Iterable[AgingTable], days: int, now: datetime
) -> tuple[Removal, ...]:
    """An action for each table that has rows; StockmlError when history.db cannot be read."""
    actions = []
    for table in tables:
        with reading(home, table.schema) as connection:
            if connection is not None and (total := _count(connection, table.table, "1", ())):
                old = _count(connection, table.table, table.condition, _parameters(days, now))
                actions.append(_action(home, table, old, total, days))
    return tuple(actions)


def remove_records(
    home: Home, tables: Iterable[AgingTable], days: int, now: datetime, action: Removal
) -> None:
    """Delete what `plan_records` counted; StockmlError when history.db does not let it."""
    table = next(table for table in tables if action.path.name.endswith(f":{table.table}"))
    with closing(open_history(home, table.schema)) as connection, transaction(connection):
        statement = f"DELETE FROM {table.table} WHERE {table.condition}"  # noqa: S608 - ours
        connection.execute(statement, _parameters(days, now))
        failpoint("clean.records")


def _parameters(days: int, now: datetime) -> tuple[str, int]:
    return iso(now - timedelta(days=days)), ROWS_KEPT


def _count(
    connection: sqlite3.Connection, table: str, condition: str, parameters: tuple[object, ...]
) -> int:
    query = f"SELECT COUNT(*) FROM {table} WHERE {condition}"  # noqa: S608 - names of ours
    return int(connection.execute(query, parameters).fetchone()[0])


def _action(home: Home, table: AgingTable, old: int, total: int, days: int) -> Removal:
    path = home.history.with_name(f"{home.history.name}:{table.table}")
    if old:
        return Removal("record", path, "remove", f"{old} of {total} rows older than {days} days")
    return Removal(
        "record",
        path,
        "keep",
        f"{total} rows, none due: older than {days} days, {ROWS_KEPT} of each kind stay",
    )
