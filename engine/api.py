"""The one entry point for the console and the commands: a home and a facade for each package."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.core.clock import Clock, SystemClock
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.settings.facade import Context, SettingsFacade

if TYPE_CHECKING:
    from engine.children.facade import ChildrenFacade
    from engine.cluster.facade import ClusterFacade
    from engine.core.history import AgingTable
    from engine.forecast.facade import ModelsFacade
    from engine.market.facade import BarsFacade
    from engine.runs.facade import RunsFacade
    from engine.schedule.facade import ScheduleFacade
    from engine.service.facade import ServiceFacade
    from engine.symbols.facade import SymbolsFacade
    from engine.vault.facade import BackupsFacade, StorageFacade
    from engine.watch.alerts_facade import AlertsFacade
    from engine.watch.facade import WatchFacade


class Engine:
    """One home folder and what can be done with it; no verb loads a facade that it does not use.

    What a package needs of one above it is handed to its facade here.
    """

    def __init__(self, home: Home, clock: Clock | None = None, source: str | None = None) -> None:
        self._context = Context(
            home, clock or SystemClock(), parse_source(source).name if source else None
        )
        self.home = self._context.home
        self.clock = self._context.clock
        self.source = self._context.source
        self.settings = SettingsFacade(self._context)

    @cached_property
    def bars(self) -> BarsFacade:
        from engine.market.facade import BarsFacade

        return BarsFacade(self._context)

    @cached_property
    def schedule(self) -> ScheduleFacade:
        from engine.schedule.facade import ScheduleFacade

        return ScheduleFacade(self._context)

    @cached_property
    def runs(self) -> RunsFacade:
        from engine.runs.facade import RunsFacade

        return RunsFacade(
            self._context,
            rows=lambda: self.watch.rows(),
            cluster=lambda: self.cluster.capacity(),
        )

    @cached_property
    def cluster(self) -> ClusterFacade:
        from engine.cluster.facade import ClusterFacade

        return ClusterFacade(self._context)

    @cached_property
    def watch(self) -> WatchFacade:
        from engine.watch.facade import WatchFacade

        return WatchFacade(self._context, self.runs, self.schedule)

    @cached_property
    def alerts(self) -> AlertsFacade:
        from engine.watch.alerts_facade import AlertsFacade

        return AlertsFacade(self._context)

    @cached_property
    def models(self) -> ModelsFacade:
        from engine.forecast.facade import ModelsFacade

        return ModelsFacade(
            self._context, built=self.watch.remember, forecasted=self.watch.keep_forecast
        )

    @cached_property
    def backups(self) -> BackupsFacade:
        from engine.vault.facade import BackupsFacade

        return BackupsFacade(
            self._context,
            verify=self.models.verify_file,
            newest_generation=self.runs.newest_generation,
            restored=self.models.rebuild_status,
        )

    @cached_property
    def storage(self) -> StorageFacade:
        from engine.vault.facade import StorageFacade

        return StorageFacade(self._context, aged_tables)

    @cached_property
    def symbols(self) -> SymbolsFacade:
        from engine.symbols.facade import SymbolsFacade

        return SymbolsFacade(self._context)

    @cached_property
    def service(self) -> ServiceFacade:
        from engine.service.facade import ServiceFacade

        return ServiceFacade(self._context)

    @cached_property
    def children(self) -> ChildrenFacade:
        from engine.children.facade import ChildrenFacade

        return ChildrenFacade(self._context)

    def take_reports(self, folder: str) -> None:
        """Read report dates from this folder, whatever the settings name."""
        self._context.reports = folder


def aged_tables() -> tuple[AgingTable, ...]:
    """The tables of history.db whose old rows `clean` removes."""
    from engine.schedule.record import AGED as RUNS_OF_JOBS
    from engine.watch.schema import AGED as CHECKS

    return (*RUNS_OF_JOBS, *CHECKS)
