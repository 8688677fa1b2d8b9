"""The one entry point for the console and the commands: a home and a facade for each package."""

from __future__ import annotations

from engine.children.facade import ChildrenFacade
from engine.core.clock import Clock, SystemClock
from engine.core.history import AgingTable
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.forecast.facade import ModelsFacade
from engine.market.facade import BarsFacade
from engine.runs.facade import RunsFacade
from engine.schedule.facade import ScheduleFacade
from engine.service.facade import ServiceFacade
from engine.settings.facade import Context, SettingsFacade
from engine.vault.facade import BackupsFacade, StorageFacade
from engine.watch.alerts_facade import AlertsFacade
from engine.watch.facade import WatchFacade


class Engine:
    """One home folder and what can be done with it; importing it loads no numpy or TensorFlow.

    What a package needs of one above it is handed to its facade here.
    """

    def __init__(self, home: Home, clock: Clock | None = None, source: str | None = None) -> None:
        context = Context(
            home, clock or SystemClock(), parse_source(source).name if source else None
        )
        self.home = context.home
        self.clock = context.clock
        self.source = context.source
        self.settings = SettingsFacade(context)
        self.bars = BarsFacade(context)
        self.schedule = ScheduleFacade(context)
        self.runs = RunsFacade(context, lambda: self.watch.rows())
        self.watch = WatchFacade(context, self.runs, self.schedule)
        self.alerts = AlertsFacade(context)
        self.models = ModelsFacade(
            context, built=self.watch.remember, forecasted=self.watch.keep_forecast
        )
        self.backups = BackupsFacade(
            context,
            verify=self.models.verify_file,
            newest_generation=self.runs.newest_generation,
            restored=self.models.rebuild_status,
        )
        self.storage = StorageFacade(context, aged_tables)
        self.service = ServiceFacade(context)
        self.children = ChildrenFacade(context)


def aged_tables() -> tuple[AgingTable, ...]:
    """The tables of history.db whose old rows `clean` removes."""
    from engine.schedule.record import AGED as RUNS_OF_JOBS
    from engine.watch.schema import AGED as CHECKS

    return (*RUNS_OF_JOBS, *CHECKS)
