"""`schedule check`: show the probe's line, ask, wait for it, and print what it proves."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.confirm import ask
from engine.cli.documents import when
from engine.cli.session import Session
from engine.core.errors import ExitCode
from engine.core.text import clean
from engine.schedule.records import Backend
from engine.words import times

if TYPE_CHECKING:
    from engine.schedule.check_record import CheckResult

_OFFER = "Check now that the scheduler starts it, and in which zone? (up to 3 minutes)"


def check(session: Session, systemd: bool, program: Path | None, yes: bool) -> int:
    """One probe through the real scheduler; exit 1 without an answer in three minutes."""
    backend = Backend.SYSTEMD if systemd else Backend.CRONTAB
    schedule = session.unchecked_engine.schedule
    schedule.sweep()
    probe = schedule.check(backend, program.expanduser().absolute() if program else None)
    line = probe.line()
    place = "runs this, for one minute:" if systemd else "writes this line into our block, once:"
    session.say(f"the check {place}")
    session.say(f"  {probe.shown(line)}")
    ask(session, "Write it?", yes=yes, effect="this writes one line of its own into the crontab")
    session.say(f"waiting for {times.slot_time(line.due)}, at most 3 minutes …")
    outcome = schedule.run_check(probe, line)
    differs = probe.differences(outcome)
    if session.json:
        session.document(_tree(outcome, differs))
    else:
        session.facts(check_lines(outcome, differs))
    return ExitCode.DONE if outcome.arrived_at else ExitCode.FAILED


def offer(session: Session, *, first: bool, systemd: bool, program: Path | None) -> None:
    """After the first install, on a terminal: offer the check; a no changes nothing."""
    if not first or session.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    if click.confirm(_OFFER):
        check(session, systemd, program, yes=True)


def check_lines(outcome: CheckResult, differs: Iterable[str]) -> list[str]:
    """What the check found, for people."""
    if outcome.arrived_at is None:
        return [
            f"no answer in 3 minutes: nothing was started at {when(outcome.due)}; looked at:",
            *(f"  {clean(text)}" for text in outcome.looked_at),
        ]
    late = max(0.0, (outcome.arrived_at - outcome.due).total_seconds())
    names = ", ".join(
        f"{name}={clean(value, 80)}" if value else name
        for name, value in outcome.environment.items()
    )
    lines = [
        f"arrived:      {when(outcome.arrived_at)}, {times.latency(late)} after its minute",
        f"through:      {clean(outcome.daemon)}",
        f"zone:         {outcome.zone} (by {outcome.source})",
        f"account:      {clean(outcome.account)}",
        f"locale:       {clean(outcome.locale)}",
        f"environment:  {names}",
    ]
    return [*lines, *(f"differs: {text}" for text in differs or ("nothing: all is as assumed",))]


def _tree(outcome: CheckResult, differs: Iterable[str]) -> dict[str, Any]:
    return {
        "arrived": outcome.arrived_at is not None,
        "asked_at": when(outcome.asked_at),
        "due": when(outcome.due),
        "arrived_at": when(outcome.arrived_at),
        "backend": outcome.backend,
        "zone": outcome.zone or None,
        "offset_min": outcome.offset_min if outcome.arrived_at else None,
        "source": outcome.source or None,
        "assumed_zone": outcome.assumed,
        "environment": outcome.environment,
        "account": outcome.account or None,
        "locale": outcome.locale or None,
        "daemon": outcome.daemon or None,
        "differences": list(differs),
        "looked_at": list(outcome.looked_at),
    }
