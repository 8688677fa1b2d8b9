"""A fake engine for the console's tests: hands out snapshots that a test builds, and notes what
it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.client.place import Place
from engine.client.service_client import Reply, ServiceState
from engine.core.child import ChildAnswer
from engine.core.clock import FakeClock
from engine.core.paths import Home
from engine.core.records import (
    Alert,
    Away,
    PlanItem,
    Run,
    Snapshot,
    Started,
    TrainRequest,
)
from engine.schedule.daemon import Daemon
from engine.schedule.scheduler import Scheduler
from engine.service.overview import Overview
from engine.settings import load as config
from engine.settings.home import prepare
from engine.settings.schema import Settings
from engine.settings.write import SettingChange, set_keys
from engine.vault.backups import Backup
from engine.watch.deliver import Waiting
from tests.schedule.fakes import FakeCrontab
from tests.tui.scenes import DOCTOR, NAMES, NOW, story


class FakeEngine:
    """Answers at once with what the test put in;
    `snap` may be a snapshot, an error, or a function."""

    def __init__(self, folder: Path, snap: Snapshot | Exception | Callable[[], Snapshot]) -> None:
        self.home = Home(folder)
        prepare(self.home)
        self.settings: Settings = config.load(self.home, {})
        self.snap = snap
        self.calls: list[tuple[str, Any]] = []
        self.error: Exception | None = None
        self.holders: dict[str, str] = {}
        self.crontab = FakeCrontab(folder / "fake-crontab")
        self.daemon = Daemon(True, 7)
        self.backups_there: tuple[Backup, ...] = ()
        self.stories = {name: story() for name in NAMES}
        self.answers: dict[str, ChildAnswer] = {"doctor": ChildAnswer(0, DOCTOR)}
        """What commands in a child say, by their first word."""
        self.away_found = Away()
        self.alerts_there: tuple[Alert, ...] | Exception = (
            snap.alerts if isinstance(snap, Snapshot) else ()
        )
        self.waiting: tuple[Waiting, ...] = ()
        self.closed = ""
        """Why no message can be sent."""
        self.overview = Overview(ServiceState(Place(False)))
        """What the service is, and tells."""
        self.replies: dict[str, Reply] = {}
        """What it answers, by path."""
        self.gate = threading.Event()
        """Verbs wait for it; set unless a test clears it."""
        self.gate.set()

    def reread(self) -> None:
        """Read the settings again, as the engine does when the file changed."""
        self.settings = config.load(self.home, {})

    def snapshot(self) -> Snapshot:
        if isinstance(self.snap, Exception):
            raise self.snap
        return self.snap if isinstance(self.snap, Snapshot) else self.snap()

    def spawn_status_refresh(self) -> bool:
        self.calls.append(("refresh", None))
        return True

    def _verb(self, name: str, argument: Any) -> None:
        self.calls.append((name, argument))
        self.gate.wait(60)
        if self.error is not None:
            raise self.error

    def train_plan(self, request: TrainRequest) -> tuple[PlanItem, ...]:
        self._verb("plan", request)
        rows = {found.symbol: found for found in self.snapshot().rows}
        return tuple(
            PlanItem(name, rows[name].model, rows[name].state, self.holders.get(name))
            for name in request.symbols
        )

    def start_training(self, request: TrainRequest) -> Started:
        self._verb("train", request)
        going = tuple(name for name in request.symbols if name not in self.holders)
        return Started("20261021-143711-ffffff", going, tuple(self.holders.items()))

    def cancel(self, run_id: str) -> None:
        self._verb("cancel", run_id)

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        return self.snapshot().runs[:limit]

    def run(self, run_id: str) -> Run:
        return next(run for run in self.snapshot().runs if run.id == run_id)

    def backups(self) -> tuple[Backup, ...]:
        return self.backups_there

    def command(self, words: Sequence[str]) -> ChildAnswer:
        self._verb("command", tuple(words))
        return self.answers[words[0]]

    def symbol_story(self, symbol: str) -> dict[str, Any]:
        self._verb("story", symbol)
        return self.stories[symbol]

    def away(self) -> Away:
        return self.away_found

    def mark_open(self) -> None:
        self.calls.append(("open", None))

    def alerts(self, lately: timedelta | None = None) -> tuple[Alert, ...]:
        if isinstance(self.alerts_there, Exception):
            raise self.alerts_there
        return tuple(found for found in self.alerts_there if lately or found.state != "resolved")

    def undelivered(self) -> tuple[Waiting, ...]:
        return self.waiting

    def delivery_closed(self) -> str:
        return self.closed

    def acknowledge(self, rule: str, symbol: str) -> int:
        self._verb("acknowledge", (rule, symbol))
        return 1

    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime:
        self._verb("silence", (rule, symbol, span))
        return NOW + span

    def test_alert(self) -> str:
        self._verb("test", None)
        return self.closed

    def scheduler(self) -> Scheduler:
        """The real one, on a crontab program that keeps its tab in a file."""
        if self.error is not None:
            raise self.error
        return Scheduler(
            self.home,
            FakeClock(NOW),
            crontab=self.crontab.crontab,
            state=self.home.root / "state",
            units=self.home.root / "units",
            zone=ZoneInfo("America/New_York"),
            daemon=lambda: self.daemon,
        )

    def set_settings(
        self, changes: Any, seen: Any = None, check: Any = None
    ) -> tuple[SettingChange, ...]:
        """The real writing, on the home of the test."""
        self._verb("set", dict(changes))
        made = set_keys(self.home, changes, seen, check)
        self.settings = config.load(self.home, {})
        return made

    def start_job_now(self, job: str) -> int:
        self._verb("run-now", job)
        return 4711

    def service_state(self, deadline_s: float = 2.0) -> ServiceState:
        return self.overview.state

    def service_overview(self, deadline_s: float = 1.0) -> Overview:
        return self.overview

    def ask_service(self, path: str, deadline_s: float = 2.0) -> Reply:
        self._verb("ask-service", path)
        return self.replies[path]

    def asked(self, name: str) -> list[Any]:
        """The arguments of every call of one verb."""
        return [argument for verb, argument in self.calls if verb == name]
