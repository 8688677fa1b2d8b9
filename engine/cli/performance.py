"""`performance` (alias `monitor`): check every model and train what fires; `accuracy`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from engine.cli import render
from engine.cli.auto_train import (
    decision_table,
    decision_trees,
    started_lines,
    symbol_list,
    verdict_tree,
)
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.clock import iso, parse_duration
from engine.core.errors import ExitCode, UsageError
from engine.core.snapshot import PlannedAction
from engine.core.sources import is_simulated
from engine.watch.check_report import CheckReport, SymbolCheck, check_outcome, history_line
from engine.watch.records import Accuracy
from engine.words import figures, times
from engine.words.sources import SIMULATED, source_name
from engine.words.tables import columns, text_table

CHECK_COLUMNS = columns(
    ("SYMBOL", "STATUS", ">TIME", ">CONF%", ">DIR%", ">MAPE%", ">N", "OF", ">AGE", "FIRED")
)
REPORT_COLUMNS = columns(("SYMBOL", "STATUS", "CHECKED", ">CONF%", "WHAT"))
ACCURACY_COLUMNS = columns(
    (
        "SYMBOL",
        "N",
        "FROM",
        "TO",
        ">MAPE%",
        ">NAIVE%",
        ">MASE",
        ">DIR%",
        ">95 %",
        ">IN80%",
        ">IN95%",
        ">CONF%",
        ">KEPT%",
        "SOURCE",
    ),
)
NOTHING_SCORED = (
    "no session is scored yet: `stockml performance` keeps a forecast, the next check after its"
    " close scores it"
)


def performance(
    session: Session,
    continuous: bool,
    interval: str | None,
    report: bool,
    symbols: str | None,
    no_train: bool,
) -> int:
    """Check every model and the host, and train the symbols with a reason."""
    names = symbol_list(session, symbols)
    if report:
        return _report(session, names)
    if continuous:
        hours = session.engine.settings.current.watch.interval_hours
        every = parse_duration(interval) if interval else timedelta(hours=hours)
        session.engine.watch.monitor(
            names if symbols else (), every, session.say, no_train=no_train
        )
        session.say("stopped")
        return ExitCode.DONE
    if interval:
        raise UsageError(
            "--interval goes with --continuous", "stockml performance --continuous --interval 6h"
        )
    check = session.engine.watch.check(
        names, train=not no_train, starter=f"stockml performance, pid {os.getpid()}"
    )
    undelivered = session.engine.alerts.deliver()
    if session.json:
        session.document(report_tree(check))
    else:
        session.facts(report_lines(check, terminal_width()))
    for problem in (*check.problems, undelivered):
        if problem:
            session.note(problem)
    code, words = check_outcome(check)
    if words:
        session.note(words)
    return code


def report_lines(report: CheckReport, width: int | None) -> list[str]:
    """One check as text: a line per symbol, the decisions, the host."""
    lines = [f"checked {times.moment(report.at, seconds=True)}, predictions {report.via}"]
    rows = [_cells(check) for check in report.checks]
    lines += text_table(CHECK_COLUMNS, rows, width, fold=True)
    due = [
        decision for decision in report.plan.decisions if decision.action is not PlannedAction.FINE
    ]
    lines += ["", *decision_table(due, width)] if due else []
    lines += started_lines(report.started)
    return [*lines, "", *(render.meter_line(meter) for meter in report.meters)]


def _cells(check: SymbolCheck) -> tuple[str, ...]:
    fired = "; ".join(verdict.text for verdict in check.fired)
    simulated = f"{SIMULATED} " if is_simulated(check.assessment.inputs.source) else ""
    return (
        check.symbol,
        check.status,
        times.latency(check.probe.seconds),
        figures.number(check.probe.confidence),
        figures.number(check.direction_accuracy),
        figures.number(check.mape, 2),
        str(check.n),
        check.basis,
        times.age(check.assessment.facts.age_days),
        f"{simulated}{check.probe.problem if check.probe.fault else fired}",
    )


def report_tree(report: CheckReport) -> dict[str, Any]:
    """One check as JSON."""
    return {
        "at": iso(report.at),
        "via": report.via,
        "outage": report.outage,
        "checks": [
            {
                **history_line(check, report.at),
                "fault": check.probe.fault or None,
                "problem": check.probe.problem or None,
                "verdicts": [verdict_tree(verdict) for verdict in check.assessment.verdicts],
            }
            for check in report.checks
        ],
        "decisions": decision_trees(report.plan),
        "runs": [{"id": run.run_id, "symbols": list(run.symbols)} for run in report.started],
        "meters": [{**asdict(meter), "level": str(meter.level)} for meter in report.meters],
        "problems": [*report.problems, *filter(None, (report.unstarted,))],
    }


def _report(session: Session, names: tuple[str, ...]) -> int:
    path, tree = session.engine.watch.write_report(names)
    if session.json:
        session.document(tree)
        return ExitCode.DONE
    session.facts([f"performance report {tree['timestamp']}, written to {path}"])
    rows = [
        (
            check["symbol"],
            check["status"],
            check["at"],
            figures.number(check["confidence"]),
            _marked(check),
        )
        for check in tree["checks"]
    ]
    if rows:
        session.facts(text_table(REPORT_COLUMNS, rows, terminal_width(), fold=True))
    if tree["not_checked"]:
        session.facts([f"not checked yet: {' '.join(tree['not_checked'])}"])
    session.facts(
        f"{meter['name']:<5} {figures.number(meter['value']):>6}{meter['unit']}  {meter['level']}"
        for meter in tree["system_status"]
    )
    return ExitCode.DONE


def _marked(check: dict[str, Any]) -> str:
    mark = f"{SIMULATED} " if is_simulated(check.get("source")) else ""
    return f"{mark}{check['text']}"


def accuracy(session: Session, symbols: tuple[str, ...]) -> int:
    """Show the live accuracy: forecasts kept before their outcome, against the closes."""
    accuracies = session.engine.watch.accuracy(session.symbols(symbols))
    if session.json:
        session.document({"symbols": [asdict(scores) for scores in accuracies]})
        return ExitCode.DONE
    rows = [_accuracy_cells(scores) for scores in accuracies]
    session.facts(text_table(ACCURACY_COLUMNS, rows))
    waiting = sum(scores.waiting for scores in accuracies)
    session.facts([f"{waiting} kept forecasts wait for their session to close"] if waiting else [])
    if not any(scores.n for scores in accuracies):
        session.facts([NOTHING_SCORED])
    return ExitCode.DONE


def _accuracy_cells(scores: Accuracy) -> tuple[str, ...]:
    interval = figures.interval(scores.direction_low, scores.direction_high, 0)
    return (
        scores.symbol,
        str(scores.n),
        scores.first or figures.ABSENT,
        scores.last or figures.ABSENT,
        figures.number(scores.mape, 2),
        figures.number(scores.naive_mape, 2),
        figures.number(scores.mase, 3),
        figures.number(scores.direction_accuracy),
        interval,
        figures.number(scores.coverage80),
        figures.number(scores.coverage95),
        figures.number(scores.confidence),
        figures.number(scores.kept),
        source_name(scores.source),
    )
