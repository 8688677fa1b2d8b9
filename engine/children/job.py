"""`python -m engine.children.job`: one job, its request on stdin, its answer on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from engine.api import Engine
from engine.children.messages import (
    BackupCreated,
    BackupRestored,
    BackupsVerified,
    CheckedModel,
    CheckModels,
    ChildJob,
    CreateBackup,
    ExamineMachine,
    Fault,
    MachineExamined,
    ModelsChecked,
    PlannedSymbol,
    PlanTrainings,
    Reply,
    Request,
    RestoreBackup,
    RestoredModel,
    ShowSymbol,
    StartTrainings,
    TrainingsPlanned,
    TrainingsStarted,
    VerifiedBackup,
    VerifiedFile,
    VerifyBackups,
)
from engine.children.symbol_page import symbol_details
from engine.core.anchor import hold_home
from engine.core.errors import ExitCode, StockmlError
from engine.core.paths import Home
from engine.core.text import clean
from engine.vault.records import Backup, FileCheck, damaged
from engine.watch.check_report import SymbolCheck, check_outcome
from engine.watch.records import Decision


def create_backup(engine: Engine, request: CreateBackup) -> BackupCreated:
    """Back up the live models."""
    made = engine.backups.create(request.symbols or None)
    absent = tuple(symbol for symbol in request.symbols if made.backup.entry(symbol) is None)
    return BackupCreated(
        name=made.backup.name,
        size_bytes=made.backup.size_bytes,
        entries=made.backup.entries,
        absent=absent,
        problems=made.problems,
    )


def restore_backup(engine: Engine, request: RestoreBackup) -> BackupRestored:
    """Republish models of a backup."""
    backup = engine.backups.show(request.backup)
    results = engine.backups.restore(backup.name, request.symbols)
    return BackupRestored(
        tuple(
            RestoredModel(result.symbol, "" if result.ok else _problem(result.error))
            for result in results
        )
    )


def _problem(error: StockmlError | None) -> str:
    return error.message if error else "not restored"


def verify_backups(engine: Engine, request: VerifyBackups) -> BackupsVerified:
    """Reread the files of backups."""
    return BackupsVerified(
        tuple(_verified(backup, checks) for backup, checks in engine.backups.verify(request.names))
    )


def _verified(backup: Backup, checks: Iterable[FileCheck]) -> VerifiedBackup:
    bad = damaged(backup, checks)
    files = tuple(
        VerifiedFile(
            symbol=check.symbol,
            kind=check.kind,
            ok=check.ok,
            damaged=check in bad,
            text=clean(check.text, 300),
        )
        for check in checks
    )
    ok = not bad and not backup.problem
    return VerifiedBackup(name=backup.name, path=str(backup.path), ok=ok, files=files)


def check_models(engine: Engine, _: CheckModels) -> ModelsChecked:
    """A performance check that trains nothing."""
    report = engine.watch.check(train=False)
    undelivered = engine.alerts.deliver()
    code = check_outcome(report)[0]
    problems = (*report.problems, report.unstarted, undelivered)
    return ModelsChecked(
        models=tuple(_checked(check) for check in report.checks),
        decisions=_planned(report.plan.decisions),
        outage=report.outage,
        problems=tuple(problem for problem in problems if problem),
        failed=code is not ExitCode.DONE,
    )


def _checked(check: SymbolCheck) -> CheckedModel:
    return CheckedModel(
        status=check.status,
        source=check.assessment.inputs.source,
        trained=check.assessment.facts.model != "none",
    )


def _planned(decisions: Iterable[Decision]) -> tuple[PlannedSymbol, ...]:
    return tuple(
        PlannedSymbol(decision.symbol, decision.action, decision.reason, decision.text)
        for decision in decisions
    )


def plan_trainings(engine: Engine, _: PlanTrainings) -> TrainingsPlanned:
    """The decisions of automatic training now."""
    return TrainingsPlanned(_planned(engine.watch.auto_plan().decisions))


def start_trainings(engine: Engine, request: StartTrainings) -> TrainingsStarted:
    """Start automatic training; the runs outlive this process."""
    if not request.skip_market_hours:
        engine.watch.refuse_while_open()
    plan = engine.watch.auto_plan(request.symbols, skip_market_hours=request.skip_market_hours)
    runs = engine.watch.auto_train(plan, f"stockml auto-train, pid {os.getpid()}")
    return TrainingsStarted(_planned(plan.decisions), tuple(run.run_id for run in runs))


def examine_machine(engine: Engine, _: ExamineMachine) -> MachineExamined:
    """Check whether this machine can run stockml."""
    return MachineExamined(tuple(engine.watch.doctor()))


JOBS: dict[type[Request], Callable[[Engine, Any], msgspec.Struct]] = {
    CreateBackup: create_backup,
    RestoreBackup: restore_backup,
    VerifyBackups: verify_backups,
    CheckModels: check_models,
    PlanTrainings: plan_trainings,
    StartTrainings: start_trainings,
    ExamineMachine: examine_machine,
    ShowSymbol: symbol_details,
}
"""The handler of each request."""


def reply_to(job: ChildJob) -> Reply[msgspec.Struct]:
    """The answer to a job, or the StockmlError it raised."""
    try:
        home = Home(Path(job.home))
        with suppress(OSError):  # reading its settings says why it cannot be read
            hold_home(home.root)
        engine = Engine(home, source=job.source)
        return Reply(answer=JOBS[type(job.request)](engine, job.request))
    except StockmlError as error:
        return Reply(fault=Fault(error.message, error.hint, int(error.exit_code)))


def main() -> None:
    """Answer the job on stdin; output of libraries goes to stderr."""
    answers = os.dup(1)
    os.dup2(2, 1)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=ChildJob)
    with os.fdopen(answers, "wb") as pipe:
        pipe.write(msgspec.json.encode(reply_to(job)))


if __name__ == "__main__":
    main()
