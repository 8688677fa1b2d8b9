"""The running service as one value: what is served, the background look every second, and the
cached health."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from engine.core.clock import Clock
from engine.core.errors import ConfigError, StockmlError
from engine.core.paths import Home
from engine.market.calendar import last_complete_session
from engine.service import answers
from engine.service.access import AccessLog
from engine.service.alarm import Alarm
from engine.service.forecasts import Forecasts
from engine.service.live import LiveView
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore
from engine.service.problems import without_folders
from engine.service.recorder import Recorder
from engine.service.refresher import Refresher
from engine.settings import load as config
from engine.settings.schema import Settings
from engine.watch import ledger

LOOK_S = 1.0
LIVE_S = 60.0
"""Seconds between two readings of the ledger for the metrics."""
LATE_MINUTES = 180
"""Minutes after `settle_minutes` from which missing bars count against health: time for the
refresher's first tries."""


@dataclass(frozen=True, slots=True)
class Health:
    """The newest result of the checks."""

    status: int
    tree: dict[str, Any]


LOADING = Health(
    503,
    {
        "status": "unhealthy",
        "services": {},
        "answered": 0,
        "total": 0,
        "problems": ["models are being loaded"],
    },
)


@dataclass
class PredictionService:
    """Everything a request may use;
    `look` runs in one background thread, the rest on the event loop."""

    home: Home
    clock: Clock
    settings: Settings
    source: str | None = None
    fetching: bool = True
    """Whether bars are refreshed from the network in the background."""
    metrics: ServiceMetrics = field(default_factory=ServiceMetrics)
    health: Health = LOADING
    looked: bool = False

    def __post_init__(self) -> None:
        self.started_at = self.clock.now()
        self.shelf = ModelStore(self.home, self.clock, self.metrics, self.source)
        self.shelf.refusals.append(self._ring)
        self.forecasts = Forecasts(
            self.shelf, self.clock, self.metrics, lambda: self.settings.service.ttl_s
        )
        self.live = LiveView(self.home)
        self.live_lock = threading.Lock()
        self.recorder = Recorder(lambda made: ledger.record(self.home, made), self.metrics)
        self.alarm = Alarm(self.home, self.clock)
        self.refresher = Refresher(self.home, self.clock, self.metrics)
        limit = self.settings.logs.max_mb * 1_000_000
        self.access = AccessLog(self.home.logs / "service" / "access.log", limit)
        self._live_due = 0.0
        self._ledger_fault = ""
        self._settings_key: object = None
        self._settings_fault = ""
        self._look_fault = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="looking", daemon=True)

    def start(self) -> None:
        """Begin to look; answers follow as soon as the models are loaded."""
        self.recorder.start()
        self.alarm.start()
        self._thread.start()

    def close(self) -> None:
        """Stop looking, write what waits, end the child."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)
        self.refresher.close()
        self.forecasts.close()
        self.recorder.close()
        self.alarm.close()
        self.access.close()

    def newest_session(self, late_minutes: int = 0) -> date:
        """The last complete session by the clock;
        with `late_minutes`, the one that must have arrived by now."""
        late = timedelta(minutes=late_minutes)
        return last_complete_session(self.clock.now() - late, self.settings.market.settle_minutes)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
                self._look_fault = ""
            except Exception as error:  # noqa: BLE001 - the looking must outlive any fault; it is told in health and on stderr
                if str(error) != self._look_fault:
                    traceback.print_exc(file=sys.stderr)
                self._look_fault = str(error) or type(error).__name__
                self.health = self._checked_health()
            self._stop.wait(LOOK_S)

    def look(self) -> None:
        """Take up what changed: settings, models, bars; check health; ask for bars that are due."""
        self._look_at_settings()
        self.shelf.look(self.settings)
        newest = self.newest_session()
        for slot in self.shelf.slots:
            stale = slot.bars is None or not len(slot.bars) or slot.bars.last_date < newest
            self.metrics.stale.labels(slot.symbol).set(stale)
        self._look_at_ledger()
        self.health = self._checked_health()
        self.looked = True
        self.access.look()
        if self.fetching:
            self.refresher.look(self.wanted(), newest)

    def wanted(self) -> Sequence[tuple[str, str]]:
        """(source, symbol) of all bars that forecasts need."""
        found = [
            (slot.source, name)
            for slot in self.shelf.slots
            if slot.model
            for name in (slot.symbol, *_context(slot))
        ]
        return tuple(dict.fromkeys(found))

    def _look_at_settings(self) -> None:
        try:
            found = self.home.settings.stat()
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
            if key == self._settings_key:
                return
            self._settings_key = key
            self.settings = config.load(self.home)
            self._settings_fault = ""
        except OSError as error:
            self._settings_key = None
            self._settings_fault = f"stockml.toml: {error.strerror}; the settings before go on"
        except ConfigError as error:
            self._settings_fault = f"{error.message}; the settings before go on"

    def _checked_health(self) -> Health:
        problems = [
            text
            for text in (
                self._settings_fault,
                self._look_fault,
                self._ledger_fault,
                self.recorder.fault,
            )
            if text
        ]
        slots, late = self.shelf.slots, self.newest_session(LATE_MINUTES)
        words: Iterable[str] = (without_folders(text) for text in problems)
        return Health(*answers.health(slots, len(self.settings.names), late, words))

    def _ring(self, symbol: str, words: str) -> None:
        self.alarm.ring(self.settings, symbol, without_folders(words))

    def _look_at_ledger(self) -> None:
        if self.clock.monotonic() < self._live_due:
            return
        self._live_due = self.clock.monotonic() + LIVE_S
        try:
            self.metrics.live_direction, self._ledger_fault = self._live_direction(), ""
        except StockmlError as error:
            self.metrics.live_direction, self._ledger_fault = None, str(error)

    def _live_direction(self) -> float | None:
        """Percent of scored forecasts of all symbols that had the direction right;
        None before the first."""
        with self.live_lock:
            limit = self.settings.thresholds.max_mape
            found = [
                self.live.accuracy(slot.symbol, slot.source, limit) for slot in self.shelf.slots
            ]
        moved = sum(each["moved"] for each in found)
        return (
            sum(each["direction_accuracy"] * each["moved"] for each in found if each["moved"])
            / moved
            if moved
            else None
        )


def _context(slot: Any) -> tuple[str, ...]:
    return tuple(slot.model.forecaster.context)


def reload_model(service: PredictionService, symbol: str) -> Any:
    """Read the model of `symbol` again now; the slot that serves from here on.
    StockmlError as `look`."""
    try:
        return service.shelf.reload(symbol, service.settings)
    except OSError as error:
        raise StockmlError(f"{symbol}: {error.strerror}") from error
