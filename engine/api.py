"""The one door for the console and the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from engine.core import config
from engine.core.clock import Clock, SystemClock
from engine.core.config import Settings
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.files import FileLock, lock_holder
from engine.core.paths import Home
from engine.core.records import Forecast, PlanItem, Run, Snapshot, Started, SymbolRow, TrainRequest
from engine.core.symbols import checked_all
from engine.forecast import status as derived
from engine.market.source import parse_source
from engine.runs.start import cancel_run, start_run
from engine.runs.store import RunStore
from engine.watch.holds import Hold, hold, unhold
from engine.watch.snapshot import SnapshotReader, TextTail
from engine.watching import Watching

if TYPE_CHECKING:
    from engine.market.bars import Bars
    from engine.watch.auto import Prepared


class Engine(Watching):
    """One home folder and what can be done with it; importing it loads no TensorFlow, pandas or sklearn."""

    def __init__(self, home: Home, clock: Clock | None = None, source: str | None = None) -> None:
        self.home = home
        self.clock: Clock = clock or SystemClock()
        self.source = parse_source(source).text if source else None
        self._settings: Settings | None = None
        self._settings_key: tuple[int, int, int] | None = None
        self._reader = SnapshotReader(home, self.clock)
        self._runs = RunStore(home)

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
        """Rebuild the status of every symbol whose model or bars changed; loads numpy and h5py when one did."""
        for symbol in symbols or self.settings.names:
            stored = derived.read(self.home.status(symbol))
            source = self.source or (stored.source if stored else "")
            key = derived.current_key(self.home, symbol, source)
            if key is not None and (stored is None or stored.key != key):
                derived.build(self.home, self.settings, symbol, self.clock, self.source or "")

    def spawn_status_refresh(self) -> bool:
        """Let a short-lived child rebuild outdated statuses; False when one is already at it."""
        lock = self.home.locks / ".status"
        if lock_holder(lock) is not None:
            return False
        line = [sys.executable, "-m", "engine.refresh", str(self.home.root), self.source or ""]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        null = subprocess.DEVNULL
        subprocess.Popen(line, stdin=null, stdout=null, stderr=null, start_new_session=True, env=environment)
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
            run = next((run for run in live if (job := run.job(symbol)) and not job.state.ended), None)
            holder = f"run {run.id} ({run.starter})" if run else lock_holder(self.home.lock(symbol))
            items.append(PlanItem(symbol, rows[symbol].model, rows[symbol].state, holder))
        return tuple(items)

    def snapshot_rows(self) -> tuple[SymbolRow, ...]:
        """The rows of a snapshot of its own, so that a second thread may ask."""
        return SnapshotReader(self.home, self.clock).read(self.settings, self.source).rows

    def start_training(self, request: TrainRequest) -> Started:
        """Start a detached run; BusyError when every symbol is being trained, naming the holder."""
        checked_all(request.symbols, self.settings.names)
        return start_run(self.home, self.settings, request, self.clock)

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; it ends its workers itself."""
        cancel_run(self.home, run_id)

    def run(self, run_id: str) -> Run:
        """One run; UsageError for an id that does not exist."""
        return self._runs.run(run_id)

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        return self._runs.recent(limit)

    def predict(self, symbols: Iterable[str]) -> dict[str, Forecast | StockmlError]:
        """The next session's forecast of each symbol, or the reason why there is none."""
        return {symbol: self._predict(symbol) for symbol in checked_all(symbols, self.settings.names)}

    def _predict(self, symbol: str) -> Forecast | StockmlError:
        status = derived.build(self.home, self.settings, symbol, self.clock, self.source or "")
        if status is None:
            return NoDataError(f"{symbol} has no model", f"stockml train {symbol}")
        if status.forecast is not None:
            return status.forecast
        return NoDataError(status.problem) if status.kind == "ok" else ModelError(status.problem)

    def fetch(self, symbol: str) -> Bars:
        """Bars fresh from the source, checked and stored."""
        from engine.market.fetch import fetch_bars

        return fetch_bars(self.home, self.settings, self._source(), symbol, self.clock)

    def stored(self, symbol: str) -> Bars:
        """The stored bars; never the network."""
        from engine.market.fetch import stored_bars

        return stored_bars(self.home, self.settings, self._source(), symbol, self.clock)

    def _source(self) -> str:
        return self.source or parse_source(self.settings.market.source).text

    # -- watching -----------------------------------------------------------------------------------------------------

    def auto_plan(
        self, symbols: Iterable[str] | None = None, *, force: bool = False, skip_market_hours: bool = False, fetch: bool = True
    ) -> Prepared:
        """What automatic training would do now, symbol by symbol; asks the source for bars when `fetch`."""
        from engine.schedule.upcoming import next_auto_train
        from engine.watch.auto import look_at_all, occasion_of, prepare

        now = self.clock.now()
        names = checked_all(symbols, self.settings.names) if symbols else self.settings.names
        looks, _ = look_at_all(self.home, self.settings, names, self.source, self.clock, fetch=fetch)
        upcoming = next_auto_train(self.home, now)
        moment = occasion_of(now, force=force, skip_market_hours=skip_market_hours, next_auto_train=upcoming)
        return prepare(self.home, self.settings, looks, moment, self.clock)

    def auto_train(self, prepared: Prepared, starter: str) -> tuple[Started, ...]:
        """Start what was planned and write every decision down."""
        from engine.watch.auto import start

        return start(self.home, prepared, self.start_training, starter)

    def hold(self, symbol: str, reason: str, until: date | None = None) -> Hold:
        """Stop automatic training of a symbol."""
        return hold(self.home, symbol, reason, until, self.clock)

    def unhold(self, symbol: str) -> None:
        """Let automatic training of a symbol go on."""
        unhold(self.home, symbol, self.clock)

    def training_log_tail(self, lines: int) -> tuple[str, ...]:
        """The newest lines of training.log, cleaned."""
        return TextTail(self.home.training_log, lines).read()
