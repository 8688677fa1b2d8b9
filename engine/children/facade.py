"""Facade verbs that need numpy or h5py, run in a child process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from engine.children.watched import ChildWatch, exchange
from engine.core.child import child_environment, collect
from engine.core.errors import (
    BusyError,
    ConfigError,
    NoDataError,
    RefusedError,
    StockmlError,
    UsageError,
)
from engine.core.files import lock_holder
from engine.core.progress import VARIABLE as PROGRESS
from engine.core.text import clean_bytes
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.children.command_run import CommandRun
    from engine.children.messages import (
        BackupCreated,
        BackupRestored,
        BackupsVerified,
        MachineExamined,
        ModelsChecked,
        Request,
        SymbolDetails,
        TrainingsPlanned,
        TrainingsStarted,
    )

Answer = TypeVar("Answer")
LIMIT_S = 600.0
_ERRORS = {
    int(error.exit_code): error
    for error in (UsageError, ConfigError, NoDataError, RefusedError, BusyError)
}


class ChildrenFacade(Facade):
    """Verbs of the other facades, each run in its own child process."""

    def create_backup(self, symbols: Sequence[str] = ()) -> BackupCreated:
        """Back up the live models of these symbols, or of all if none is named."""
        from engine.children.messages import BackupCreated, CreateBackup

        return self._run(CreateBackup(tuple(symbols)), BackupCreated)

    def restore_backup(self, backup: str, symbols: Sequence[str]) -> BackupRestored:
        """Republish these models of a backup."""
        from engine.children.messages import BackupRestored, RestoreBackup

        return self._run(RestoreBackup(backup, tuple(symbols)), BackupRestored)

    def verify_backups(self, names: Sequence[str] = ()) -> BackupsVerified:
        """Reread every file of these backups, or of all if none is named."""
        from engine.children.messages import BackupsVerified, VerifyBackups

        return self._run(VerifyBackups(tuple(names)), BackupsVerified)

    def check_models(self, watch: ChildWatch | None = None) -> ModelsChecked:
        """A performance check of all symbols that trains nothing."""
        from engine.children.messages import CheckModels, ModelsChecked

        return self._run(CheckModels(), ModelsChecked, watch)

    def plan_trainings(self, watch: ChildWatch | None = None) -> TrainingsPlanned:
        """The decisions of automatic training now, with fresh bars."""
        from engine.children.messages import PlanTrainings, TrainingsPlanned

        return self._run(PlanTrainings(), TrainingsPlanned, watch)

    def start_trainings(
        self, symbols: Sequence[str], *, skip_market_hours: bool = False
    ) -> TrainingsStarted:
        """Automatic training of these symbols; RefusedError while the market is open."""
        from engine.children.messages import StartTrainings, TrainingsStarted

        return self._run(StartTrainings(tuple(symbols), skip_market_hours), TrainingsStarted)

    def examine_machine(self) -> MachineExamined:
        """Check whether this machine can run stockml."""
        from engine.children.messages import ExamineMachine, MachineExamined

        return self._run(ExamineMachine(), MachineExamined)

    def show_symbol(self, symbol: str) -> SymbolDetails:
        """Record, calibration, live accuracy and the triggers' verdicts of one symbol."""
        from engine.children.messages import ShowSymbol, SymbolDetails

        return self._run(ShowSymbol(symbol), SymbolDetails)

    def run_command(
        self, words: Sequence[str], *, reads_bars: bool, ended: Callable[[], None]
    ) -> CommandRun:
        """Start a command of stockml on this home; `ended` is called in a thread at its end."""
        from engine.children.command_run import CommandRun

        options = ["--home", str(self.home.root)]
        if reads_bars and self.source and "--source" not in words:
            options += ["--source", self.source]
        return CommandRun(words, options, self.clock, ended)

    def start_status_refresh(self) -> bool:
        """Start a child that rebuilds outdated statuses; False if one is running."""
        if lock_holder(self.home.locks / ".status") is not None:
            return False
        argv = [*_module("engine.children.refresh"), str(self.home.root), self.source or ""]
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=child_environment(OPENBLAS_NUM_THREADS="1"),
        )
        collect(child)
        return True

    def _run(
        self, request: Request, answer_type: type[Answer], watch: ChildWatch | None = None
    ) -> Answer:
        """A child's answer; StockmlError if it reports one, cannot start, hangs or sends none."""
        import msgspec

        from engine.children.messages import ChildJob, Reply

        job = ChildJob(home=str(self.home.root), source=self.source, request=request)
        output = _output(msgspec.json.encode(job), type(request).__name__, watch or ChildWatch())
        try:
            reply = msgspec.json.decode(output, type=Reply[answer_type])  # type: ignore[valid-type]
        except msgspec.MsgspecError as error:
            raise StockmlError(f"a child process gave no answer: {error}") from error
        if reply.fault is not None:
            fault = reply.fault
            raise _ERRORS.get(fault.exit_code, StockmlError)(fault.message, fault.hint)
        if reply.answer is None:
            raise StockmlError("a child process gave an empty answer")
        return reply.answer


def _module(name: str) -> list[str]:
    """The command line of one of our modules; -P keeps the working directory off sys.path."""
    return [sys.executable, "-P", "-m", name]


def _output(job: bytes, name: str, watch: ChildWatch) -> bytes:
    """The child's output for a job; StockmlError with the end of its stderr if there is none."""
    argv = _module("engine.children.job")
    environment = child_environment(**{PROGRESS: "1"})
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        output, words = exchange(process, job, watch, LIMIT_S)
    except TimeoutError as error:
        raise StockmlError(
            f"{name} did not end within {LIMIT_S:.0f} s", "look at the disk and try again"
        ) from error
    except OSError as error:
        raise StockmlError(f"cannot start {argv[0]}: {error.strerror}") from error
    if not output:
        last = words.strip().rpartition(b"\n")[2]
        text = clean_bytes(last, 500).strip() or f"exit {process.returncode}"
        raise StockmlError(f"{name} failed: {text}")
    return output
