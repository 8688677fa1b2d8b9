"""The watching half of the engine's door: automatic training, checks, accuracy, alerts, health."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import Alert, Away, Run, Snapshot, Started, SymbolRow, TrainRequest
from engine.core.symbols import checked_all
from engine.recorded import recorded
from engine.settings.schema import Settings
from engine.watch import alerts, deliver
from engine.watch.holds import Hold, hold, unhold

if TYPE_CHECKING:
    from engine.forecast.status import Status
    from engine.schedule.view import JobView, ScheduleView
    from engine.watch.auto_train import TrainingPlan
    from engine.watch.check import CheckReport
    from engine.watch.deliver import Waiting
    from engine.watch.health import Item
    from engine.watch.ledger import Accuracy


class Watching(ABC):
    """What `Engine` can do to watch its home;
    thin: every method hands over to one function of engine.watch."""

    home: Home
    clock: Clock
    source: str | None

    @property
    @abstractmethod
    def settings(self) -> Settings: ...

    @abstractmethod
    def start_training(self, request: TrainRequest) -> Started: ...

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def runs(self, limit: int = 50) -> tuple[Run, ...]: ...

    def auto_plan(
        self,
        symbols: Iterable[str] | None = None,
        *,
        force: bool = False,
        skip_market_hours: bool = False,
        fetch: bool = True,
    ) -> TrainingPlan:
        """What automatic training would do now, symbol by symbol;
        asks the source for bars when `fetch`."""
        from engine.schedule.upcoming import next_auto_train
        from engine.watch.auto_train import assess_all, plan_trainings, planning_context

        now = self.clock.now()
        names = checked_all(symbols, self.settings.names) if symbols else self.settings.names
        looks, _ = assess_all(self.home, self.settings, names, self.source, self.clock, fetch=fetch)
        upcoming = next_auto_train(self.home, now)
        moment = planning_context(
            now, force=force, skip_market_hours=skip_market_hours, next_auto_train=upcoming
        )
        return plan_trainings(self.home, self.settings, looks, moment, self.clock)

    @recorded
    def auto_train(self, prepared: TrainingPlan, starter: str) -> tuple[Started, ...]:
        """Start what was planned and write every decision down."""
        from engine.watch.auto_train import start

        return start(self.home, prepared, self.start_training, starter)

    def watch_story(self, symbol: str) -> dict[str, Any]:
        """Why a symbol will or will not be retrained, by its stored bars; writes nothing.
        It loads numpy."""
        from engine.watch.explain import retrain_story

        return retrain_story(self.home, self.settings, symbol, self.source, self.clock)

    @recorded
    def hold(self, symbol: str, reason: str, until: date | None = None) -> Hold:
        """Stop automatic training of a symbol."""
        return hold(self.home, symbol, reason, until, self.clock)

    @recorded
    def unhold(self, symbol: str) -> None:
        """Let automatic training of a symbol go on."""
        unhold(self.home, symbol, self.clock)

    def check(
        self,
        symbols: Iterable[str] | None = None,
        *,
        train: bool = True,
        fetch: bool = True,
        starter: str = "",
    ) -> CheckReport:
        """Check the performance of the symbols, write it down, start what fires when `train`.

        The house is looked at too: failed trainings, missed jobs and broken backups ring where
        no health job is scheduled.
        """
        from engine.watch.check import check

        found = check(
            self.home,
            self.settings,
            checked_all(symbols, self.settings.names) if symbols else self.settings.names,
            self.source,
            self.clock,
            begin=self.start_training if train else None,
            fetch=fetch,
            starter=starter,
        )
        with suppress(
            StockmlError, OSError
        ):  # the check has its own words for what cannot be read or written
            self.health()
        return found

    def monitor(
        self,
        symbols: Iterable[str],
        every: timedelta,
        say: Callable[[str], None],
        *,
        no_train: bool = False,
    ) -> None:
        """Check again and again in child processes until a signal;
        BusyError when another process does."""
        from engine.schedule.jobs import child_argv
        from engine.watch.monitor import Monitor

        names = checked_all(symbols, self.settings.names)
        words = ["--symbols", " ".join(names)] if names else []
        words += ["--source", self.source] if self.source else []
        argv = child_argv(self.home, ("performance", *words, *(["--no-train"] if no_train else [])))
        Monitor(self.home, argv, every, self.settings.market.settle_minutes, self.clock, say).run()

    def write_report(self, symbols: tuple[str, ...]) -> tuple[Path, dict[str, Any]]:
        """The report of the newest checks: its file and what stands in it."""
        from engine.watch.meters import Meters
        from engine.watch.report import write_report

        return write_report(
            self.home,
            symbols,
            Meters().sample(self.home.root, self.settings.resources),
            self.clock.now(),
        )

    def keep_forecast(self, symbol: str, status: Status) -> None:
        """Keep a forecast made by a command before its outcome;
        one that cannot be kept is still answered."""
        from engine.watch import ledger

        if status.model is None or status.forecast is None:
            return
        model = status.model
        made = ledger.KeptForecast(
            symbol,
            status.forecast,
            status.source,
            "command",
            model.generation,
            model.digest,
            self.clock.now(),
        )
        with suppress(StockmlError):
            ledger.record(self.home, [made])

    def accuracy(self, symbols: Iterable[str]) -> tuple[Accuracy, ...]:
        """Live accuracy of each symbol, on the source its forecasts are made from;
        reads and never resolves."""
        from engine.forecast import status as derived
        from engine.watch import ledger
        from engine.watch.facts import source_for

        found = []
        for symbol in checked_all(symbols, self.settings.names):
            source = source_for(
                self.home, derived.read(self.home.status(symbol)), self.settings, self.source
            )
            scored, waiting = (
                ledger.scored(self.home, symbol, source),
                ledger.waiting(self.home, symbol, source),
            )
            figures = ledger.accuracy_of(symbol, scored, waiting, self.settings.thresholds.max_mape)
            found.append(replace(figures, source=source))
        return tuple(found)

    def recent_checks(self, count: int) -> tuple[dict[str, Any], ...]:
        """The newest lines of the performance history, oldest first;
        a line that is no JSON is left out."""
        from engine.watch.report import recent_lines

        return recent_lines(self.home, count)

    def schedule_lines(self) -> tuple[str, ...]:
        """Each installed job in a line: its state, its times, its next run."""
        return self._schedule().lines()

    def _schedule(self) -> ScheduleView:
        from engine.schedule.scheduler import Scheduler
        from engine.schedule.view import view

        return view(Scheduler(self.home, self.clock))

    def alerts(self, lately: timedelta | None = None) -> tuple[Alert, ...]:
        """What is pending or firing, firing first; then what was resolved `lately`."""
        return alerts.alert_list(self.home, self.clock.now(), lately)

    def undelivered(self) -> tuple[Waiting, ...]:
        """Messages that nobody took yet."""
        return deliver.outbox(self.home)

    def delivery_closed(self) -> str:
        """Why no message can be sent now, in words; empty when one can."""
        return deliver.closed(self.home, self.settings)

    def deliver_alerts(self) -> str:
        """Send what waits through a short-lived child; what went wrong, in words."""
        return deliver.deliver(self.home, self.settings) if self.undelivered() else ""

    @recorded
    def acknowledge(self, rule: str, symbol: str) -> int:
        """Mark firing alerts as seen; `*` stands for all. How many were marked."""
        return alerts.acknowledge(self.home, rule, symbol, self.clock.now())

    @recorded
    def silence(self, rule: str, symbol: str, span: timedelta) -> datetime:
        """Send nothing of these alerts for `span`; when it ends."""
        return alerts.silence(self.home, rule, symbol, span, self.clock.now())

    @recorded
    def test_alert(self) -> str:
        """Queue a test message and deliver it; what went wrong, in words."""
        alerts.queue_test(self.home, self.clock.now())
        return self.deliver_alerts()

    def health(self) -> tuple[Item, ...]:
        """Whether the house is in order; missed jobs, lost trainings and broken backups ring."""
        from engine.forecast import status as derived
        from engine.watch import health
        from engine.watch.facts import source_for

        def source(row: SymbolRow) -> str:
            return source_for(
                self.home, derived.read(self.home.status(row.symbol)), self.settings, self.source
            )

        snapshot, schedule, now = self.snapshot(), self._schedule(), self.clock.now()
        items = health.health(self.home, self.settings, snapshot, now, schedule, source)
        conditions = health.conditions(items, schedule, snapshot)
        try:
            alerts.evaluate(self.home, self.settings, conditions, now)
        except StockmlError as error:
            items = tuple(dict.fromkeys((*items, health.unkept(error))))
        return items

    def away(self) -> Away:
        """What ended, rang or was missed since the console was last open;
        ask before the next `mark_open`."""
        from engine.watch.console_summary import away, last_open

        since = last_open(self.home)
        if since is None:
            return Away()
        jobs: tuple[JobView, ...] = ()
        with suppress(StockmlError):  # the runs and the alerts are told all the same
            jobs = self._schedule().jobs
        return away(self.home, since, self.runs(200), jobs)

    def mark_open(self) -> None:
        """Note that the console is open, for what it tells the next time of the while between."""
        from engine.watch.console_summary import opened

        opened(self.home, self.clock.now())

    def doctor(self) -> Iterator[Item]:
        """Whether this machine and this terminal can do the work."""
        from engine.schedule.scheduler import Scheduler
        from engine.schedule.slots import host_zone
        from engine.watch.doctor import Machine, doctor

        scheduler = Scheduler(self.home, self.clock)
        return doctor(
            self.home, self.settings, Machine.here(), scheduler.starter(), host_zone().key or ""
        )
