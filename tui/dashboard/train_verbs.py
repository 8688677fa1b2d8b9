"""The verbs that write models: retrain, train all, quick train, back up, cancel.

Each but the backup behind a confirmation.
"""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.records import PlanItem, Run, Snapshot, Started, TrainRequest
from engine.core.sources import is_simulated
from tui.dashboard.text import cancel_lines, plan_lines, short_source
from tui.dialogs.confirm import ConfirmScreen, Question
from tui.keys.labels import key
from tui.look import format as fmt
from tui.widgets.lines import line
from tui.work.messages import Notice

if TYPE_CHECKING:
    from engine.core.child import ChildAnswer
    from tui.ports import Shell


def starter() -> str:
    """Who started a run, as others see it."""
    try:
        return f"console of {getpass.getuser()}"
    except (KeyError, OSError):  # a user id without a name
        return "console"


def train_question(
    verb: str, request: TrainRequest, items: tuple[PlanItem, ...], now: datetime
) -> Question:
    """What is asked before a training: every symbol, and what stands there now."""
    going = [item for item in items if item.holder is None]
    source = request.source or ""
    bars = f"{short_source(source)} bars" + (" (SIMULATED)" if is_simulated(source) else "")
    epochs = f", {request.epochs} epochs at most" if request.epochs else ""
    note = "A model the guard refuses leaves the live one as it is."
    return Question(
        title=f"{verb} {fmt.plural(len(going), 'symbol')} on {bars}{epochs}?",
        lines=(line(note, "dim"), *plan_lines(items, now, source)),
        yes=f"{verb} {len(going)}",
    )


def cancel_question(run: Run) -> Question:
    """What is asked before a cancel: every symbol that would stop."""
    head = f"Cancel run {run.id}?"
    lines = (
        line(f"{run.reason}, started by {run.starter or 'unknown'}", "dim"),
        *cancel_lines(run),
    )
    return Question(title=head, lines=lines, yes="Cancel the run", no="Keep it running")


def started_notice(started: Started) -> Notice:
    """What became of a start."""
    busy = ", ".join(f"{symbol} ({holder})" for symbol, holder in started.busy)
    left = f"; left out: {busy}" if busy else ""
    return Notice(f"run {started.run_id} started: {fmt.listed(started.symbols)}{left}")


def live_run_of(snapshot: Snapshot | None, symbol: str) -> Run | None:
    """The live run in which `symbol` has not ended."""
    live = snapshot.live_runs if snapshot else ()
    return next((run for run in live if (job := run.job(symbol)) and not job.state.ended), None)


class ModelVerbs:
    """Retrain, back up, cancel: a part of the screens that know which symbols are meant."""

    if TYPE_CHECKING:

        @property
        def shell(self) -> Shell: ...

    def meant(self) -> tuple[str, ...]:
        """The symbols that a verb is for."""
        raise NotImplementedError

    def current_symbol(self) -> str:
        """The symbol under the cursor; empty when there is none."""
        raise NotImplementedError

    def forget_marks(self) -> None:
        """The verb began: what was marked for it is no longer."""

    def do_retrain(self) -> None:
        self.ask_training("Retrain", self.meant())

    def do_back_up(self) -> None:
        """A copy of the models that are meant, made by a child process."""
        if symbols := self.meant():
            self.shell.ask(
                "backup", lambda: self.shell.engine.command(("backup", *symbols)), self._backed_up
            )

    def _backed_up(self, answer: ChildAnswer) -> None:
        from tui.backups.text import made_notice

        self.forget_marks()
        self.shell.say(made_notice(answer.document))

    def do_cancel(self) -> None:
        snapshot, symbol = self.shell.snapshot, self.current_symbol()
        run = live_run_of(snapshot, symbol)
        if run is None:
            live = ", ".join(found.id for found in snapshot.live_runs) if snapshot else ""
            self.shell.say(
                Notice(f"{symbol or 'no row'} is not in a live run", f"live is {live or 'none'}")
            )
            return
        run_id = run.id

        def answered(yes: bool | None) -> None:
            if yes:
                self.shell.ask(
                    "cancel",
                    lambda: self.shell.engine.cancel(run_id),
                    lambda _: self._cancel_asked(run_id),
                )

        self.shell.push_screen(ConfirmScreen(cancel_question(run)), answered)

    def _cancel_asked(self, run_id: str) -> None:
        self.shell.say(Notice(f"run {run_id} was asked to stop; it stops at its next batch"))
        self.shell.look_now()

    def ask_training(self, verb: str, symbols: tuple[str, ...], quick: bool = False) -> None:
        """Show what a training of `symbols` would replace, and start it on a yes."""
        snapshot = self.shell.snapshot
        if snapshot is None or not symbols:
            self.shell.say(
                Notice(
                    "nothing to train yet: the home was not read"
                    if snapshot is None
                    else "no row is chosen"
                )
            )
            return
        engine, source = self.shell.engine, snapshot.source

        def plan() -> tuple[TrainRequest, tuple[PlanItem, ...]]:
            epochs = engine.settings.training.quick_epochs if quick else None
            request = TrainRequest(
                symbols, "quick" if quick else "manual", source, epochs, starter=starter()
            )
            return request, engine.train_plan(request)

        self.shell.ask("plan", plan, lambda found: self._confirm(verb, *found))

    def _confirm(self, verb: str, request: TrainRequest, items: tuple[PlanItem, ...]) -> None:
        if all(item.holder is not None for item in items):
            holders = ", ".join(
                f"{item.symbol} by {item.holder or 'another process'}" for item in items
            )
            self.shell.say(
                Notice(
                    f"nothing to train, all busy: {holders}",
                    f"wait, or cancel with {key('cancel')}",
                    warns=True,
                )
            )
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.shell.ask(
                    "train", lambda: self.shell.engine.start_training(request), self._started
                )

        self.shell.push_screen(
            ConfirmScreen(train_question(verb, request, items, self.shell.wall.now())), answered
        )

    def _started(self, started: Started) -> None:
        self.shell.started.append(started.run_id)
        self.forget_marks()
        self.shell.say(started_notice(started))
        self.shell.look_now()


class TrainingVerbs(ModelVerbs):
    """The dashboard's: for the marked rows, else the current one; and for many at once."""

    if TYPE_CHECKING:
        marks: Any
        cursor: Any

    def current_symbol(self) -> str:
        return str(self.cursor)

    def meant(self) -> tuple[str, ...]:
        return self._marked() or ((self.cursor,) if self.cursor else ())

    def forget_marks(self) -> None:
        self.marks = frozenset()

    def _marked(self) -> tuple[str, ...]:
        """The marked symbols, in the order of the table."""
        snapshot = self.shell.snapshot
        return (
            tuple(row.symbol for row in snapshot.rows if row.symbol in self.marks)
            if snapshot
            else ()
        )

    def do_train_all(self) -> None:
        snapshot = self.shell.snapshot
        self.ask_training("Train", tuple(row.symbol for row in snapshot.rows) if snapshot else ())

    def do_quick_train(self) -> None:
        snapshot = self.shell.snapshot
        high = (
            tuple(row.symbol for row in snapshot.rows if row.priority == "high") if snapshot else ()
        )
        self.ask_training("Quick train", self._marked() or high, quick=True)
