"""A fake engine for the console's tests: hands out snapshots that a test builds, and notes what
it was asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.api import Engine
from engine.children import messages
from engine.children.command_run import CommandRun
from engine.children.watched import ChildWatch
from engine.client.records import ServicePlace, ServiceReply, ServiceState
from engine.cluster.records import ClusterHost, ClusterView
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import PlanItem, Run, StartedRun, TrainRequest
from engine.core.snapshot import Alert, Away, Snapshot
from engine.runs.journal import JournalTail
from engine.runs.spec import run_folder
from engine.schedule.check import ScheduleCheck
from engine.schedule.check_record import CheckResult
from engine.schedule.probe_line import ProbeLine
from engine.schedule.records import Backend, Daemon, ScheduleView
from engine.schedule.scheduler import Scheduler
from engine.schedule.view import schedule_view
from engine.service.records import Overview
from engine.settings import load as config
from engine.settings.home import prepare
from engine.settings.mend import LineEdit, mend
from engine.settings.records import SettingChange
from engine.settings.schema import Settings
from engine.settings.sheet import Sheet, read_sheet
from engine.settings.write import set_keys
from engine.symbols.records import ConfiguredSymbol
from engine.vault.records import Backup
from engine.watch.records import Waiting
from tests.fake_clock import FakeClock
from tests.schedule.fakes import FakeCrontab
from tests.tui.scenes import DOCTOR, NAMES, NOW, details

HOSTS = tuple(
    ClusterHost(
        host="north",
        worker=f"north-{number}",
        symbol=symbol,
        word="phase fit" if symbol else "",
        memory_mb=78,
        free_mb=20_000,
        last_seen_s=0.4,
        versions={"stockml": "0.1.0"},
    )
    for number, symbol in ((1, "NVDA"), (2, ""))
)


class FakeEngine:
    """Answers at once with what the test put in;
    `snap` may be a snapshot, an error, or a function."""

    def __init__(self, folder: Path, snap: Snapshot | Exception | Callable[[], Snapshot]) -> None:
        self.home = Home(folder)
        prepare(self.home)
        self.runs = FakeRuns(self)
        self.watch = FakeWatch(self)
        self.alerts = FakeAlerts(self)
        self.backups = FakeBackups(self)
        self.symbols = FakeSymbols(self)
        self.cluster = FakeCluster(self)
        self.schedule = FakeSchedule(self)
        self.check_outcome: CheckResult | None = None
        self.settings = FakeSettings(self)
        self.service = FakeService(self)
        self.children = FakeChildren(self)
        self.snap = snap
        self.calls: list[tuple[str, Any]] = []
        self.error: Exception | None = None
        self.holders: dict[str, str] = {}
        self.crontab = FakeCrontab(folder / "fake-crontab")
        self.daemon = Daemon(True, 7)
        self.backups_there: tuple[Backup, ...] = ()
        self.details = {name: details(name) for name in NAMES}
        self.answers: dict[type, Any] = {messages.ExamineMachine: DOCTOR}
        """What children answer, by the type of the request."""
        self.away_found: Away | Exception = Away()
        self.alerts_there: tuple[Alert, ...] | Exception = (
            snap.alerts if isinstance(snap, Snapshot) else ()
        )
        self.waiting: tuple[Waiting, ...] = ()
        self.closed = ""
        """Why no message can be sent."""
        self.overview = Overview(ServiceState(ServicePlace(False)))
        """What the service is, and tells."""
        self.replies: dict[str, ServiceReply] = {}
        """What it answers, by path."""
        self.command_program: tuple[str, ...] = (sys.executable, "-c", "print('all is done')")
        """What runs in place of a command of stockml."""
        self.watch_of_child: ChildWatch | None = None
        """That of the newest child."""
        self.gate = threading.Event()
        """Verbs wait for it; set unless a test clears it."""
        self.gate.set()

    def reread(self) -> None:
        """Read the settings again, as the engine does when the file changed."""
        self.settings.current = config.load(self.home, {})

    def verb(self, name: str, argument: Any) -> None:
        self.calls.append((name, argument))
        self.gate.wait(60)
        if self.error is not None:
            raise self.error

    def asked(self, name: str) -> list[Any]:
        """The arguments of every call of one verb."""
        return [argument for verb, argument in self.calls if verb == name]


class FakeRuns:
    """The runs of the snapshot; trainings start at once."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def plan(self, request: TrainRequest) -> tuple[PlanItem, ...]:
        self.engine.verb("plan", request)
        rows = {row.symbol: row for row in self.engine.watch.snapshot().rows}
        return tuple(
            PlanItem(name, rows[name].model, rows[name].state, self.engine.holders.get(name))
            for name in request.symbols
        )

    def start(self, request: TrainRequest) -> StartedRun:
        self.engine.verb("train", request)
        holders = self.engine.holders
        symbols = tuple(name for name in request.symbols if name not in holders)
        return StartedRun("20261021-143711-ffffff", symbols, tuple(holders.items()))

    def cancel(self, run_id: str) -> None:
        self.engine.verb("cancel", run_id)

    def recent(self, limit: int = 50) -> tuple[Run, ...]:
        return self.engine.watch.snapshot().runs[:limit]

    def journal(self, run_id: str) -> JournalTail:
        return JournalTail(run_folder(self.engine.home, run_id).events)

    def show(self, run_id: str) -> Run:
        return next(run for run in self.engine.watch.snapshot().runs if run.id == run_id)


