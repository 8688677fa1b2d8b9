"""The report of one check: its symbols, its plan, and its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.core.clock import iso
from engine.core.errors import ExitCode
from engine.core.records import Level, StartedRun
from engine.core.snapshot import Meter, PlannedAction
from engine.watch.assessment import Assessment
from engine.watch.planner import PlanningContext
from engine.watch.probe import ProbeResult
from engine.watch.records import Decision
from engine.watch.trigger_facts import TriggerVerdict


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The plan of automatic training."""

    assessments: dict[str, Assessment]
    decisions: tuple[Decision, ...]
    context: PlanningContext

    def symbols(self, action: PlannedAction) -> list[str]:
        """The symbols of the decisions of one kind."""
        return [decision.symbol for decision in self.decisions if decision.action is action]


@dataclass(frozen=True, slots=True, kw_only=True)
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
    old_bars: str = ""
    """How old the bars are, where that is more than `bar_lag_sessions`."""

    @property
    def symbol(self) -> str:
        return self.assessment.symbol

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The result of one check."""

    at: datetime
    via: str
    checks: tuple[SymbolCheck, ...]
    meters: tuple[Meter, ...]
    plan: TrainingPlan
    started: tuple[StartedRun, ...]
    problems: tuple[str, ...]
    outage: bool
    unstarted: str = ""
    """Why training could not be started or recorded; else empty."""


def history_line(check: SymbolCheck, at: datetime) -> dict[str, Any]:
    """One line of the performance history: seconds, percent, days."""
    return {
        "timestamp": iso(at),
        "symbol": check.symbol,
        "response_time": round(check.probe.seconds, 3),
        "confidence": _rounded(check.probe.confidence),
        "status": check.status,
        "direction_accuracy": _rounded(check.direction_accuracy),
        "mape": _rounded(check.mape),
        "age_days": _rounded(check.assessment.facts.age_days),
        "via": check.probe.via,
        "generation": check.generation,
        "n": check.n,
        "basis": check.basis,
        "source": check.assessment.inputs.source,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def check_outcome(report: CheckReport) -> tuple[ExitCode, str]:
    """The exit code of a check and why, in one line; a trigger that fires is no failure.

    FAILED: a symbol with a model could not be forecast, or what fires could not be started.
    NO_DATA: a symbol has neither a model nor bars to make one of.
    """
    failed = [
        check
        for check in report.checks
        if check.probe.fault and check.assessment.facts.model != "none"
    ]
    if failed:
        return ExitCode.FAILED, f"not forecast: {_names(failed)}: {failed[0].probe.problem}"
    if report.unstarted:
        return ExitCode.FAILED, report.unstarted
    without_bars = set(report.plan.symbols(PlannedAction.NO_BARS))
    bare = [
        check
        for check in report.checks
        if check.assessment.inputs.fault and check.symbol in without_bars
    ]
    if bare:
        return ExitCode.NO_DATA, f"no bars: {_names(bare)}: {bare[0].assessment.inputs.fault}"
    return ExitCode.DONE, ""


def _names(checks: Iterable[SymbolCheck]) -> str:
    return " ".join(check.symbol for check in checks)
