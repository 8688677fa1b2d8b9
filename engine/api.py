"""The one entry point for the console and the commands: a home and a facade for each package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from engine.core.child import ChildAnswer, child_environment, command
from engine.core.clock import Clock, SystemClock
from engine.core.files import lock_holder
from engine.core.history import Aged
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

_OF_SOURCE = ("predict", "evaluate", "accuracy", "performance", "auto-train")
"""The commands that the console asks for and that take --source."""


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

    def spawn_status_refresh(self) -> bool:
        """Let a short-lived child rebuild outdated statuses; False when one is already at it."""
        if lock_holder(self.home.locks / ".status") is not None:
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

    def command(self, words: Sequence[str]) -> ChildAnswer:
        """A command of ours on this home in a short-lived child, with its JSON."""
        source = ("--source", self.source) if self.source and words[0] in _OF_SOURCE else ()
        return command((*words, "--home", str(self.home.root), *source, "--json"))

    def symbol_story(self, symbol: str) -> dict[str, Any]:
        """Record, calibration, live accuracy and the triggers' verdicts of one symbol."""
        words = (str(self.home.root), symbol, *((self.source,) if self.source else ()))
        return command(words, module="engine.children.symbol_page").document


def aged_tables() -> tuple[Aged, ...]:
    """The tables of history.db whose old rows `clean` removes."""
    from engine.schedule.record import AGED as RUNS_OF_JOBS
    from engine.watch.schema import AGED as CHECKS

    return (*RUNS_OF_JOBS, *CHECKS)