class FakeWatch:
    """The snapshot of the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def snapshot(self) -> Snapshot:
        snap = self.engine.snap
        if isinstance(snap, Exception):
            raise snap
        return snap if isinstance(snap, Snapshot) else snap()

    def away(self) -> Away:
        if isinstance(self.engine.away_found, Exception):
            raise self.engine.away_found
        return self.engine.away_found

    def mark_open(self) -> None:
        self.engine.calls.append(("open", None))


class FakeAlerts:
    """The alerts of the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def list(self, lately: timedelta | None = None) -> tuple[Alert, ...]:
        alerts = self.engine.alerts_there
        if isinstance(alerts, Exception):
            raise alerts
        return tuple(alert for alert in alerts if lately or alert.state != "resolved")

    def undelivered(self) -> tuple[Waiting, ...]:
        return self.engine.waiting

    def delivery_closed(self) -> str:
        return self.engine.closed

    def acknowledge(self, rule: str, symbol: str) -> int:
        self.engine.verb("acknowledge", (rule, symbol))
        return 1

    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime:
        self.engine.verb("silence", (rule, symbol, span))
        return NOW + span

    def send_test(self) -> str:
        self.engine.verb("test", None)
        return self.engine.closed


class FakeCluster:
    """A cluster whose view the test sets."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.now = ClusterView(address="tls://head:8786", answers=True, hosts=HOSTS)

    def view(self) -> ClusterView:
        self.engine.verb("cluster", None)
        return self.now


class FakeSymbols:
    """The symbols of the home of the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def list(self) -> tuple[ConfiguredSymbol, ...]:
        self.engine.verb("symbols", None)
        return Engine(self.engine.home).symbols.list()


class FakeBackups:
    """The backups of the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def list(self) -> tuple[Backup, ...]:
        return self.engine.backups_there


class FakeSchedule:
    """The real scheduler, on a crontab program that keeps its tab in a file."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def scheduler(self) -> Scheduler:
        engine = self.engine
        if engine.error is not None:
            raise engine.error
        return Scheduler(
            engine.home,
            FakeClock(NOW),
            crontab=engine.crontab.crontab,
            state=engine.home.root / "state",
            units=engine.home.root / "units",
            zone=ZoneInfo("America/New_York"),
            daemon=lambda: engine.daemon,
        )

    def view(self) -> ScheduleView:
        return schedule_view(self.scheduler())

    def check(self, backend: Backend) -> ScheduleCheck:
        return ScheduleCheck(self.scheduler(), program=Path("/bin/true"), backend=backend)

    def run_check(self, check: ScheduleCheck, line: ProbeLine) -> CheckResult:
        self.engine.verb("schedule-check", str(check.backend))
        return self.engine.check_outcome or CheckResult(asked_at=NOW, due=line.due)

    def start_now(self, job: str) -> int:
        self.engine.verb("run-now", job)
        return 4711


