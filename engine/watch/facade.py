"""The facade of watching: snapshots, checks, automatic training, health, live accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.audit import audited
from engine.core.errors import RefusedError, StockmlError
from engine.core.records import StartedRun
from engine.core.snapshot import Away, PlannedAction, Snapshot, SymbolRow
from engine.core.symbols import check_symbols
from engine.forecast import status as derived
from engine.settings.facade import Context, Facade, SettingsFacade
from engine.watch.holds import Hold, hold, unhold
from engine.watch.snapshot import SnapshotReader
from engine.words import times

if TYPE_CHECKING:
    from engine.core.symbol_details import RetrainExplanation
    from engine.forecast.status import Status
    from engine.runs.facade import RunsFacade
    from engine.schedule.facade import ScheduleFacade
    from engine.schedule.records import JobView
    from engine.watch.check_report import CheckReport, TrainingPlan
    from engine.watch.records import Accuracy, Item


class WatchFacade(Facade):
    """Watches the models of the home; trainings start through `runs`, times are of `schedule`."""

    def __init__(self, context: Context, runs: RunsFacade, schedule: ScheduleFacade) -> None:
        super().__init__(context)
        self._runs = runs
        self._schedule = schedule
        self._reader = SnapshotReader(context.home, context.clock)

    def snapshot(self) -> Snapshot:
        """The current snapshot; for one caller at a time."""
        return self._reader.read(self.context.settings, self.source)

    def rows(self) -> tuple[SymbolRow, ...]:
        """The rows of a separate snapshot, so that a second thread may ask."""
        reader = SnapshotReader(self.home, self.clock)
        return reader.read(self.context.settings, self.source).rows

    def remember(self, statuses: Mapping[str, Status | None]) -> None:
        """Use these statuses in the next snapshot, even if the disk could not store them."""
        self._reader.remember(statuses)

    def away(self) -> Away:
        """What ended, fired or was missed since the last `mark_open`; call before the next."""
        from engine.watch.console_summary import away, last_open

        since = last_open(self.home)
        if since is None:
            return Away()
        jobs: tuple[JobView, ...] = ()
        with suppress(StockmlError):  # the runs and the alerts are shown all the same
            jobs = self._schedule.view().jobs
        return away(self.home, since, self._runs.recent(200), jobs)

    def mark_open(self) -> None:
        """Record that the console is open, so that `away` knows since when."""
        from engine.watch.console_summary import opened

        opened(self.home, self.clock.now())

    def auto_plan(
        self,
        symbols: Iterable[str] | None = None,
        *,
        force: bool = False,
        skip_market_hours: bool = False,
        fetch: bool = True,
    ) -> TrainingPlan:
        """The plan of automatic training; asks the source for bars when `fetch`."""
        from engine.schedule.upcoming import next_auto_train
        from engine.watch.assessment import assess_all
        from engine.watch.auto_train import plan_trainings, planning_context

        settings, now = self.context.settings, self.clock.now()
        names = self.checked(symbols or None)
        assessments = assess_all(self.home, settings, names, self.source, self.clock, fetch=fetch)
        planning = planning_context(
            now,
            force=force,
            skip_market_hours=skip_market_hours,
            next_auto_train=next_auto_train(self.home, now),
        )
        return plan_trainings(self.home, settings, assessments, planning, self.clock)

    def refuse_while_open(self) -> None:
        """RefusedError while the market is open, because bars lack the current session."""
        from engine.watch.auto_train import planning_context

        context = planning_context(self.clock.now())
        if context.market_open:
            until = (
                f" until {times.time_of_day(context.closes_at, seconds=False)}"
                if context.closes_at
                else ""
            )
            raise RefusedError(
                f"the market is open{until}", "wait for the close, or --skip-market-hours"
            )

    @audited(
        "auto-train",
        lambda plan, _starter: {"symbols": plan.symbols(PlannedAction.TRAIN) or "none"},
        lambda started: {"runs": [run.run_id for run in started]},
    )
    def auto_train(self, plan: TrainingPlan, starter: str) -> tuple[StartedRun, ...]:
        """Start the planned runs and record every decision."""
        from engine.watch.auto_train import start

        return start(self.home, plan, self._runs.start, starter)

    def explain(self, symbol: str) -> RetrainExplanation:
        """Why a symbol will or will not be retrained by its stored bars; loads numpy."""
        from engine.watch.explain import explain_retraining

        return explain_retraining(self.home, self.context.settings, symbol, self.source, self.clock)

    @audited(
        "hold",
        lambda symbol, reason, until=None: {"symbol": symbol, "reason": reason, "until": until},
    )
    def hold(self, symbol: str, reason: str, until: date | None = None) -> Hold:
        """Stop automatic training of a symbol."""
        return hold(self.home, symbol, reason, until, self.clock)

    @audited("unhold", lambda symbol: {"symbol": symbol})
    def unhold(self, symbol: str) -> None:
        """Let automatic training of a symbol continue."""
        unhold(self.home, symbol, self.clock)

    def check(
        self,
        symbols: Iterable[str] | None = None,
        *,
        train: bool = True,
        fetch: bool = True,
        starter: str = "",
    ) -> CheckReport:
        """Check and record performance, train what fires if `train`, and update health alerts."""
        from engine.watch.check import check

        report = check(
            self.home,
            self.context.settings,
            self.checked(symbols or None),
            self.source,
            self.clock,
            begin=self._runs.start if train else None,
            fetch=fetch,
            starter=starter,
        )
        # The check has its own words for what cannot be read or written.
        with suppress(StockmlError, OSError):
            self.health()
        return report

    def monitor(
        self,
        symbols: Iterable[str],
        every: timedelta,
        say: Callable[[str], None],
        *,
        no_train: bool = False,
    ) -> None:
        """Check again and again in child processes until a signal; BusyError: another does."""
        from engine.schedule.jobs import child_argv
        from engine.watch.monitor import Monitor

        names = check_symbols(symbols, self.context.settings.names)
        words = ["--symbols", " ".join(names)] if names else []
        words += ["--source", self.source] if self.source else []
        words += ["--reports", self.context.reports] if self.context.reports else []
        words += ["--no-train"] if no_train else []
        argv = child_argv(self.home, ("performance", *words))
        settle_minutes = self.context.settings.market.settle_minutes
        Monitor(self.home, argv, every, settle_minutes, self.clock, say).run()

    def write_report(self, symbols: tuple[str, ...]) -> tuple[Path, dict[str, Any]]:
        """Write the report of the newest checks; return its path and contents."""
        from engine.watch.meters import Meters
        from engine.watch.report import write_report

        meters = Meters().sample(self.home.root, self.context.settings.resources)
        return write_report(self.home, symbols, meters, self.clock.now())

    def recent_checks(self, count: int) -> tuple[dict[str, Any], ...]:
        """The newest lines of the performance history, oldest first, without broken ones."""
        from engine.watch.report import recent_lines

        return recent_lines(self.home, count)

    def keep_forecast(self, symbol: str, status: Status) -> None:
        """Record a command's forecast before its outcome, where the disk allows."""
        from engine.watch import ledger

        if status.model is None or status.forecast is None:
            return
        forecast = ledger.KeptForecast(
            symbol=symbol,
            forecast=status.forecast,
            source=status.source,
            via="command",
            generation=status.model.generation,
            digest=status.model.digest,
            made_at=self.clock.now(),
        )
        with suppress(StockmlError):
            ledger.record(self.home, [forecast])

    def accuracy(self, symbols: Iterable[str]) -> tuple[Accuracy, ...]:
        """Live accuracy of each symbol on the source its forecasts are made from; only reads."""
        from engine.watch import ledger

        max_mape = self.context.settings.thresholds.max_mape
        figures = []
        for symbol in check_symbols(symbols, self.context.settings.names):
            source = self._source_of(symbol)
            scored = ledger.scored(self.home, symbol, source)
            waiting = ledger.waiting(self.home, symbol, source)
            accuracy = ledger.accuracy_of(symbol, scored, waiting, max_mape)
            figures.append(replace(accuracy, source=source))
        return tuple(figures)

    def _source_of(self, symbol: str) -> str:
        """The source that the forecasts of a symbol are made from."""
        from engine.watch.symbol_inputs import source_for

        status = derived.read(self.home.status(symbol))
        return source_for(self.home, status, self.context.settings, self.source)

    def health(self) -> tuple[Item, ...]:
        """Whether all is in order; missed jobs, lost trainings and broken backups fire alerts."""
        from engine.watch import alerts, health
        from engine.watch.health_item import unkept

        settings, now = self.context.settings, self.clock.now()
        snapshot = self.snapshot()
        schedule = self._schedule.view()
        items = health.health(
            self.home, settings, snapshot, now, schedule, lambda row: self._source_of(row.symbol)
        )
        conditions = health.conditions(items, schedule, snapshot)
        try:
            alerts.evaluate(self.home, settings, conditions, now)
        except StockmlError as error:
            items = tuple(dict.fromkeys((*items, unkept(error))))
        return items

    @audited("repair", dict, lambda items: {"did": "; ".join(item.text for item in items)})
    def repair(self) -> tuple[Item, ...]:
        """Mend what `doctor` can mend; what was done, and what is lost."""
        from engine.watch.repairs import repair_all

        return tuple(repair_all(self.home, self.context.settings, self.clock))

    def doctor(self) -> Iterator[Item]:
        """Whether this machine and this terminal can do the work."""
        from engine.watch.doctor import doctor, settings_items
        from engine.watch.machine import Machine

        schedule = self._schedule.view()
        faults = settings_items(SettingsFacade(self.context).problems())
        items = doctor(
            self.home,
            self.context.usable,
            Machine.here(),
            schedule.daemon,
            schedule.zone_words,
            schedule.problems,
        )
        return chain(faults, items)
