"""The alert conditions of one performance check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.core.records import Level
from engine.core.snapshot import PlannedAction
from engine.watch.alert_rules import Condition
from engine.watch.records import Decision
from engine.watch.trigger_facts import ModelFile
from engine.words import figures

if TYPE_CHECKING:
    from engine.watch.check_report import CheckReport, SymbolCheck

_METERS = {"CPU": "cpu", "MEM": "memory", "DISK": "disk"}
"""The rule of each meter that has one."""


def conditions_of(report: CheckReport) -> tuple[Condition, ...]:
    """The conditions of one performance check."""
    return (*_outage(report), *_symbols(report), *_host(report), _slowness(report))


def _outage(report: CheckReport) -> Iterator[Condition]:
    # A check of one symbol alone that is not answered says nothing of the others.
    if report.outage or not all(check.probe.fault for check in report.checks):
        text = f"none of {len(report.checks)} symbols could be forecast"
        yield Condition("outage", "", report.outage, text)


def _symbols(report: CheckReport) -> Iterator[Condition]:
    decisions = {decision.symbol: decision for decision in report.plan.decisions}
    for check in report.checks:
        yield from _symbol(check, decisions[check.symbol])


def _symbol(check: SymbolCheck, decision: Decision) -> Iterator[Condition]:
    symbol = check.symbol
    probe = check.probe
    facts = check.assessment.facts
    unanswered = bool(probe.fault) and facts.model is not ModelFile.NONE
    untrusted = facts.model in (ModelFile.CORRUPT, ModelFile.NEWER)
    no_bars = decision.action is PlannedAction.NO_BARS
    chronic = bool(decision.chronic or decision.standing)
    yield Condition("prediction", symbol, unanswered, f"{probe.fault}: {probe.problem}")
    yield Condition("corrupt", symbol, untrusted, facts.problem)
    old_bars = decision.text if no_bars else check.old_bars
    yield Condition("bars", symbol, bool(old_bars), old_bars)
    yield Condition("chronic", symbol, chronic, _chronic_text(decision))


def _chronic_text(decision: Decision) -> str:
    """Chronic reasons: those that fire now, else those not quiet for long enough."""
    if decision.chronic:
        return "; ".join(verdict.text for verdict in decision.chronic)
    return f"{', '.join(decision.standing)}: not at this look, and not for long enough"


def _host(report: CheckReport) -> Iterator[Condition]:
    for meter in report.meters:
        if meter.name in _METERS:
            text = f"{meter.name} {figures.percent(meter.value, 0)} in use {meter.detail}"
            yield Condition(_METERS[meter.name], "", meter.level is Level.CRIT, text)


def _slowness(report: CheckReport) -> Condition:
    slowest = max((check.probe.seconds for check in report.checks), default=0.0)
    critical = any(check.status == "critical" for check in report.checks)
    return Condition(
        "slow", "", critical, f"the slowest prediction took {figures.number(slowest)} s"
    )
