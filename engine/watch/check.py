"""The performance check: a prediction of every symbol, live and held-out figures, triggers,
host; written three times.

logs/monitoring/performance_history.jsonl   one JSON object a symbol
logs/monitoring/monitoring.log              one line a symbol, for people
history.db                                  watch_checks, watch_host, watch_decisions
What fires is trained at once, or after the close when the market is open; `begin` None trains
nothing.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.records import Level, StartedRun, TrainRequest
from engine.core.snapshot import Meter
from engine.core.sources import has_report_dates
from engine.core.text import clean
from engine.schedule.upcoming import next_auto_train
from engine.settings.schema import Settings
from engine.watch import alerts, earnings, ledger
from engine.watch import decisions as record
from engine.watch.auto_train import (
    Assessment,
    Start,
    TrainingPlan,
    assess,
    plan_trainings,
    planning_context,
    start,
)
from engine.watch.facts import BarLoader, SymbolInputs, observe
from engine.watch.meters import Meters, level
from engine.watch.probe import IN_PROCESS, ProbeResult, ask, service_up
from engine.watch.report import history_path
from engine.watch.schema import writing
from engine.watch.trigger_facts import TriggerVerdict


@dataclass(frozen=True, slots=True)
class SymbolCheck:
    """One symbol of one check."""

    assessment: Assessment
    probe: ProbeResult
    level: Level
    direction_accuracy: float | None
    mape: float | None
    n: int
    basis: str
    """live or held-out: where direction and MAPE come from."""

    @property
    def symbol(self) -> str:
        return self.assessment.inputs.symbol

    @property
    def status(self) -> str:
        """ok, warning, critical or failed."""
        if self.probe.fault:
            return "failed"
        return {Level.OK: "ok", Level.WARN: "warning", Level.CRIT: "critical"}[self.level]

    @property
    def fired(self) -> tuple[TriggerVerdict, ...]:
        return tuple(verdict for verdict in self.assessment.verdicts if verdict.fired)

    @property
    def generation(self) -> int | None:
        status = self.assessment.inputs.status
        return status.model.generation if status and status.model else None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One whole check."""

    at: datetime
    via: str
    checks: tuple[SymbolCheck, ...]
    meters: tuple[Meter, ...]
    plan: TrainingPlan
    started: tuple[StartedRun, ...]
    problems: tuple[str, ...]
    outage: bool
    unstarted: str = ""
    """Why what fired could not be trained, or its start not be recorded;
    empty when all went well, or nothing fired."""


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
    """Check every symbol, write it down, raise or end alerts, start what fired;
    StockmlError when history.db is unusable."""
    now, problems = clock.now(), list[str]()
    by_service = service_up(home)
    desk = BarLoader(home, settings, clock, fetch)
    answered = []
    for symbol in symbols:
        seen = observe(desk, symbol, source)
        answered.append((seen, _predicted(home, settings, seen, clock, by_service, problems)))
    reporting = tuple(seen.symbol for seen, _ in answered if has_report_dates(seen.source))
    if (
        fetch
        and settings.watch.earnings
        and reporting
        and (fault := earnings.refresh(home, reporting, clock))
    ):
        problems.append(fault)
    faults = [answer.fault for _, answer in answered]
    outage = len(faults) > 1 and all(faults) and any(seen.status for seen, _ in answered)
    _write_checks(home, now, answered)
    checks = tuple(
        _checked(home, settings, seen, answer, now, not outage) for seen, answer in answered
    )
    meters = Meters().sample(home.root, settings.resources)
    context = replace(
        planning_context(now, next_auto_train=next_auto_train(home, now)), outage=outage
    )
    plan = plan_trainings(home, settings, [each.assessment for each in checks], context, clock)
    started, fault = _started(home, plan, begin, starter)
    via = answered[0][1].via if answered else IN_PROCESS
    report = CheckReport(now, via, checks, meters, plan, started, tuple(problems), outage, fault)
    _write(home, report)
    alerts.raise_for(home, settings, report, now)
    return report


def _started(
    home: Home, plan: TrainingPlan, begin: Start | None, starter: str
) -> tuple[tuple[StartedRun, ...], str]:
    """The runs that were started;
    a start that fails (a full disk) is told in words, and the check goes on."""
    begun, fault = list[StartedRun](), ""

    def noted(request: TrainRequest) -> StartedRun:
        assert begin is not None
        begun.append(begin(request))
        return begun[-1]

    if begin is not None:
        try:
            return start(home, plan, noted, starter), ""
        except StockmlError as error:
            # The run lives on its own by now, whatever became of its record.
            fault = (
                f"the training is not recorded: {error}"
                if begun
                else f"nothing was trained: {error}"
            )
    record.record_decisions(home, plan.decisions, plan.context, {})
    return tuple(begun), fault


