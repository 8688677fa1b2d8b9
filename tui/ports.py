"""The two ports of the console: the engine below it, and the application around its screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.core.paths import Home
from engine.core.records import PlanItem, Run, StartedRun, TrainRequest
from engine.core.snapshot import Alert, Away, Snapshot
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from textual.screen import Screen

    from engine.children import messages
    from engine.children.command_run import CommandRun
    from engine.children.watched import ChildWatch
    from engine.client.records import ServiceReply, ServiceState
    from engine.cluster.records import ClusterView
    from engine.core.clock import Clock
    from engine.runs.journal import JournalTail
    from engine.schedule.check import ScheduleCheck
    from engine.schedule.probe_line import ProbeLine
    from engine.schedule.records import Backend, ScheduleView
    from engine.schedule.scheduler import Scheduler
    from engine.service.records import Overview
    from engine.settings.keys import KeyPath
    from engine.settings.mend import LineEdit
    from engine.settings.records import Check, SettingChange
    from engine.settings.sheet import Sheet
    from engine.symbols.records import ConfiguredSymbol
    from engine.vault.records import Backup
    from engine.watch.records import Waiting
    from tui.frame.facts import FrameFacts
    from tui.screens.typed_keys import TypedKeys
    from tui.terminal.vitals import Vitals
    from tui.work.messages import Notice

Result = TypeVar("Result")


class RunsPort(Protocol):
    """Trainings: planned, started, cancelled, looked at."""

    def plan(self, request: TrainRequest) -> tuple[PlanItem, ...]: ...

    def start(self, request: TrainRequest) -> StartedRun: ...

    def cancel(self, run_id: str) -> object: ...

    def show(self, run_id: str) -> Run: ...

    def recent(self, limit: int = 50) -> tuple[Run, ...]: ...

    def journal(self, run_id: str) -> JournalTail: ...


class WatchPort(Protocol):
    """What is shown, and what happened while no console was open."""

    def snapshot(self) -> Snapshot: ...

    def away(self) -> Away: ...

    def mark_open(self) -> object: ...


class AlertsPort(Protocol):
    """The alerts and the messages about them."""

    def list(self, lately: timedelta | None = None) -> tuple[Alert, ...]: ...

    def undelivered(self) -> tuple[Waiting, ...]: ...

    def delivery_closed(self) -> str: ...

    def acknowledge(self, rule: str, symbol: str) -> int: ...

    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime: ...

    def send_test(self) -> str: ...


class BackupsPort(Protocol):
    """The backups that there are."""

    def list(self) -> tuple[Backup, ...]: ...


class SchedulePort(Protocol):
    """The jobs of the home."""

    def scheduler(self) -> Scheduler: ...

    def view(self) -> ScheduleView: ...

    def check(self, backend: Backend) -> ScheduleCheck: ...

    def run_check(self, check: ScheduleCheck, line: ProbeLine) -> Any: ...

    def start_now(self, job: str) -> int: ...


class SettingsPort(Protocol):
    """The settings and their file."""

    @property
    def current(self) -> Settings: ...

    @property
    def usable(self) -> Settings: ...

    @property
    def version(self) -> object: ...

    def sheet(self) -> Sheet: ...

    def mend(self, edit: LineEdit) -> None: ...

    def write(
        self,
        changes: Mapping[KeyPath, object],
        based_on: Mapping[KeyPath, object] | None = None,
        check: Check | None = None,
    ) -> tuple[SettingChange, ...]: ...


class SymbolsPort(Protocol):
    """The configured symbols."""

    def list(self) -> tuple[ConfiguredSymbol, ...]: ...


class ClusterPort(Protocol):
    """The machines that fit for the home."""

    def view(self) -> ClusterView: ...


class ServicePort(Protocol):
    """The prediction service."""

    def state(self, deadline_s: float = 2.0) -> ServiceState: ...

    def ask(self, path: str, deadline_s: float = 2.0) -> ServiceReply: ...

    def overview(self, deadline_s: float = 1.0) -> Overview: ...


class ChildrenPort(Protocol):
    """Work that loads numpy or h5py, each in a process of its own."""

    def create_backup(self, symbols: Sequence[str] = ()) -> messages.BackupCreated: ...

    def restore_backup(self, backup: str, symbols: Sequence[str]) -> messages.BackupRestored: ...

    def verify_backups(self, names: Sequence[str] = ()) -> messages.BackupsVerified: ...

    def check_models(self, watch: ChildWatch | None = None) -> messages.ModelsChecked: ...

    def plan_trainings(self, watch: ChildWatch | None = None) -> messages.TrainingsPlanned: ...

    def start_trainings(
        self, symbols: Sequence[str], *, skip_market_hours: bool = False
    ) -> messages.TrainingsStarted: ...

    def examine_machine(self) -> messages.MachineExamined: ...

    def show_symbol(self, symbol: str) -> messages.SymbolDetails: ...

    def run_command(
        self, words: Sequence[str], *, reads_bars: bool, ended: Callable[[], None]
    ) -> CommandRun: ...

    def start_status_refresh(self) -> object: ...


class EnginePort(Protocol):
    """The engine as the console uses it; a method may block, so none is called on the loop."""

    @property
    def home(self) -> Home: ...

    @property
    def runs(self) -> RunsPort: ...

    @property
    def watch(self) -> WatchPort: ...

    @property
    def alerts(self) -> AlertsPort: ...

    @property
    def backups(self) -> BackupsPort: ...

    @property
    def schedule(self) -> SchedulePort: ...

    @property
    def settings(self) -> SettingsPort: ...

    @property
    def symbols(self) -> SymbolsPort: ...

    @property
    def cluster(self) -> ClusterPort: ...

    @property
    def service(self) -> ServicePort: ...

    @property
    def children(self) -> ChildrenPort: ...


class Unwritten(Protocol):
    """Changes that are not written yet."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of what would be written."""


