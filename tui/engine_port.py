"""What the console asks of the engine: the part of engine.api.Engine that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from engine.core.config import Settings
from engine.core.paths import Home
from engine.core.records import PlanItem, Run, Snapshot, Started, TrainRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.child import Answer
    from engine.schedule.scheduler import Scheduler
    from engine.core.config_edit import Path
    from engine.core.config_set import Change, Check
    from engine.core.service_client import Reply, ServiceState
    from engine.vault.backups import Backup
    from engine.service.overview import Overview


class EnginePort(Protocol):
    """The console's door; every method may block, so none is called on the event loop."""

    @property
    def home(self) -> Home: ...

    @property
    def settings(self) -> Settings: ...

    def snapshot(self) -> Snapshot: ...

    def spawn_status_refresh(self) -> object: ...

    def train_plan(self, request: TrainRequest) -> tuple[PlanItem, ...]: ...

    def start_training(self, request: TrainRequest) -> Started: ...

    def cancel(self, run_id: str) -> object: ...

    def runs(self, limit: int = 50) -> tuple[Run, ...]: ...

    def run(self, run_id: str) -> Run: ...

    def backups(self) -> Sequence[Backup]: ...

    def command(self, words: Sequence[str]) -> Answer: ...

    def symbol_story(self, symbol: str) -> dict[str, Any]: ...

    def scheduler(self) -> Scheduler: ...

    def start_job_now(self, job: str) -> int: ...

    def service_state(self, deadline_s: float = 2.0) -> ServiceState: ...

    def ask_service(self, path: str, deadline_s: float = 2.0) -> Reply: ...

    def service_overview(self, deadline_s: float = 1.0) -> Overview: ...
