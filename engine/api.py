"""The one door for the console and the commands."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.child import ChildAnswer, child_environment, command
from engine.core.clock import Clock, SystemClock
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.core.records import Forecast, PlanItem, Run, Snapshot, Started, SymbolRow, TrainRequest
from engine.core.sources import parse_source
from engine.core.symbols import checked_all
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.recorded import recorded
from engine.runs.cancel import cancel_run
from engine.runs.start import start_run
from engine.runs.store import RunStore
from engine.settings import load as config
from engine.settings.schema import Settings
from engine.watch.snapshot import SnapshotReader, TextTail
from engine.watching import Watching

if TYPE_CHECKING:
    from engine.client.service_client import Reply, ServiceState
    from engine.market.bars import Bars
    from engine.schedule.scheduler import Scheduler
    from engine.service.overview import Overview
    from engine.settings.document import KeyPath
    from engine.settings.write import Check as SettingsCheck
    from engine.settings.write import SettingChange
    from engine.vault.backup import NewBackup
    from engine.vault.backups import Backup, Check
    from engine.vault.clean import CleanReport
    from engine.vault.restore import Restored


_OF_SOURCE = ("predict", "evaluate", "accuracy", "performance", "auto-train")
"""The commands that the console asks for and that take --source."""


class Engine(Watching):
    """One home folder and what can be done with it;
    importing it loads no TensorFlow, pandas or sklearn."""

    def __init__(self, home: Home, clock: Clock | None = None, source: str | None = None) -> None:
        self.home = home
        self.clock: Clock = clock or SystemClock()
        self.source = parse_source(source).name if source else None
        self._settings: Settings | None = None
        self._settings_key: tuple[int, int, int] | None = None
        self._reader = SnapshotReader(home, self.clock)
        self._runs = RunStore(home)
        self._runs_lock = threading.Lock()  # screens ask from threads of their own

    @property
    def settings(self) -> Settings:
        """The settings, read again when the file changed; ConfigError when they became wrong."""
        try:
            found = self.home.settings.stat()
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            key = None
        if self._settings is None or key is None or key != self._settings_key:
            self._settings = config.load(self.home)
            self._settings_key = key
        return self._settings

    def snapshot(self) -> Snapshot:
        """The state of everything, now; for one caller at a time."""
        return self._reader.read(self.settings, self.source)

    def refresh_status(self, symbols: Iterable[str] | None = None) -> None:
        """Rebuild the status of every symbol whose model or bars changed;
        loads numpy and h5py when one did."""
        outdated, configured = [], parse_source(self.settings.market.source, self.home.root).name
        for symbol in symbols or self.settings.names:
            stored = derived.read(self.home.status(symbol))
            source = self.source or derived.usual_source(stored, configured)
            key = derived.current_key(self.home, symbol, source)
            if key is not None and (stored is None or not derived.current(stored, key, source)):
                outdated.append(symbol)
        if outdated:
            self._build(outdated)

    def _build(self, symbols: Sequence[str]) -> dict[str, Status | None]:
        """The statuses of these symbols, built and stored;
        the next snapshot has them also where they cannot be stored."""
        statuses = derived.build_all(
            self.home, self.settings, symbols, self.clock, self.source or ""
        )
        self._reader.remember(statuses)
        return statuses

    def spawn_status_refresh(self) -> bool:
        """Let a short-lived child rebuild outdated statuses; False when one is already at it."""
        lock = self.home.locks / ".status"
        if lock_holder(lock) is not None:
            return False
        line = [
            sys.executable,
            "-P",
            "-m",
            "engine.children.refresh",
            str(self.home.root),
            self.source or "",
        ]
        null, environment = subprocess.DEVNULL, child_environment(OPENBLAS_NUM_THREADS="1")
        subprocess.Popen(
            line, stdin=null, stdout=null, stderr=null, start_new_session=True, env=environment
        )
        return True

    def refresh_alone(self) -> bool:
        """Rebuild statuses unless another process does; what `spawn_status_refresh` starts."""
        with FileLock(self.home.locks / ".status") as lock:
            if not lock.acquire(f"status refresh, pid {os.getpid()}"):
                return False
            self.refresh_status()
        return True

    def train_plan(self, request: TrainRequest) -> tuple[PlanItem, ...]:
        """What `start_training` would replace, symbol by symbol, and who is in the way."""
        rows = {row.symbol: row for row in self.snapshot_rows()}
        live = RunStore(self.home).live()
        items = []
        for symbol in checked_all(request.symbols, self.settings.names):
            run = next(
                (run for run in live if (job := run.job(symbol)) and not job.state.ended), None
            )
            holder = f"run {run.id} ({run.starter})" if run else lock_holder(self.home.lock(symbol))
            items.append(PlanItem(symbol, rows[symbol].model, rows[symbol].state, holder))
        return tuple(items)

    def snapshot_rows(self) -> tuple[SymbolRow, ...]:
        """The rows of a snapshot of its own, so that a second thread may ask."""
        return SnapshotReader(self.home, self.clock).read(self.settings, self.source).rows

    @recorded
    def start_training(self, request: TrainRequest) -> Started:
        """Start a detached run; BusyError when every symbol is being trained, naming the holder."""
        checked_all(request.symbols, self.settings.names)
        return start_run(self.home, self.settings, request, self.clock)

    @recorded
    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; it ends its workers itself."""
        cancel_run(self.home, run_id)

    def run(self, run_id: str) -> Run:
        """One run; UsageError for an id that does not exist."""
        with self._runs_lock:
            return self._runs.run(run_id)

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        with self._runs_lock:
            return self._runs.recent(limit)

    def predict(self, symbols: Iterable[str]) -> dict[str, Forecast | StockmlError]:
        """The next session's forecast of each symbol, or the reason why there is none."""
        names = checked_all(symbols, self.settings.names)
        return {
            symbol: self._forecast(symbol, status) for symbol, status in self._build(names).items()
        }

    def _forecast(self, symbol: str, status: Status | None) -> Forecast | StockmlError:
        if status is None:
            return NoDataError(f"{symbol} has no model", f"stockml train {symbol}")
        if status.forecast is not None:
            self.keep_forecast(symbol, status)
            return status.forecast
        return NoDataError(status.problem) if status.kind == "ok" else ModelError(status.problem)

    def service_state(self, deadline_s: float = 2.0) -> ServiceState:
        """Whether the prediction service runs, and what it says of its health;
        never longer than the deadline."""
        from engine.client.service_client import service_state

        return service_state(self.home, deadline_s)

    def ask_service(self, path: str, deadline_s: float = 2.0) -> Reply:
        """GET a path of the running service; a reply in any case, its fault in words."""
        from engine.client.service_client import ask_service

        return ask_service(self.home, path, deadline_s)

    def service_overview(self, deadline_s: float = 1.0) -> Overview:
        """The running service for a person: state, figures, models; or what is in its way.
        Each request within the deadline."""
        from engine.service.overview import overview

        return overview(self.home, self.settings, deadline_s)

    def fetch(self, symbol: str) -> Bars:
        """Bars fresh from the source, checked and stored."""
        from engine.market.fetch import fetch_bars

        return fetch_bars(self.home, self.settings, self._source(), symbol, self.clock)

    def stored(self, symbol: str) -> Bars:
        """The stored bars; never the network."""
        from engine.market.fetch import stored_bars

        return stored_bars(self.home, self.settings, self._source(), symbol, self.clock)

    def backtest(
        self,
        symbols: tuple[str, ...],
        first: date,
        last: date,
        retrain_every: int,
        *,
        members: tuple[str, ...] | None,
        epochs: int | None,
        progress: Callable[[str, int, int], None],
    ) -> dict[str, Any]:
        """The walk-forward table on stored bars; `progress` is told of every fold."""
        from engine.forecast.backtest import BacktestRequest, backtest

        training = self.settings.training
        request = BacktestRequest(
            symbols,
            self._source(),
            first,
            last,
            retrain_every,
            members or training.members,
            epochs or training.epochs,
        )
        return backtest(self.home, self.settings, request, self.clock, progress)

    def evaluate(self, symbols: Iterable[str]) -> dict[str, Any]:
        """Live models scored on sessions they could not have seen;
        `folder` names the report, None when there is none."""
        from engine.forecast.evaluate import Evaluation, evaluate
        from engine.forecast.report import document, write_report

        names = checked_all(symbols, self.settings.names)
        found = evaluate(self.home, self.settings, names, self.clock, self.source or "")
        tree = document(found, self.clock)
        scored = any(isinstance(each, Evaluation) for each in found.values())
        folder = write_report(self.home, found, tree, self.clock.now()) if scored else None
        return {"folder": str(folder) if folder else None, **tree}

    def _source(self) -> str:
        return self.source or parse_source(self.settings.market.source, self.home.root).name

    def training_log_tail(self, lines: int) -> tuple[str, ...]:
        """The newest lines of training.log, cleaned."""
        return TextTail(self.home.training_log, lines).read()

    def command(self, words: Sequence[str]) -> ChildAnswer:
        """A command of ours on this home in a short-lived child, with its JSON: for what loads
        numpy or h5py."""
        source = ("--source", self.source) if self.source and words[0] in _OF_SOURCE else ()
        return command((*words, "--home", str(self.home.root), *source, "--json"))

    def symbol_story(self, symbol: str) -> dict[str, Any]:
        """Record, calibration, live accuracy and the triggers' verdicts of one symbol, from a
        short-lived child."""
        words = (str(self.home.root), symbol, *((self.source,) if self.source else ()))
        return command(words, module="engine.children.symbol_page").document

    def set_settings(
        self,
        changes: Mapping[KeyPath, object],
        seen: Mapping[KeyPath, object] | None = None,
        check: SettingsCheck | None = None,
    ) -> tuple[SettingChange, ...]:
        """Write several settings together, or none; ConfigError, RefusedError as `set_keys`.
        ml_config.json follows."""
        from engine.settings.ml_config import write_ml_config
        from engine.settings.write import set_keys

        made = set_keys(self.home, changes, seen, check)
        try:
            write_ml_config(self.home, config.load(self.home, {}))
        except OSError as error:
            what = (
                f"the settings are written, but {self.home.ml_config.name} is not: {error.strerror}"
            )
            raise StockmlError(what, "free space; the next command writes it") from error
        return made

    # -- the schedule ---------------------------------------------------------------------------

    def scheduler(self) -> Scheduler:
        """The schedule of this home in the user's crontab: look, draft, write, undo."""
        from engine.schedule.scheduler import Scheduler

        return Scheduler(self.home, self.clock)

    @recorded
    def start_job_now(self, job: str) -> int:
        """Start a scheduled job beside this process, with no more than cron would give it;
        its process id."""
        from engine.schedule.start_now import start_now

        return start_now(self.home, job)

    # -- what must not be lost ------------------------------------------------------------------

    @recorded
    def back_up(self, symbols: Iterable[str] | None = None, to: Path | None = None) -> NewBackup:
        """Copy live models into a new backup, and that to the folder `to`;
        NoDataError when there is no model."""
        from engine.vault.backup import back_up

        names = (
            checked_all(symbols, self.settings.names)
            if symbols is not None
            else self.settings.names
        )
        return back_up(self.home, self.settings, names, self.clock, to=to)

    def backups(self) -> tuple[Backup, ...]:
        """The backups beside the models, then those of `backup.also_to`, newest first;
        StockmlError when unlistable."""
        from engine.vault.backups import backup_folders, listed

        return tuple(
            backup
            for folder in backup_folders(self.home, self.settings)
            for backup in listed(folder)
        )

    def backup(self, name: str) -> Backup:
        """One backup; UsageError names the nearest when there is none of that name."""
        from engine.vault.backups import backup_folders, find_backup

        return find_backup(backup_folders(self.home, self.settings), name)

    def verify_backups(
        self, names: Iterable[str] = ()
    ) -> tuple[tuple[Backup, tuple[Check, ...]], ...]:
        """Every file of the named backups (none given: of all) read again;
        NoDataError when there are no backups."""
        from engine.vault.backups import verify_backup

        chosen = tuple(self.backup(name) for name in names) or self.backups()
        if not chosen:
            raise NoDataError("there are no backups yet", "stockml backup makes one")
        return tuple((backup, verify_backup(backup)) for backup in chosen)

    @recorded
    def restore(self, name: str, symbols: Iterable[str] = ()) -> tuple[Restored, ...]:
        """Publish the models of a backup again, and show them; one result a symbol."""
        from engine.forecast.inference import load_forecaster
        from engine.runs.provenance import last_known_model
        from engine.vault.model_file import read_model
        from engine.vault.restore import restore

        def verify(path: Path) -> None:
            load_forecaster(read_model(path))

        def generation(symbol: str) -> int:
            return last_known_model(self.home, symbol).generation

        results = restore(
            self.home,
            self.settings,
            name,
            symbols,
            self.clock,
            verify=verify,
            history_max=generation,
        )
        for each in results:
            if each.ok:
                derived.build(self.home, self.settings, each.symbol, self.clock, self.source or "")
        return results

    @recorded
    def clean(self, dry_run: bool = False) -> CleanReport:
        """Remove what is old by the rules of the settings, or only say what would go and why the
        rest stays."""
        from engine.schedule.record import AGED as RUNS_OF_JOBS
        from engine.vault.clean import clean
        from engine.watch.schema import AGED as CHECKS

        return clean(
            self.home, self.settings, self.clock, dry_run=dry_run, records=(*RUNS_OF_JOBS, *CHECKS)
        )
