"""The tables of history.db that watching writes, append-only or updated in place.

appended    watch_predictions  watch_outcomes  watch_checks  watch_host  watch_decisions
            watch_holds  watch_silences  watch_outbox
updated     watch_reasons (symbol × reason)  watch_alerts (rule × symbol)  watch_marks (name)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from engine.core.history import AgingTable, Schema, open_history, transaction
from engine.core.paths import Home

SCHEMA = Schema(
    "watch",
    (
        (
            (
                "CREATE TABLE watch_predictions (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL,"
                " source TEXT NOT NULL, target TEXT NOT NULL, made_at TEXT NOT NULL, via TEXT NOT"
                " NULL, generation INTEGER NOT NULL, digest TEXT NOT NULL, last_bar TEXT NOT NULL,"
                " last_close REAL NOT NULL, next_close REAL NOT NULL,  low80 REAL NOT NULL, high80"
                " REAL NOT NULL, low95 REAL NOT NULL, high95 REAL NOT NULL, p_up REAL NOT NULL,"
                " confidence REAL NOT NULL, UNIQUE (symbol, source, target, digest, last_close,"
                " next_close))"
            ),
            (
                "CREATE TABLE watch_outcomes (id INTEGER PRIMARY KEY, prediction INTEGER NOT NULL,"
                " scored_at TEXT NOT NULL, base REAL NOT NULL, actual REAL NOT NULL, UNIQUE"
                " (prediction, base, actual))"
            ),
            (
                "CREATE TABLE watch_checks (id INTEGER PRIMARY KEY, at TEXT NOT NULL, symbol TEXT"
                " NOT NULL, source TEXT NOT NULL, via TEXT NOT NULL, response_time REAL, confidence"
                " REAL, last_bar TEXT, status TEXT NOT NULL, fault TEXT NOT NULL,"
                " direction_accuracy REAL, mape REAL, age_days REAL, generation INTEGER, basis TEXT"
                " NOT NULL, text TEXT NOT NULL)"
            ),
            "CREATE INDEX watch_checks_by_symbol ON watch_checks (symbol, id)",
            (
                "CREATE TABLE watch_host (id INTEGER PRIMARY KEY, at TEXT NOT NULL, cpu REAL,"
                " memory REAL, disk REAL, load REAL, home_bytes INTEGER)"
            ),
            (
                "CREATE TABLE watch_decisions (id INTEGER PRIMARY KEY, at TEXT NOT NULL, symbol"
                " TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL,"
                " run TEXT NOT NULL DEFAULT '')"
            ),
            (
                "CREATE TABLE watch_reasons (symbol TEXT NOT NULL, reason TEXT NOT NULL, trainings"
                " INTEGER NOT NULL, at TEXT, last_bar TEXT NOT NULL, run TEXT NOT NULL, chronic"
                " TEXT NOT NULL DEFAULT '', PRIMARY KEY (symbol, reason))"
            ),
            (
                "CREATE TABLE watch_holds (id INTEGER PRIMARY KEY, at TEXT NOT NULL, symbol TEXT"
                " NOT NULL, until TEXT, reason TEXT NOT NULL, held INTEGER NOT NULL)"
            ),
            (
                "CREATE TABLE watch_alerts (rule TEXT NOT NULL, symbol TEXT NOT NULL, state TEXT"
                " NOT NULL, since TEXT NOT NULL, seen INTEGER NOT NULL, sent_at TEXT, acked_at"
                " TEXT, text TEXT NOT NULL, PRIMARY KEY (rule, symbol))"
            ),
            (
                "CREATE TABLE watch_silences (id INTEGER PRIMARY KEY, at TEXT NOT NULL, rule TEXT"
                " NOT NULL, symbol TEXT NOT NULL, until TEXT NOT NULL)"
            ),
            (
                "CREATE TABLE watch_outbox (id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT"
                " NULL, title TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,"
                " fault TEXT NOT NULL DEFAULT '', delivered_at TEXT)"
            ),
            "CREATE TABLE watch_marks (name TEXT PRIMARY KEY, at TEXT NOT NULL)",
        ),
        ("ALTER TABLE watch_reasons ADD COLUMN fired_bar TEXT NOT NULL DEFAULT ''",),
        ("ALTER TABLE watch_outbox ADD COLUMN taken TEXT NOT NULL DEFAULT ''",),
        ("ALTER TABLE watch_predictions ADD COLUMN doubts TEXT NOT NULL DEFAULT ''",),
    ),
)

# The newest rows per symbol and host stay, as do trainings (they count a year) and unsent alerts.
AGED = (
    AgingTable(SCHEMA, "watch_checks", "at", "symbol"),
    AgingTable(SCHEMA, "watch_decisions", "at", "symbol", only="run = ''"),
    AgingTable(SCHEMA, "watch_host", "at"),
    AgingTable(SCHEMA, "watch_silences", "until", only="until <> ''"),
    AgingTable(SCHEMA, "watch_outbox", "at", only="delivered_at IS NOT NULL"),
)


@contextmanager
def writing(home: Home) -> Iterator[sqlite3.Connection]:
    """A connection inside one transaction; StockmlError when the file cannot be written."""
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        yield connection
