"""Every run of a job and every change of the schedule, in history.db.

cron_runs     id, job, trigger (cron | manual | catch-up), slot (expected time, UTC ISO, or null),
              started, ended, exit (null while it runs), outcome (done | failed | skipped), message
cron_changes  id, at, job, expression (null: removed), enabled (0 | 1), backend (crontab | systemd)
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

from engine.core.clock import iso, parse_iso
from engine.core.history import ROWS_KEPT, AgingTable, Schema, open_history, reading, transaction
from engine.core.paths import Home
from engine.core.text import clean
from engine.schedule.records import CronRun, JobOutcome, JobTrigger, ScheduleChange, ScheduleHistory

SCHEMA = Schema(
    "cron",
    (
        (
            (
                "CREATE TABLE cron_runs (id INTEGER PRIMARY KEY, job TEXT NOT NULL, trigger TEXT"
                " NOT NULL, slot TEXT, started TEXT NOT NULL, ended TEXT, exit INTEGER, outcome"
                " TEXT, message TEXT NOT NULL DEFAULT '')"
            ),
            "CREATE INDEX cron_runs_by_job ON cron_runs (job, id)",
            (
                "CREATE TABLE cron_changes (id INTEGER PRIMARY KEY, at TEXT NOT NULL, job TEXT NOT"
                " NULL, expression TEXT, enabled INTEGER NOT NULL, backend TEXT NOT NULL)"
            ),
        ),
    ),
)
# Runs that the state of a job looks back on; as many stay when old ones are cleaned away.
LOOKED_AT = ROWS_KEPT
AGED = (AgingTable(SCHEMA, "cron_runs", "started", "job"),)


def begin_run(
    home: Home, job: str, trigger: JobTrigger, slot: datetime | None, at: datetime
) -> int:
    """Record the start of a run and return its id; StockmlError if that fails."""
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        row = (job, str(trigger), None if slot is None else iso(slot), iso(at))
        done = connection.execute(
            "INSERT INTO cron_runs (job, trigger, slot, started) VALUES (?, ?, ?, ?)", row
        )
        return int(done.lastrowid or 0)


def end_run(
    home: Home, number: int, at: datetime, exit_code: int, outcome: JobOutcome, message: str = ""
) -> None:
    """Record how a run ended."""
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        row = (iso(at), exit_code, str(outcome), clean(message, 300), number)
        connection.execute(
            "UPDATE cron_runs SET ended=?, exit=?, outcome=?, message=? WHERE id=?", row
        )


def write_changes(home: Home, changes: tuple[ScheduleChange, ...]) -> None:
    """Record the changes of the schedule, if any."""
    if not changes:
        return
    with closing(open_history(home, SCHEMA)) as connection, transaction(connection):
        connection.executemany(
            "INSERT INTO cron_changes (at, job, expression, enabled, backend) VALUES (?, ?, ?,"
            " ?, ?)",
            [
                (iso(change.at), change.job, change.expression, int(change.enabled), change.backend)
                for change in changes
            ],
        )


def read_history(home: Home, jobs: tuple[str, ...]) -> ScheduleHistory:
    """The recorded history of the jobs, empty if there is none; writes nothing."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return ScheduleHistory()
        runs = {job: _runs(connection, job) for job in jobs}
        changes = {job: change for job in jobs if (change := _change(connection, job))}
        return ScheduleHistory(runs, changes)


def _runs(connection: sqlite3.Connection, job: str) -> tuple[CronRun, ...]:
    columns = "SELECT id, job, trigger, slot, started, ended, exit, outcome, message FROM cron_runs"
    rows = connection.execute(columns + " WHERE job=? ORDER BY id DESC LIMIT ?", (job, LOOKED_AT))
    return tuple(
        CronRun(
            row[0],
            row[1],
            JobTrigger(row[2]),
            slot=_moment(row[3]),
            started=parse_iso(row[4]),
            ended=_moment(row[5]),
            exit_code=row[6],
            outcome=None if row[7] is None else JobOutcome(row[7]),
            message=row[8],
        )
        for row in rows
    )


def _change(connection: sqlite3.Connection, job: str) -> ScheduleChange | None:
    row = connection.execute(
        "SELECT at, job, expression, enabled, backend FROM cron_changes WHERE job=? ORDER BY id"
        " DESC LIMIT 1",
        (job,),
    ).fetchone()
    if row is None:
        return None
    at, job, expression, enabled, backend = row
    return ScheduleChange(
        parse_iso(at), job, expression=expression, enabled=bool(enabled), backend=backend
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_iso(text)
