"""What was decided and what became of it: the record of every reason by symbol, and the page of decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.core.clock import iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import JobState
from engine.core.text import clean
from engine.runs.store import RunStore
from engine.watch.planner import Decision, Occasion, Past, started
from engine.watch.schema import SCHEMA, writing

Pasts = dict[str, Past]
_FAILED = (JobState.FAILED, JobState.LOST, JobState.CANCELLED)


def pasts(home: Home, symbol: str, sessions_since: Callable[[str], int], failed: Callable[[str, str], bool]) -> Pasts:
    """What became of every reason of `symbol`: `sessions_since(day)` counts, `failed(run, symbol)` tells of a run."""
    with reading(home, SCHEMA) as connection:
        rows = (
            connection.execute(
                "SELECT reason, trainings, at, last_bar, run, chronic FROM watch_reasons WHERE symbol=?", (symbol,)
            ).fetchall()
            if connection is not None
            else []
        )
    found = {}
    for reason, trainings, at, last_bar, run, chronic in rows:
        over = bool(run) and failed(run, symbol)
        sessions = sessions_since(last_bar) if last_bar else 0
        found[reason] = Past(trainings, parse_iso(at) if at else None, last_bar, over, sessions, chronic)
    return found


def run_failed(home: Home) -> Callable[[str, str], bool]:
    """Whether the job of a symbol in a run failed, was cancelled or lost; a run that was cleaned away did not."""
    store = RunStore(home)

    def failed(run_id: str, symbol: str) -> bool:
        try:
            job = store.run(run_id).job(symbol)
        except StockmlError:
            return False
        return job is not None and job.state in _FAILED

    return failed


def keep(home: Home, symbol: str, before: Pasts, after: Pasts) -> None:
    """Write the reasons that changed; the run of a reason stays what it was."""
    changed = {reason: past for reason, past in after.items() if before.get(reason, Past()) != past}
    if not changed:
        return
    with writing(home) as connection:
        for reason, past in changed.items():
            connection.execute(
                "INSERT INTO watch_reasons (symbol, reason, trainings, at, last_bar, run, chronic)"
                " VALUES (?, ?, ?, ?, ?, '', ?)"
                " ON CONFLICT (symbol, reason) DO UPDATE SET trainings=excluded.trainings, chronic=excluded.chronic",
                (symbol, reason, past.trainings, iso(past.at) if past.at else None, past.last_bar, past.chronic),
            )


def trained(home: Home, decision: Decision, before: Pasts, last_bar: str, occasion: Occasion, run: str) -> None:
    """Write that a training was started for the reasons of `decision`."""
    with writing(home) as connection:
        for reason in {verdict.reason for verdict in decision.fired} or {decision.reason}:
            past = started(before.get(reason, Past()), occasion.now, last_bar)
            connection.execute(
                "INSERT OR REPLACE INTO watch_reasons (symbol, reason, trainings, at, last_bar, run, chronic)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (decision.symbol, reason, past.trainings, iso(occasion.now), last_bar, run, past.chronic),
            )


def note(home: Home, decisions: Iterable[Decision], occasion: Occasion, runs: dict[str, str]) -> None:
    """Append what was decided; `runs` names the run of each symbol that is trained."""
    rows = [
        (iso(occasion.now), each.symbol, str(each.action), each.reason, clean(each.text, 1000), runs.get(each.symbol, ""))
        for each in decisions
    ]
    with writing(home) as connection:
        connection.executemany(
            "INSERT INTO watch_decisions (at, symbol, action, reason, text, run) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
