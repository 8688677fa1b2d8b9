"""Decisions and the history of every training reason, in history.db."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from engine.core.clock import SKEW, iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading, record_of
from engine.core.paths import Home
from engine.core.records import JobState
from engine.core.text import clean
from engine.runs.store import RunStore
from engine.watch.planner import YEAR, PlanningContext
from engine.watch.reason_history import NO_HISTORY, ReasonHistory, after_training
from engine.watch.records import Decision
from engine.watch.schema import SCHEMA, writing
from engine.watch.triggers import TRIGGERS

Histories = dict[str, ReasonHistory]
"""By reason."""
JobFailed = Callable[[str, str], bool]
"""Whether the job of a symbol in a run failed: `failed(run, symbol)`."""
_FAILED = (JobState.FAILED, JobState.LOST, JobState.CANCELLED)


def read_histories(
    home: Home, symbol: str, sessions_since: Callable[[str], int], failed: JobFailed
) -> Histories:
    """The history of each reason of `symbol`; `sessions_since(day)` counts its sessions."""

    def count(day: str) -> int:
        return sessions_since(day) if day else 0

    with reading(home, SCHEMA) as connection:
        if connection is None:
            return {}
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM watch_reasons WHERE symbol=?"
        rows = [record_of(_Row, dict(row)) for row in connection.execute(query, (symbol,))]
        return {
            row.reason: ReasonHistory(
                row.trainings,
                parse_iso(row.at) if row.at else None,
                row.last_bar,
                failed=bool(row.run) and failed(row.run, symbol),
                sessions=count(row.last_bar),
                chronic=row.chronic,
                fired_bar=row.fired_bar,
                quiet=count(row.fired_bar),
            )
            for row in rows
        }


class _Row(msgspec.Struct):
    """A row of watch_reasons; one that no writer brought up to date lacks the last column."""

    reason: str
    trainings: int
    at: str | None
    last_bar: str
    run: str
    chronic: str
    fired_bar: str = ""


def yearly_trainings(home: Home, now: datetime, failed: JobFailed) -> Counter[str]:
    """Each symbol's trainings for `yearly` triggers within the last YEAR, without failed ones."""
    yearly = [reason for reason, trigger in TRIGGERS.items() if trigger.yearly]
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return Counter()
        marks = ", ".join("?" * len(yearly))
        rows = connection.execute(
            "SELECT symbol, run FROM watch_decisions"  # noqa: S608 - question marks alone
            f" WHERE run <> '' AND at > ? AND at <= ? AND reason IN ({marks})",
            (iso(now - YEAR), iso(now + SKEW), *yearly),
        ).fetchall()
    return Counter(symbol for symbol, run in rows if not failed(run, symbol))


def job_failed(home: Home) -> JobFailed:
    """Whether a job failed, was cancelled or lost; False once its run was cleaned away."""
    store = RunStore(home)

    def failed(run_id: str, symbol: str) -> bool:
        try:
            job = store.run(run_id).job(symbol)
        except StockmlError:
            return False
        return job is not None and job.state in _FAILED

    return failed


def write_histories(home: Home, symbol: str, before: Histories, after: Histories) -> None:
    """Store changed histories; each reason keeps its run."""
    changed = {
        reason: history
        for reason, history in after.items()
        if before.get(reason, NO_HISTORY) != history
    }
    if not changed:
        return
    with writing(home) as connection:
        for reason, history in changed.items():
            connection.execute(
                "INSERT INTO watch_reasons (symbol, reason, trainings, at, last_bar, run, chronic,"
                " fired_bar) VALUES (?, ?, ?, ?, ?, '', ?, ?) ON CONFLICT (symbol, reason) DO"
                " UPDATE SET trainings=excluded.trainings, chronic=excluded.chronic,"
                " fired_bar=excluded.fired_bar",
                (
                    symbol,
                    reason,
                    history.trainings,
                    iso(history.trained_at) if history.trained_at else None,
                    history.last_bar,
                    history.chronic,
                    history.fired_bar,
                ),
            )


def record_training(
    home: Home,
    decision: Decision,
    before: Histories,
    *,
    last_bar: str,
    now: datetime,
    run_id: str,
) -> None:
    """Record the run started for the reasons of `decision`, on bars up to `last_bar`."""
    with writing(home) as connection:
        for reason in {verdict.reason for verdict in decision.fired} or {decision.reason}:
            history = after_training(before.get(reason, NO_HISTORY), now, last_bar)
            connection.execute(
                "INSERT OR REPLACE INTO watch_reasons (symbol, reason, trainings, at, last_bar,"
                " run, chronic, fired_bar) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    decision.symbol,
                    reason,
                    history.trainings,
                    iso(now),
                    last_bar,
                    run_id,
                    history.chronic,
                    history.fired_bar,
                ),
            )


def record_decisions(
    home: Home, decisions: Iterable[Decision], context: PlanningContext, runs: dict[str, str]
) -> None:
    """Append the decisions; `runs` names the run of each trained symbol."""
    rows = [
        (
            iso(context.now),
            decision.symbol,
            str(decision.action),
            decision.reason,
            clean(decision.text, 1000),
            runs.get(decision.symbol, ""),
        )
        for decision in decisions
    ]
    with writing(home) as connection:
        connection.executemany(
            "INSERT INTO watch_decisions (at, symbol, action, reason, text, run) VALUES (?, ?, ?,"
            " ?, ?, ?)",
            rows,
        )
