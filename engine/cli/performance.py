"""`performance` = `monitor`: check every model, show it, train what fires.

`accuracy`: the live figures.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from engine.cli import render
from engine.cli.auto_train import decision_table, decision_tree, symbol_list, verdict_tree
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.clock import iso, parse_duration
from engine.core.errors import ExitCode, UsageError
from engine.core.snapshot import PlannedAction
from engine.core.sources import is_simulated
from engine.watch.check import CheckReport, SymbolCheck, history_line
from engine.watch.check_outcome import check_outcome
from engine.watch.ledger import Accuracy
from engine.words import figures, times
from engine.words.sources import SIMULATED, source_name

HEADS = ("SYMBOL", "STATUS", "TIME", "CONF%", "DIR%", "MAPE%", "N", "OF", "AGE", "FIRED")
_RIGHT = (2, 3, 4, 5, 6, 8)


def performance(
    session: Session,
    continuous: bool,
    interval: str | None,
    report: bool,
    symbols: str | None,
    no_train: bool,
) -> int:
    """Check every model: prediction, response time, confidence, live and held-out figures,
    triggers, host."""
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
    found = session.engine.watch.check(
        names, train=not no_train, starter=f"stockml performance, pid {os.getpid()}"
    )
    undelivered = session.engine.alerts.deliver()
    if session.json:
        session.document(report_tree(found))
    else:
        session.facts(report_lines(found, terminal_width()))
    for problem in (*found.problems, undelivered):
        if problem:
            session.note(problem)
    code, words = check_outcome(found)
    if words:
        session.note(words)
    return code


def report_lines(found: CheckReport, width: int | None) -> list[str]:
    """One check as text: a line a symbol, what was decided, the host."""
    lines = [f"checked {times.moment(found.at, seconds=True)}, predictions {found.via}"]
    lines += render.table(HEADS, [_cells(each) for each in found.checks], _RIGHT, width, fold=True)
    told = tuple(each for each in found.plan.decisions if each.action is not PlannedAction.FINE)
    lines += ["", *decision_table(told, width)] if told else []
    lines += [f"run {each.run_id} trains {' '.join(each.symbols)}" for each in found.started]
    return [*lines, "", *(render.meter_line(meter) for meter in found.meters)]


def _cells(each: SymbolCheck) -> tuple[str, ...]:
    fired = "; ".join(verdict.text for verdict in each.fired)
    simulated = f"{SIMULATED} " if is_simulated(each.assessment.inputs.source) else ""
    return (
        each.symbol,
        each.status,
        f"{each.probe.seconds:.2f}s",
        figures.number(each.probe.confidence),
        figures.number(each.direction_accuracy),
        figures.number(each.mape, 2),
        str(each.n),
        each.basis,
        times.age(each.assessment.facts.age_days),
        f"{simulated}{each.probe.problem if each.probe.fault else fired}",
    )


def report_tree(found: CheckReport) -> dict[str, Any]:
    """One check as JSON."""
    return {
        "at": iso(found.at),
        "via": found.via,
        "outage": found.outage,
        "checks": [
            {
                **history_line(each, found.at),
                "fault": each.probe.fault or None,
                "problem": each.probe.problem or None,
                "verdicts": [verdict_tree(verdict) for verdict in each.assessment.verdicts],
            }
            for each in found.checks
        ],
        "decisions": [decision_tree(each) for each in found.plan.decisions],
        "runs": [{"id": each.run_id, "symbols": list(each.symbols)} for each in found.started],
        "meters": [{**asdict(meter), "level": str(meter.level)} for meter in found.meters],
        "problems": [*found.problems, *filter(None, (found.unstarted,))],
    }


def _report(session: Session, names: tuple[str, ...]) -> int:
    path, tree = session.engine.watch.write_report(names)
    if session.json:
        session.document(tree)
        return ExitCode.DONE
    session.facts([f"performance report {tree['timestamp']}, written to {path}"])
    rows = [
        (
            each["symbol"],
            each["status"],
            each["at"],
            figures.number(each["confidence"]),
            _marked(each),
        )
        for each in tree["checks"]
    ]
    if rows:
        session.facts(
            render.table(
                ("SYMBOL", "STATUS", "CHECKED", "CONF%", "WHAT"),
                rows,
                (3,),
                terminal_width(),
                fold=True,
            )
        )
    if tree["not_checked"]:
        session.facts([f"not checked yet: {' '.join(tree['not_checked'])}"])
    session.facts(
        f"{each['name']:<5} {each['value']:6.1f}{each['unit']}  {each['level']}"
        for each in tree["system_status"]
    )
    return ExitCode.DONE


def _marked(check: dict[str, Any]) -> str:
    return (
        f"{SIMULATED} {check['text']}" if is_simulated(check.get("source")) else str(check["text"])
    )


ACCURACY_HEADS = (
    *(
        "SYMBOL",
        "N",
        "FROM",
        "TO",
        "MAPE%",
        "NAIVE%",
        "MASE",
        "DIR%",
        "95 %",
        "IN80%",
        "IN95%",
        "CONF%",
        "KEPT%",
        "SOURCE",
    ),
)


def accuracy(session: Session, symbols: tuple[str, ...]) -> int:
    """Live accuracy: forecasts that were kept before their outcome, against the closes that
    came."""
    found = session.engine.watch.accuracy(session.symbols(symbols))
    if session.json:
        session.document({"symbols": [asdict(each) for each in found]})
        return ExitCode.DONE
    session.facts(
        render.table(ACCURACY_HEADS, [_accuracy_cells(each) for each in found], tuple(range(4, 13)))
    )
    waiting = sum(each.waiting for each in found)
    session.facts([f"{waiting} kept forecasts wait for their session to close"] if waiting else [])
    if not any(each.n for each in found):
        session.facts(
            [
                "no session is scored yet: `stockml performance` keeps a forecast, the next check"
                " after its close scores it"
            ]
        )
    return ExitCode.DONE


def _accuracy_cells(each: Accuracy) -> tuple[str, ...]:
    interval = (
        f"{each.direction_low:.0f}-{each.direction_high:.0f}"
        if each.direction_low is not None
        else figures.ABSENT
    )
    return (
        each.symbol,
        str(each.n),
        each.first or figures.ABSENT,
        each.last or figures.ABSENT,
        figures.number(each.mape, 2),
        figures.number(each.naive_mape, 2),
        figures.number(each.mase, 3),
        figures.number(each.direction_accuracy),
        interval,
        figures.number(each.coverage80),
        figures.number(each.coverage95),
        figures.number(each.confidence),
        figures.number(each.kept),
        source_name(each.source),
    )
