"""The facade of the runs: plan, start, cancel, and look at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.audit import AuditOutcome, audited
from engine.core.files import lock_holder
from engine.core.records import PlanItem, Run, StartedRun, TrainRequest
from engine.core.snapshot import SymbolRow
from engine.core.workers import WorkerCount
from engine.runs.cancel import cancel_run
from engine.runs.start import start_run
from engine.runs.store import RunStore
from engine.settings.facade import Context, Facade

if TYPE_CHECKING:
    from engine.runs.journal import JournalTail


def _request(request: TrainRequest) -> Mapping[str, Any]:
    return {
        "symbols": request.symbols,
        "reason": request.reason,
        "source": request.source,
        "epochs": request.epochs,
        "members": request.members,
        "accept_worse": request.accept_worse or None,
        "replace_source": request.replace_source or None,
        "accept_rebase": request.accept_rebase or None,
    }


def _started(started: StartedRun) -> Mapping[str, Any]:
    return {
        "symbols": started.symbols,
        "run": started.run_id,
        "busy": [symbol for symbol, _ in started.busy],
    }


class RunsFacade(Facade):
    """The runs of the home.

    `rows` reads what is live of every symbol, for a plan; `cluster` counts the workers of the
    cluster that the settings name, ConfigError where it cannot be used.
    """

    def __init__(
        self,
        context: Context,
        rows: Callable[[], tuple[SymbolRow, ...]],
        cluster: Callable[[], WorkerCount],
    ) -> None:
        super().__init__(context)
        self._rows = rows
        self._cluster = cluster
        self._store = RunStore(context.home)
        self._lock = threading.Lock()  # screens ask from threads of their own

    def plan(self, request: TrainRequest) -> tuple[PlanItem, ...]:
        """What `start` would replace, symbol by symbol, and who is in the way."""
        rows = {row.symbol: row for row in self._rows()}
        training: dict[str, Run] = {}
        for live in RunStore(self.home).live():
            for job in live.jobs:
                if not job.state.ended:
                    training.setdefault(job.symbol, live)
        items = []
        for symbol in self.checked(request.symbols):
            run = training.get(symbol)
            holder = f"run {run.id} ({run.starter})" if run else lock_holder(self.home.lock(symbol))
            items.append(PlanItem(symbol, rows[symbol].model, rows[symbol].state, holder))
        return tuple(items)

    @audited("train", _request, _started, outcome=AuditOutcome.STARTED)
    def start(self, request: TrainRequest) -> StartedRun:
        """Start a detached run; BusyError naming the holder when every symbol is being trained."""
        self.checked(request.symbols)
        return start_run(self.home, self.context.settings, request, self._cluster, self.clock)

    @audited("cancel", lambda run_id: {"run": run_id})
    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; it ends its workers itself."""
        cancel_run(self.home, run_id)

    def show(self, run_id: str) -> Run:
        """One run; UsageError for an id that does not exist."""
        with self._lock:
            return self._store.run(run_id)

    def recent(self, limit: int = 50) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        with self._lock:
            return self._store.recent(limit)

    def journal(self, run_id: str) -> JournalTail:
        """The events of a run, to be read as they come."""
        from engine.runs.journal import JournalTail
        from engine.runs.spec import run_folder

        return JournalTail(run_folder(self.home, run_id).events)

    def newest_generation(self, symbol: str) -> int:
        """The highest generation of a symbol that any run is known to have published."""
        from engine.runs.provenance import last_known_model

        return last_known_model(self.home, symbol).generation
