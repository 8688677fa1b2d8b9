"""What a whole check tells the shell."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.errors import ExitCode
from engine.core.snapshot import PlannedAction
from engine.watch.check import CheckReport, SymbolCheck


def check_outcome(report: CheckReport) -> tuple[ExitCode, str]:
    """The exit code of a check, and why in a line; a trigger that fires is no failure.

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
