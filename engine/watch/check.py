"""The performance check: predictions, figures, triggers and the host; `begin` trains what fires."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.core.clock import Clock
from engine.core.errors import StockmlError, symbol_fault
from engine.core.paths import Home
from engine.core.progress import counted
from engine.core.records import Level, StartedRun, TrainRequest
from engine.market.staleness import bars_behind
from engine.schedule.upcoming import next_auto_train
from engine.settings.schema import Settings
from engine.watch import alerts, check_log, ledger
from engine.watch.assessment import Assessment, assess, look_up_reports
from engine.watch.auto_train import Start, plan_trainings, planning_context, start
from engine.watch.check_report import CheckReport, SymbolCheck, TrainingPlan
from engine.watch.decisions import record_decisions
from engine.watch.meters import Meters, level
from engine.watch.probe import IN_PROCESS, ProbeFault, ProbeResult, ask, service_up
from engine.watch.symbol_inputs import BarLoader, SymbolInputs, inputs_or_fault
from engine.words.phrases import bars_age


def check(
    home: Home,
    settings: Settings,
    symbols: Iterable[str],
    source: str | None,
    clock: Clock,
    *,
    begin: Start | None,
    fetch: bool = True,
    starter: str = "",
) -> CheckReport:
    """Check and record symbols, update alerts, start what fired; StockmlError from history.db."""
    now = clock.now()
    loader = BarLoader(home, settings, clock, fetch)
    probes = _probe_all(home, settings, symbols, loader, source)
    loaded = [inputs for inputs, _ in probes]
    problems = [problem for inputs in loaded for problem in _resolve(home, inputs, now)]
    if fetch:
        problems += filter(None, [look_up_reports(home, settings, loaded, clock)])
    outage = _is_outage(probes)
    check_log.write_probes(home, now, probes)
    checks = _judge_all(home, settings, probes, now, outage)
    planning = planning_context(now, next_auto_train=next_auto_train(home, now), outage=outage)
    assessed = [symbol_check.assessment for symbol_check in checks]
    plan = plan_trainings(home, settings, assessed, planning, clock)
    started, unstarted = _start(home, plan, begin, starter)
    report = CheckReport(
        at=now,
        via=probes[0][1].via if probes else IN_PROCESS,
        checks=checks,
        meters=Meters().sample(home.root, settings.resources),
        plan=plan,
        started=started,
        problems=tuple(problems),
        outage=outage,
        unstarted=unstarted,
    )
    check_log.write_report(home, report)
    alerts.evaluate_check(home, settings, report)
    return report


def _probe_all(
    home: Home, settings: Settings, symbols: Iterable[str], loader: BarLoader, source: str | None
) -> list[tuple[SymbolInputs, ProbeResult]]:
    """A prediction of every symbol, each recorded in the ledger before its outcome."""
    by_service = service_up(home)
    probes = []
    for symbol in counted(symbols):
        inputs = inputs_or_fault(loader, symbol, source)
        probe = _asked(home, settings, inputs, loader.clock, by_service=by_service)
        model = inputs.status.model if inputs.status else None
        if probe.forecast is not None and model is not None:
            forecast = ledger.KeptForecast(
                symbol=symbol,
                forecast=probe.forecast,
                source=inputs.source,
                via=f"check, {probe.via}",
                generation=model.generation,
                digest=model.digest,
                made_at=loader.clock.now(),
            )
            ledger.record(home, [forecast])
        probes.append((inputs, probe))
    return probes


def _asked(
    home: Home, settings: Settings, inputs: SymbolInputs, clock: Clock, *, by_service: bool
) -> ProbeResult:
    """One prediction; a fault nobody foresaw is the model's."""
    try:
        return ask(home, settings, inputs.symbol, inputs.source, clock, by_service=by_service)
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        problem = str(symbol_fault(inputs.symbol, error))
        return ProbeResult(IN_PROCESS, 0.0, fault=ProbeFault.MODEL, problem=problem)


def _judge_all(
    home: Home,
    settings: Settings,
    probes: Iterable[tuple[SymbolInputs, ProbeResult]],
    now: datetime,
    outage: bool,
) -> tuple[SymbolCheck, ...]:
    """The check of every symbol, from its inputs and its prediction."""
    return tuple(
        _judge(assess(inputs, home, settings, now, not outage), probe, settings, now)
        for inputs, probe in probes
    )


def _is_outage(probes: list[tuple[SymbolInputs, ProbeResult]]) -> bool:
    """Whether none of several symbols could be forecast, though there are models."""
    if len(probes) < 2 or not any(inputs.status for inputs, _ in probes):
        return False
    return all(probe.fault for _, probe in probes)


def _resolve(home: Home, inputs: SymbolInputs, now: datetime) -> list[str]:
    """Join outcomes to earlier forecasts; return what failed, in words."""
    if inputs.bars is not None:
        try:
            ledger.resolve(home, inputs.bars, now)
        except StockmlError as error:
            return [f"{inputs.symbol}: outcomes were not kept: {error}"]
    return []


def _judge(
    assessment: Assessment, probe: ProbeResult, settings: Settings, now: datetime
) -> SymbolCheck:
    """One symbol's level and figures, live ones from `live_min` sessions on."""
    last_bar = assessment.inputs.last_bar
    lag = bars_behind(last_bar, now, settings.market.settle_minutes) if last_bar else 0
    live = assessment.facts.live
    heldout = assessment.facts.heldout
    limits = settings.resources
    symbol_level = level(probe.seconds, limits.response_warn_s, limits.response_crit_s)
    if symbol_level is Level.OK and any(verdict.fired for verdict in assessment.verdicts):
        symbol_level = Level.WARN
    is_live = live.n >= settings.watch.live_min and bool(live.hits)
    return SymbolCheck(
        assessment=assessment,
        probe=probe,
        level=symbol_level,
        direction_accuracy=live.direction_accuracy if is_live else heldout.direction_accuracy,
        mape=live.mape if is_live else heldout.mape,
        n=live.n if is_live else heldout.n_scored,
        basis="live" if is_live else "held-out",
        old_bars=bars_age(lag) if lag > settings.watch.bar_lag_sessions else "",
    )


def _start(
    home: Home, plan: TrainingPlan, begin: Start | None, starter: str
) -> tuple[tuple[StartedRun, ...], str]:
    """The started runs, and what failed if one could not start (a full disk)."""
    begun: list[StartedRun] = []

    def begin_and_note(request: TrainRequest) -> StartedRun:
        assert begin is not None
        run = begin(request)
        begun.append(run)
        return run

    fault = ""
    if begin is not None:
        try:
            return start(home, plan, begin_and_note, starter), ""
        except StockmlError as error:
            # A run that began continues by itself, whatever became of its record.
            what_failed = "the training is not recorded" if begun else "nothing was trained"
            fault = f"{what_failed}: {error}"
    record_decisions(home, plan.decisions, plan.context, {})
    return tuple(begun), fault