class FakeSettings:
    """The settings of the home of the test, really written."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.current: Settings = config.load(engine.home, {})

    @property
    def usable(self) -> Settings:
        return self.current

    @property
    def version(self) -> object:
        return config.settings_version(self.engine.home)

    def sheet(self) -> Sheet:
        return read_sheet(self.engine.home)

    def mend(self, edit: LineEdit) -> None:
        self.engine.verb("mend", edit)
        mend(self.engine.home, edit)

    def write(
        self, changes: Any, based_on: Any = None, check: Any = None
    ) -> tuple[SettingChange, ...]:
        self.engine.verb("set", dict(changes))
        made = set_keys(self.engine.home, changes, based_on, check)
        self.current = config.load(self.engine.home, {})
        return made


class FakeService:
    """The service of the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def state(self, deadline_s: float = 2.0) -> ServiceState:
        return self.engine.overview.state

    def overview(self, deadline_s: float = 1.0) -> Overview:
        return self.engine.overview

    def ask(self, path: str, deadline_s: float = 2.0) -> ServiceReply:
        self.engine.verb("ask-service", path)
        return self.engine.replies[path]


class FakeChildren:
    """Children that answer what the test put in, by the type of the request."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def _answer(self, request: Any, watch: ChildWatch | None = None) -> Any:
        self.engine.watch_of_child = watch
        self.engine.verb("child", request)
        if watch is not None and watch.cancelled:
            raise StockmlError("cancelled")
        return self.engine.answers[type(request)]

    def create_backup(self, symbols: Sequence[str] = ()) -> messages.BackupCreated:
        answer: messages.BackupCreated = self._answer(messages.CreateBackup(tuple(symbols)))
        return answer

    def restore_backup(self, backup: str, symbols: Sequence[str]) -> messages.BackupRestored:
        request = messages.RestoreBackup(backup, tuple(symbols))
        answer: messages.BackupRestored = self._answer(request)
        return answer

    def verify_backups(self, names: Sequence[str] = ()) -> messages.BackupsVerified:
        answer: messages.BackupsVerified = self._answer(messages.VerifyBackups(tuple(names)))
        return answer

    def check_models(self, watch: ChildWatch | None = None) -> messages.ModelsChecked:
        answer: messages.ModelsChecked = self._answer(messages.CheckModels(), watch)
        return answer

    def plan_trainings(self, watch: ChildWatch | None = None) -> messages.TrainingsPlanned:
        answer: messages.TrainingsPlanned = self._answer(messages.PlanTrainings(), watch)
        return answer

    def start_trainings(
        self, symbols: Sequence[str], *, skip_market_hours: bool = False
    ) -> messages.TrainingsStarted:
        request = messages.StartTrainings(tuple(symbols), skip_market_hours)
        answer: messages.TrainingsStarted = self._answer(request)
        return answer

    def examine_machine(self) -> messages.MachineExamined:
        answer: messages.MachineExamined = self._answer(messages.ExamineMachine())
        return answer

    def show_symbol(self, symbol: str) -> messages.SymbolDetails:
        self.engine.verb("details", symbol)
        return self.engine.details[symbol]

    def run_command(
        self, words: Sequence[str], *, reads_bars: bool, ended: Callable[[], None]
    ) -> CommandRun:
        self.engine.verb("command", (tuple(words), reads_bars))
        return CommandRun(words, (), FakeClock(NOW), ended, program=self.engine.command_program)

    def start_status_refresh(self) -> bool:
        self.engine.calls.append(("refresh", None))
        return True
