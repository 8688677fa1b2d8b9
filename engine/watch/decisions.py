"""What was decided and what became of it: the record of every reason by symbol, and the page of
decisions."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from engine.core.clock import iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import JobState
from engine.core.text import clean
from engine.runs.store import RunStore
from engine.watch.planner import YEAR, Decision, PlanningContext, ReasonHistory, started
from engine.watch.schema import SCHEMA, writing
from engine.watch.triggers import TRIGGERS

Histories = dict[str, ReasonHistory]
_FAILED = (JobState.FAILED, JobState.LOST, JobState.CANCELLED)


def histories(
    home: Home,
    symbol: str,
    sessions_since: Callable[[str], int],
    failed: Callable[[str, str], bool],
) -> Histories:
    """What became of every reason of `symbol`: `sessions_since(day)` counts, `failed(run,
    symbol)` tells of a run."""
    found = {}
    for row in _rows(home, symbol):
        over = bool(row["run"]) and failed(row["run"], symbol)
        # A file that no writer brought up to date yet lacks the column.
        fired_bar = row["fired_bar"] if "fired_bar" in row.keys() else ""  # noqa: SIM118 - a row's `in` asks its values
        found[row["reason"]] = ReasonHistory(
            row["trainings"],
            parse_iso(row["at"]) if row["at"] else None,
            row["last_bar"],
            over,
            sessions_since(row["last_bar"]) if row["last_bar"] else 0,
            row["chronic"],
            fired_bar,
            sessions_since(fired_bar) if fired_bar else 0,
        )
    return found


def _rows(home: Home, symbol: str) -> list[sqlite3.Row]:
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return []
        connection.row_factory = sqlite3.Row
        return connection.execute(
            "SELECT * FROM watch_reasons WHERE symbol=?", (symbol,)
        ).fetchall()


def spent(home: Home, now: datetime, failed: Callable[[str, str], bool]) -> Counter[str]:
    """How many trainings each symbol had within the last YEAR for performance or drift;
    failed ones do not count."""
    yearly = [reason for reason, trigger in TRIGGERS.items() if trigger.yearly]
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return Counter()
        marks = ", ".join("?" * len(yearly))
        rows = connection.execute(
            "SELECT symbol, run FROM watch_decisions"  # noqa: S608 - question marks alone
            f" WHERE run <> '' AND at > ? AND reason IN ({marks})",
            (iso(now - YEAR), *yearly),
        ).fetchall()
    return Counter(symbol for symbol, run in rows if not failed(run, symbol))


def run_failed(home: Home) -> Callable[[str, str], bool]:
    """Whether the job of a symbol in a run failed, was cancelled or lost;
    a run that was cleaned away did not."""
    store = RunStore(home)

    def failed(run_id: str, symbol: str) -> bool:
        try:
            job = store.run(run_id).job(symbol)
        except StockmlError:
            return False
        return job is not None and job.state in _FAILED

    return failed


def keep(home: Home, symbol: str, before: Histories, after: Histories) -> None:
    """Write the reasons that changed; the run of a reason stays what it was."""
    changed = {
        reason: past
        for reason, past in after.items()
        if before.get(reason, ReasonHistory()) != past
    }
    if not changed:
        return
    with writing(home) as connection:
        for reason, past in changed.items():
            connection.execute(
                "INSERT INTO watch_reasons (symbol, reason, trainings, at, last_bar, run, chronic,"
                " fired_bar) VALUES (?, ?, ?, ?, ?, '', ?, ?) ON CONFLICT (symbol, reason) DO"
                " UPDATE SET trainings=excluded.trainings, chronic=excluded.chronic,"
                " fired_bar=excluded.fired_bar",
                (
                    *(
                        symbol,
                        reason,
                        past.trainings,
                        iso(past.at) if past.at else None,
                        past.last_bar,
                    ),
                    *(past.chronic, past.fired_bar),
                ),
            )


def trained(
    home: Home,
    decision: Decision,
    before: Histories,
    last_bar: str,
    context: PlanningContext,
    run: str,
) -> None:
    """Write that a training was started for the reasons of `decision`."""
    with writing(home) as connection:
        for reason in {verdict.reason for verdict in decision.fired} or {decision.reason}:
            past = started(before.get(reason, ReasonHistory()), context.now, last_bar)
            connection.execute(
                "INSERT OR REPLACE INTO watch_reasons (symbol, reason, trainings, at, last_bar,"
                " run, chronic, fired_bar) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    decision.symbol,
                    reason,
                    past.trainings,
                    iso(context.now),
                    last_bar,
                    run,
                    past.chronic,
                    past.fired_bar,
                ),
            )


def note(
    home: Home, decisions: Iterable[Decision], context: PlanningContext, runs: dict[str, str]
) -> None:
    """Append what was decided; `runs` names the run of each symbol that is trained."""
    rows = [
        (
            iso(context.now),
            each.symbol,
            str(each.action),
            each.reason,
            clean(each.text, 1000),
            runs.get(each.symbol, ""),
        )
        for each in decisions
    ]
    with writing(home) as connection:
        connection.executemany(
            "INSERT INTO watch_decisions (at, symbol, action, reason, text, run) VALUES (?, ?, ?,"
            " ?, ?, ?)",
            rows,
        )
