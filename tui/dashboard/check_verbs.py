"""The dashboard's verbs for checks, automatic training and the report of past events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.children.watched import ChildWatch
from engine.core.records import Level
from engine.core.snapshot import PlannedAction
from engine.core.sources import is_simulated
from engine.words.phrases import listed, plural
from tui.dialogs.confirm import Question, confirm
from tui.keys.labels import key
from tui.screens.verbs import Verbs
from tui.widgets.lines import Line, line
from tui.work.messages import Notice, level_of

if TYPE_CHECKING:
    from engine.children.messages import (
        CheckedModel,
        ModelsChecked,
        PlannedSymbol,
        TrainingsPlanned,
        TrainingsStarted,
    )

CHECKING = Notice(
    "checking every model: a prediction each, figures, triggers; it runs while you look elsewhere",
    sticky=True,
)
PLANNING = Notice(
    "asking for fresh bars and every trigger; nothing is trained before you say so", sticky=True
)
STARTING = Notice("starting the training", sticky=True)
_UNTRAINED = "not trained yet"
_STYLES = {PlannedAction.TRAIN: "live", PlannedAction.FINE: "dim"}
_NOT_IN_THE_WAY = (PlannedAction.TRAIN, PlannedAction.WAITS, PlannedAction.FINE)


def check_notice(checked: ModelsChecked, took_s: float) -> Notice:
    """What a check found: how the models answered, which want a training, which wait and why."""
    counts = Counter(_answered(model) for model in checked.models)
    to_train = _to_train(checked.decisions)
    problem = next(iter(checked.problems), "")
    incomplete = bool(checked.failed or counts["critical"] or counts["failed"])
    failed = checked.outage or (checked.failed and counts["failed"] == len(checked.models))
    hint = problem
    if not hint and incomplete:
        hint = f"{key('main_to_alerts')} shows what fires"
    elif not hint and to_train:
        hint = f"{key('auto_train')} shows the plan"
    level = level_of(failed=failed, incomplete=incomplete or bool(problem))
    return Notice(_check_text(checked, counts, took_s), hint, level=level)


def _check_text(checked: ModelsChecked, counts: Counter[str], took_s: float) -> str:
    """The figures of a check in a line."""
    words = ("ok", "warning", "critical", "failed", _UNTRAINED)
    parts = [f"{counts[word]} {word}" for word in words if counts[word]]
    kept = Counter(
        str(decision.action)
        for decision in checked.decisions
        if decision.action not in _NOT_IN_THE_WAY
    )
    parts += [f"{count} {action}" for action, count in kept.items()]
    to_train = _to_train(checked.decisions)
    parts.append(f"{len(to_train)} to retrain")
    simulated = any(is_simulated(model.source) for model in checked.models)
    text = "SIMULATED: " if simulated else ""
    text += f"{len(checked.models)} checked in {round(took_s)} s: {', '.join(parts)}"
    text += f": {_named_by_reason(checked.decisions)}" if to_train else ""
    not_trained = _named_by_action(checked.decisions)
    text += f"; not trained: {not_trained}" if not_trained else ""
    return f"{text}; an outage: no symbol could be forecast" if checked.outage else text


def _answered(model: CheckedModel) -> str:
    """How a model answered; one that was never trained did not fail."""
    return model.status if model.trained or model.status != "failed" else _UNTRAINED


def _named_by_reason(decisions: Sequence[PlannedSymbol]) -> str:
    """The symbols to train now or after the close, each with its reason."""
    return _listed(
        f"{decision.symbol} {decision.reason or decision.action}"
        for decision in _to_train(decisions)
    )


def _to_train(decisions: Sequence[PlannedSymbol]) -> list[PlannedSymbol]:
    """Those to train now or after the close."""
    trained = (PlannedAction.TRAIN, PlannedAction.WAITS)
    return [decision for decision in decisions if decision.action in trained]


def _named_by_action(decisions: Sequence[PlannedSymbol]) -> str:
    """The symbols that something keeps from training, each with what that is."""
    return _listed(
        f"{decision.symbol} {decision.action}"
        for decision in decisions
        if decision.action not in _NOT_IN_THE_WAY
    )


def _listed(names: Iterable[str]) -> str:
    return listed([f"{name}," for name in names]).rstrip(",")


def plan_question(decisions: Sequence[PlannedSymbol], simulated: bool = False) -> Question:
    """The question before automatic training; symbols that wait for the close may train now."""
    train = _of(decisions, PlannedAction.TRAIN)
    waits = _of(decisions, PlannedAction.WAITS)
    mark = (line("SIMULATED bars", "warn"),) if simulated else ()
    lines = (*mark, *(_plan_line(decision) for decision in decisions))
    if train:
        title = f"Auto-train: train {len(train)} of {plural(len(decisions), 'symbol')}?"
        return Question(
            title,
            (line("A model the guard refuses leaves the live one as it is.", "dim"), *lines),
            _yes(train),
        )
    if waits:
        why = (
            "What is trained now learns from bars without today's session. The check after the"
            " close trains these."
        )
        title = (
            f"Auto-train: {plural(len(waits), 'symbol')} would be trained, but the market is open"
        )
        return Question(
            title, (line(why, "warn"), *lines), f"{_yes(waits)} all the same", "Wait for the close"
        )
    return Question("Auto-train: nothing to train now", lines, "", "Close")


def _of(decisions: Sequence[PlannedSymbol], action: PlannedAction) -> tuple[str, ...]:
    """The symbols of one action."""
    return tuple(decision.symbol for decision in decisions if decision.action is action)


def _yes(symbols: Sequence[str]) -> str:
    return f"Train {len(symbols)}"


def _plan_line(decision: PlannedSymbol) -> Line:
    style = _STYLES.get(decision.action, "warn")
    reason = f"{decision.reason}: " if decision.reason else ""
    return (
        (f"  {decision.symbol:<6}", "head"),
        (f"{decision.action:<11} ", style),
        (f"{reason}{decision.text}", ""),
    )


def begun_notice(started: TrainingsStarted) -> Notice:
    """The outcome of a start: the runs, else what blocks them now."""
    if started.run_ids:
        names = _of(started.decisions, PlannedAction.TRAIN)
        return Notice(f"run {', '.join(started.run_ids)} started: {listed(names)}")
    why = _named_by_action(started.decisions) or "nothing fires any more"
    return Notice(
        f"nothing was started: {why}", f"{key('auto_train')} shows the plan again", level=Level.CRIT
    )


class CheckVerbs(Verbs):
    """The performance check, automatic training, and what happened meanwhile."""

    _ready: TrainingsPlanned | None = None
    """A plan that nobody looked at yet."""

    def do_check(self) -> None:
        """Check performance in a child, without training anything."""
        watch, began = ChildWatch(), self.shell.wall.monotonic()
        check_models = self.shell.engine.children.check_models

        def checked(answer: ModelsChecked) -> None:
            self.shell.say(check_notice(answer, self.shell.wall.monotonic() - began))
            self.shell.look_now()

        self.shell.ask("check", lambda: check_models(watch), checked, CHECKING, watch)

    def do_auto_train(self) -> None:
        """The plan first; then, on a yes, the training of exactly what it listed."""
        if self._ready is not None:
            ready, self._ready = self._ready, None
            self._show_plan(ready)
            return
        watch = ChildWatch()
        plan = self.shell.engine.children.plan_trainings
        self.shell.ask("auto-train plan", lambda: plan(watch), self._planned, PLANNING, watch)

    def _planned(self, plan: TrainingsPlanned) -> None:
        """Ask, or offer the plan to who looks elsewhere meanwhile."""
        if self.selection.is_active:
            self._show_plan(plan)
            return
        self._ready = plan
        count = len(_of(plan.decisions, PlannedAction.TRAIN))
        text = f"the plan is ready: {count} to train"
        self.shell.say(Notice(text, f"{key('auto_train')} on the dashboard shows it"))

    def _show_plan(self, plan: TrainingsPlanned) -> None:
        to_train = _of(plan.decisions, PlannedAction.TRAIN)
        waiting = _of(plan.decisions, PlannedAction.WAITS)
        symbols = to_train or waiting

        def start() -> TrainingsStarted:
            return self.shell.engine.children.start_trainings(
                symbols, skip_market_hours=not to_train
            )

        def confirmed() -> None:
            if symbols:
                self.shell.ask("auto-train", start, self._begun, STARTING)

        snapshot = self.shell.snapshot
        question = plan_question(plan.decisions, snapshot is not None and snapshot.simulated)
        confirm(self.shell, question, confirmed)

    def _begun(self, started: TrainingsStarted) -> None:
        self.shell.started += started.run_ids
        self.shell.say(begun_notice(started))
        self.shell.look_now()

    def do_away(self) -> None:
        from tui.dashboard.away_screen import AwayScreen

        self.shell.push_screen(AwayScreen())
