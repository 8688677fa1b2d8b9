"""The running service as one value: its models, the refresh every second, and cached health."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from engine.core.clock import Clock
from engine.core.errors import ConfigError, StockmlError
from engine.core.paths import Home
from engine.market.calendar import last_complete_session
from engine.service.access import AccessLog
from engine.service.alarm import Alarm
from engine.service.forecasts import Forecasts
from engine.service.health import LOADING, ServiceHealth, health
from engine.service.live import LiveView
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore
from engine.service.problems import without_folders
from engine.service.recorder import Recorder
from engine.service.refresher import BarKey, Refresher
from engine.service.served import ServedSymbol
from engine.settings.load import load, settings_version
from engine.settings.schema import Settings
from engine.watch import ledger

REFRESH_S = 1.0
LIVE_S = 60.0
"""Seconds between two readings of the ledger for the metrics."""
LATE_MINUTES = 180
"""Minutes past `settle_minutes` before missing bars count against health: time for retries."""


@dataclass
class PredictionService:
    """Everything a request may use; `refresh` runs in one thread, the rest on the event loop."""

    home: Home
    clock: Clock
    settings: Settings
    source: str | None = None
    fetching: bool = True
    """Whether bars are fetched from the network in the background."""
    metrics: ServiceMetrics = field(default_factory=ServiceMetrics)
    health: ServiceHealth = LOADING
    loaded: bool = False
    """Whether every model was read at least once."""

    def __post_init__(self) -> None:
        self.started_at = self.clock.now()
        self.models = ModelStore(self.home, self.clock, self.metrics, self.source)
        self.models.on_refusal.append(self._report_refusal)
        self.forecasts = Forecasts(
            self.models, self.clock, self.metrics, lambda: self.settings.service.ttl_s
        )
        self.live = LiveView(self.home)
        self.live_lock = threading.Lock()
        self.recorder = Recorder(lambda batch: ledger.record(self.home, batch), self.metrics)
        self.alarm = Alarm(self.home, self.clock)
        self.refresher = Refresher(self.home, self.clock, self.metrics)
        max_bytes = self.settings.logs.max_mb * 1_000_000
        self.access = AccessLog(self.home.logs / "service" / "access.log", max_bytes)
        self._live_due = 0.0
        self._check_due = 0.0
        self._stale: dict[str, bool] = {}
        self._ledger_fault = ""
        self._settings_key: object = None
        self._settings_fault = ""
        self._refresh_fault = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refresh", daemon=True)

    def start(self) -> None:
        """Start the threads; answers follow as soon as the models are loaded."""
        self.recorder.start()
        self.alarm.start()
        self._thread.start()

    def close(self) -> None:
        """Stop the threads and the child, and write the queued forecasts."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)
        self.refresher.close()
        self.forecasts.close()
        self.recorder.close()
        self.alarm.close()
        self.access.close()

    def newest_session(self, late_minutes: int = 0) -> date:
        """The last complete session, or the last one that was complete `late_minutes` ago."""
        moment = self.clock.now() - timedelta(minutes=late_minutes)
        return last_complete_session(moment, self.settings.market.settle_minutes)

    def refresh(self) -> None:
        """Load changed settings, models and bars; check health; fetch bars that are due."""
        self._refresh_settings()
        self._check_due = 0.0
        self.models.refresh(self.settings, self._went_on)
        if self._stop.is_set():
            return
        newest = self.newest_session()
        for served in self.models.served:
            self._note_stale(served.symbol, served.ends_before(newest))
        self._refresh_live_direction()
        self.health = self._check_health()
        self.loaded = True
        self.access.check_rename()
        if self.fetching:
            self.refresher.poll(self.late_bars(newest), newest)

    def late_bars(self, newest: date) -> tuple[BarKey, ...]:
        """The bars that forecasts need and that lack the session `newest`, each once."""
        keys = (
            (served.source, symbol)
            for served in self.models.served
            if served.model is not None
            for symbol in served.late_names(newest)
        )
        return tuple(dict.fromkeys(keys))

    def reload_model(self, symbol: str) -> ServedSymbol:
        """Read the model of `symbol` again now; StockmlError when its file cannot be read."""
        try:
            return self.models.reload(symbol, self.settings)
        except OSError as error:
            raise StockmlError(f"{symbol}: {error.strerror}") from error

    def _went_on(self) -> bool:
        """Check health once a second while a look goes on; False once the service stops."""
        if not self.loaded and self.clock.monotonic() >= self._check_due:
            self._check_due = self.clock.monotonic() + REFRESH_S
            self.health = self._check_health()
        return not self._stop.is_set()

    def _note_stale(self, symbol: str, stale: bool) -> None:
        if self._stale.get(symbol) is not stale:
            self._stale[symbol] = stale
            self.metrics.stale.labels(symbol).set(stale)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
                self._refresh_fault = ""
            except Exception as error:  # noqa: BLE001 - the thread outlives any fault
                if str(error) != self._refresh_fault:
                    traceback.print_exc(file=sys.stderr)
                self._refresh_fault = str(error) or type(error).__name__
                self.health = self._check_health()
            self._stop.wait(REFRESH_S)

    def _refresh_settings(self) -> None:
        key = settings_version(self.home)
        if key is not None and key == self._settings_key:
            return
        self._settings_key = key
        try:
            self.settings = load(self.home)
            self._settings_fault = ""
        except OSError as error:
            self._settings_key = None
            self._settings_fault = (
                f"stockml.toml: {error.strerror}; the previous settings stay in effect"
            )
        except ConfigError as error:
            self._settings_fault = f"{error.message}; the previous settings stay in effect"

    def _check_health(self) -> ServiceHealth:
        due = self.newest_session(LATE_MINUTES)
        return health(self.models.served, len(self.settings.names), due, self._problems())

    def _problems(self) -> Iterator[str]:
        """Problems that concern no single symbol."""
        for fault in (
            self._settings_fault,
            self._refresh_fault,
            self._ledger_fault,
            self.recorder.fault,
        ):
            if fault:
                yield without_folders(fault)

    def _report_refusal(self, symbol: str, words: str) -> None:
        self.alarm.report(self.settings, symbol, without_folders(words))

    def _refresh_live_direction(self) -> None:
        if self.clock.monotonic() < self._live_due:
            return
        self._live_due = self.clock.monotonic() + LIVE_S
        try:
            self.metrics.live_direction.percent = self._live_direction()
            self._ledger_fault = ""
        except StockmlError as error:
            self.metrics.live_direction.percent = None
            self._ledger_fault = str(error)

    def _live_direction(self) -> float | None:
        """Percent of all scored forecasts with the right direction; None before the first."""
        limit = self.settings.thresholds.max_mape
        with self.live_lock:
            trees = [
                self.live.accuracy(served.symbol, served.source, limit)
                for served in self.models.served
            ]
        moved = sum(tree["moved"] for tree in trees)
        if not moved:
            return None
        right = sum(tree["direction_accuracy"] * tree["moved"] for tree in trees if tree["moved"])
        return float(right / moved)