def _predicted(
    home: Home,
    settings: Settings,
    seen: SymbolInputs,
    clock: Clock,
    by_service: bool,
    problems: list[str],
) -> ProbeResult:
    """One prediction, kept in the ledger before its outcome;
    the outcomes of earlier ones joined to the bars."""
    answer = ask(home, settings, seen.symbol, seen.source, clock, by_service)
    model, now = seen.status.model if seen.status else None, clock.now()
    if answer.forecast is not None and model is not None:
        via = f"check, {answer.via}"
        made = ledger.KeptForecast(
            seen.symbol, answer.forecast, seen.source, via, model.generation, model.digest, now
        )
        ledger.record(home, [made])
    if seen.bars is not None:
        try:
            ledger.resolve(home, seen.bars, now)
        except StockmlError as error:
            problems.append(f"{seen.symbol}: outcomes were not kept: {error}")
    return answer


def _checked(
    home: Home,
    settings: Settings,
    seen: SymbolInputs,
    answer: ProbeResult,
    now: datetime,
    others: bool,
) -> SymbolCheck:
    found = assess(seen, home, settings, now, others)
    live, held = found.facts.live, found.facts.heldout
    limits = settings.resources
    speed = level(answer.seconds, limits.response_warn_s, limits.response_crit_s)
    mark = (
        Level.WARN
        if speed is Level.OK and any(verdict.fired for verdict in found.verdicts)
        else speed
    )
    if live.n >= settings.watch.live_min and live.hits:
        return SymbolCheck(
            found, answer, mark, 100.0 * sum(live.hits) / len(live.hits), live.mape, live.n, "live"
        )
    return SymbolCheck(
        found, answer, mark, held.direction_accuracy, held.mape, held.n_scored, "held-out"
    )


def _write_checks(
    home: Home, now: datetime, answered: list[tuple[SymbolInputs, ProbeResult]]
) -> None:
    """What the triggers read of this check: confidences by last bar, and whose faults there
    were."""
    rows = [
        (
            iso(now),
            seen.symbol,
            seen.source,
            answer.via,
            answer.seconds,
            answer.confidence,
            answer.forecast.last_bar if answer.forecast else None,
            "failed" if answer.fault else "answered",
            # No model at all is the trigger `missing`, not a failing model.
            "data" if seen.status is None else answer.fault,
            seen.status.model.generation if seen.status and seen.status.model else None,
            answer.problem,
        )
        for seen, answer in answered
    ]
    with writing(home) as connection:
        connection.executemany(
            "INSERT INTO watch_checks (at, symbol, source, via, response_time, confidence,"
            " last_bar, status, fault, generation, basis, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " ?, '', ?)",
            rows,
        )


def history_line(each: SymbolCheck, at: datetime) -> dict[str, Any]:
    """One line of the history: seconds, percent, days."""
    facts = each.assessment.facts
    return {
        "timestamp": iso(at),
        "symbol": each.symbol,
        "response_time": round(each.probe.seconds, 3),
        "confidence": _rounded(each.probe.confidence),
        "status": each.status,
        "direction_accuracy": _rounded(each.direction_accuracy),
        "mape": _rounded(each.mape),
        "age_days": _rounded(facts.age_days),
        "via": each.probe.via,
        "generation": each.generation,
        "n": each.n,
        "basis": each.basis,
        "source": each.assessment.inputs.source,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _write(home: Home, report: CheckReport) -> None:
    """The lines in both logs and the rows of the host;
    a log that cannot be written costs its line alone."""
    host = {meter.name: meter.value for meter in report.meters}
    size = home_bytes(home)
    with writing(home) as connection:
        connection.execute(
            "INSERT INTO watch_host (at, cpu, memory, disk, load, home_bytes) VALUES (?, ?, ?, ?,"
            " ?, ?)",
            (iso(report.at), *(host.get(name) for name in ("CPU", "MEM", "DISK", "LOAD")), size),
        )
        connection.executemany(
            "UPDATE watch_checks SET status=?, direction_accuracy=?, mape=?, age_days=?, basis=?,"
            " text=? WHERE at=? AND symbol=?",
            [
                (
                    each.status,
                    each.direction_accuracy,
                    each.mape,
                    each.assessment.facts.age_days,
                    each.basis,
                    _words(each),
                    iso(report.at),
                    each.symbol,
                )
                for each in report.checks
            ],
        )
    for each in report.checks:
        with suppress(OSError):
            append_line(
                history_path(home), json.dumps(history_line(each, report.at), allow_nan=False)
            )
            mark = {"ok": "INFO", "warning": "WARNING"}.get(each.status, "ALERT")
            append_line(
                home.monitoring_log,
                f"{iso(report.at)} {mark} {each.symbol} {each.status}: {_words(each)}",
            )


def _words(each: SymbolCheck) -> str:
    """What a person should know of one symbol: the fault, else what fired, else its figures."""
    if each.probe.fault:
        return clean(f"{each.probe.fault} fault: {each.probe.problem}", 300)
    if each.fired:
        return clean("; ".join(verdict.text for verdict in each.fired), 300)
    confidence = "-" if each.probe.confidence is None else f"{each.probe.confidence:.1f} %"
    return f"confidence {confidence}, answered in {each.probe.seconds:.2f} s {each.probe.via}"


def home_bytes(home: Home) -> int:
    """How much the home holds, in bytes; what vanishes meanwhile is left out."""
    total = 0
    for folder, _, names in os.walk(
        home.root
    ):  # pathlib's walk ends with an error where a folder vanishes
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - a tenth of the time of paths
                total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return total
