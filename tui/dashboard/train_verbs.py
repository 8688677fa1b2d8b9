"""The verbs that write models; each but the backup asks for confirmation."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.records import Level, PlanItem, Run, StartedRun, TrainRequest
from engine.core.snapshot import Snapshot
from engine.core.sources import is_simulated
from engine.core.symbols import Priority
from engine.words.phrases import listed, plural
from engine.words.sources import short_source
from tui.dashboard.text import plan_lines
from tui.dialogs.confirm import Question, confirm
from tui.keys.labels import key
from tui.runs.cancel import ask_cancel
from tui.screens.verbs import Verbs
from tui.widgets.lines import line
from tui.work.messages import Notice

if TYPE_CHECKING:
    from engine.children.messages import BackupCreated


def starter() -> str:
    """Who started a run, as others see it."""
    try:
        return f"console of {getpass.getuser()}"
    except (KeyError, OSError):  # a user id without a name
        return "console"


def train_question(
    verb: str, request: TrainRequest, items: tuple[PlanItem, ...], now: datetime
) -> Question:
    """The question before a training: every symbol with its current model."""
    going = [item for item in items if item.holder is None]
    source = request.source or ""
    bars = f"{short_source(source)} bars" + (" (SIMULATED)" if is_simulated(source) else "")
    epochs = f", {request.epochs} epochs at most" if request.epochs else ""
    note = "A model the guard refuses leaves the live one as it is."
    return Question(
        title=f"{verb} {plural(len(going), 'symbol')} on {bars}{epochs}?",
        lines=(line(note, "dim"), *plan_lines(items, now, source)),
        yes=f"{verb} {len(going)}",
    )


def started_notice(started: StartedRun) -> Notice:
    """The outcome of a start."""
    busy = ", ".join(f"{symbol} ({holder})" for symbol, holder in started.busy)
    left = f"; left out: {busy}" if busy else ""
    return Notice(f"run {started.run_id} started: {listed(started.symbols)}{left}")


def live_run_of(snapshot: Snapshot | None, symbol: str) -> Run | None:
    """The live run in which `symbol` has not ended."""
    live = snapshot.live_runs if snapshot else ()
    return next((run for run in live if (job := run.job(symbol)) and not job.state.ended), None)


class TrainVerbs(Verbs):
    """Retrain, back up, cancel: for the chosen symbols of a screen."""

    def do_retrain(self) -> None:
        self.ask_training("Retrain", self.chosen_symbols())

    def do_back_up(self) -> None:
        """Copy the models of the chosen symbols, in a child process."""
        if symbols := self.chosen_symbols():
            create_backup = self.shell.engine.children.create_backup
            self.shell.ask("backup", lambda: create_backup(symbols), self._backed_up)

    def _backed_up(self, created: BackupCreated) -> None:
        from tui.backups.text import made_notice

        self.selection.clear_marks()
        self.shell.say(made_notice(created))

    def do_cancel(self) -> None:
        snapshot, symbol = self.shell.snapshot, self.selection.current_symbol()
        run = live_run_of(snapshot, symbol)
        if run is not None:
            ask_cancel(self.shell, run)
            return
        live = ", ".join(run.id for run in snapshot.live_runs) if snapshot else ""
        self.shell.say(
            Notice(f"{symbol or 'no row'} is not in a live run", f"live is {live or 'none'}")
        )

    def ask_training(self, verb: str, symbols: tuple[str, ...], *, quick: bool = False) -> None:
        """Show what a training of `symbols` would replace, and start it on a yes."""
        snapshot = self.shell.snapshot
        if snapshot is None:
            self.shell.say(Notice("nothing to train yet: the home was not read"))
            return
        if not symbols:
            self.shell.say(Notice("no row is chosen"))
            return
        engine, source = self.shell.engine, snapshot.source

        def plan() -> tuple[TrainRequest, tuple[PlanItem, ...]]:
            epochs = engine.settings.current.training.quick_epochs if quick else None
            request = TrainRequest(
                symbols, "quick" if quick else "manual", source, epochs, starter=starter()
            )
            return request, engine.runs.plan(request)

        self.shell.ask("plan", plan, lambda planned: self._confirm(verb, *planned))

    def _confirm(self, verb: str, request: TrainRequest, items: tuple[PlanItem, ...]) -> None:
        if all(item.holder is not None for item in items):
            holders = ", ".join(
                f"{item.symbol} by {item.holder or 'another process'}" for item in items
            )
            self.shell.say(
                Notice(
                    f"nothing to train, all busy: {holders}",
                    f"wait, or cancel with {key('cancel')}",
                    level=Level.WARN,
                )
            )
            return
        question = train_question(verb, request, items, self.shell.wall.now())
        confirm(self.shell, question, lambda: self._start(request))

    def _start(self, request: TrainRequest) -> None:
        self.shell.ask("train", lambda: self.shell.engine.runs.start(request), self._started)

    def _started(self, started: StartedRun) -> None:
        self.shell.started.append(started.run_id)
        self.selection.clear_marks()
        self.shell.say(started_notice(started))
        self.shell.look_now()


class ManyTrainVerbs(TrainVerbs):
    """The dashboard's training verbs, for one symbol or all."""

    def do_cancel(self) -> None:
        """A check or plan that is under way, else the run of the current row."""
        if not self.shell.cancel_verb():
            super().do_cancel()

    def do_train_all(self) -> None:
        snapshot = self.shell.snapshot
        self.ask_training("Train", tuple(row.symbol for row in snapshot.rows) if snapshot else ())

    def do_quick_train(self) -> None:
        rows = self.shell.snapshot.rows if self.shell.snapshot else ()
        high = tuple(row.symbol for row in rows if row.priority is Priority.HIGH)
        self.ask_training("Quick train", self.selection.marked_symbols() or high, quick=True)
