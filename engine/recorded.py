"""Which verbs of the engine stand in logs/audit.log, and what is told of each.

A new one is a row here and `@recorded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.audit import AuditOutcome, Method, audited
from engine.core.clock import iso

if TYPE_CHECKING:
    from engine.core.records import Started, TrainRequest
    from engine.vault.backup import NewBackup
    from engine.vault.clean import CleanReport
    from engine.vault.restore import Restored
    from engine.watch.auto_train import TrainingPlan

About = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """How a method of the engine is recorded."""

    what: str
    describe: Callable[..., About | None]
    """Its arguments in words; None for a call that changes nothing."""
    told: Callable[[Any], About] | None = None
    """What its result adds."""
    outcome: AuditOutcome = AuditOutcome.DONE
    announced: bool = False
    """It may take long or be killed: a line when it begins, too."""


def _request(request: TrainRequest) -> About:
    flags = {
        "accept_worse": request.accept_worse or None,
        "replace_source": request.replace_source or None,
    }
    asked = {
        "reason": request.reason,
        "source": request.source,
        "epochs": request.epochs,
        "members": request.members,
    }
    return {"symbols": request.symbols, **asked, **flags}


def _started(started: Started) -> About:
    return {
        "symbols": started.symbols,
        "run": started.run_id,
        "busy": [symbol for symbol, _ in started.busy],
    }


def _made(made: NewBackup) -> About:
    return {"backup": made.backup.name, "problems": made.problems}


def _restored(results: Sequence[Restored]) -> About:
    wrong = [
        f"{each.symbol}: {each.error.message if each.error else 'not restored'}"
        for each in results
        if not each.ok
    ]
    good = [each.symbol for each in results if each.ok]
    return {
        "restored": good,
        "problems": wrong,
        "outcome": AuditOutcome.FAILED if wrong else AuditOutcome.DONE,
    }


def _cleaned(report: CleanReport) -> About:
    removed = [action for action in report.actions if action.verb == "remove"]
    return {
        "removed": len(removed),
        "freed_bytes": report.freed_bytes,
        "backups": [action.path.name for action in removed if action.kind == "backup"],
        "problems": report.problems,
    }


def _decided(prepared: TrainingPlan, _starter: str) -> About:
    return {
        "symbols": [each.symbol for each in prepared.decisions if each.action == "train"] or "none"
    }


VERBS = {
    "start_training": Verb("train", _request, _started, AuditOutcome.STARTED),
    "cancel": Verb("cancel", lambda run_id: {"run": run_id}),
    "start_job_now": Verb(
        "run-now", lambda job: {"job": job}, lambda pid: {"process": pid}, AuditOutcome.STARTED
    ),
    "back_up": Verb(
        "backup",
        lambda symbols=None, to=None: {"symbols": symbols or "all", "to": to},
        _made,
        announced=True,
    ),
    "restore": Verb(
        "restore",
        lambda name, symbols=(): {"backup": name, "symbols": symbols or "all"},
        _restored,
        announced=True,
    ),
    "clean": Verb("clean", lambda dry_run=False: None if dry_run else {}, _cleaned, announced=True),
    "auto_train": Verb(
        "auto-train", _decided, lambda started: {"runs": [run.run_id for run in started]}
    ),
    "hold": Verb(
        "hold",
        lambda symbol, reason, until=None: {"symbol": symbol, "reason": reason, "until": until},
    ),
    "unhold": Verb("unhold", lambda symbol: {"symbol": symbol}),
    "acknowledge": Verb(
        "ack",
        lambda rule, symbol: {"rule": rule, "symbol": symbol},
        lambda count: {"marked": count},
    ),
    "silence": Verb(
        "silence",
        lambda rule, symbol, *_: {"rule": rule, "symbol": symbol},
        lambda end: {"until": iso(end)},
    ),
    "test_alert": Verb(
        "alert-test",
        dict,
        lambda fault: {"fault": fault, "outcome": AuditOutcome.FAILED} if fault else {},
    ),
}
"""By the name of the method."""


def recorded(method: Method) -> Method:
    """Record a method of the engine as its row says; KeyError when it has none."""
    verb = VERBS[method.__name__]
    return audited(
        verb.what, verb.describe, verb.told, outcome=verb.outcome, announced=verb.announced
    )(method)