class Shell(Protocol):
    """The application as its screens, panes and verbs use it."""

    read_only: bool
    ascii_only: bool
    wall: Clock
    vitals: Vitals
    stalled: str
    """LAG in words for 30 s after the event loop stalled; else empty."""
    names: tuple[str, ...]
    """The symbols that the first paint makes room for."""
    started: list[str]
    """Runs started from here, also those no snapshot has shown yet."""
    typed_keys: TypedKeys
    command_history: list[str]
    """The lines typed behind `:`, the newest last."""
    drafts: dict[str, Unwritten]
    """What is changed and not written, by the tab of its screen."""
    messages: list[tuple[datetime, Notice]]
    """The notices of this session, the newest last."""

    @property
    def engine(self) -> EnginePort: ...

    @property
    def snapshot(self) -> Snapshot | None: ...

    @property
    def away(self) -> Away | None: ...

    @property
    def frame(self) -> FrameFacts: ...

    def ask(
        self,
        verb: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        slow: Notice | None = None,
        watch: ChildWatch | None = None,
    ) -> None: ...

    def cancel_verb(self) -> bool: ...

    def say(self, notice: Notice | None) -> None: ...

    def note(self, text: str) -> None: ...

    def look_now(self) -> None: ...

    def copy(self, text: str) -> None: ...

    def go(self, name: str) -> None: ...

    def show_symbol(self, symbol: str) -> None: ...

    def open_command_line(self) -> None: ...

    def show_messages(self) -> None: ...

    def switch_mouse(self) -> Notice: ...

    def leave(self, code: int = 0) -> None: ...

    def quit(self) -> None: ...

    def take_keys(self) -> None: ...

    def next_theme(self) -> Notice: ...

    def apply_theme(self, name: str) -> Notice: ...

    def push_screen(
        self, screen: Screen[Result], callback: Callable[[Result | None], None] | None = None
    ) -> object: ...
