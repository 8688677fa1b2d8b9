"""The dashboard's verbs that watch: the performance check, automatic training by its plan, and
what happened meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.records import Level
from engine.core.sources import is_simulated
from engine.words.phrases import listed, plural
from tui.dialogs.confirm import Question, confirm
from tui.keys.labels import key
from tui.screens.verbs import Verbs
from tui.widgets.lines import Line, line
from tui.work.messages import Notice, level_of

if TYPE_CHECKING:
    from engine.core.child import ChildAnswer

Tree = Mapping[str, Any]
CHECKING = Notice(
    "checking every model: a prediction each, figures, triggers; it goes on while you look"
    " elsewhere",
    sticky=True,
)
PLANNING = Notice(
    "asking for fresh bars and every trigger; nothing is trained before you say so", sticky=True
)
STARTING = Notice("starting the training", sticky=True)
_UNTRAINED = "not trained yet"
_STYLES = {"train": "live", "fine": "dim"}


def check_notice(answer: ChildAnswer) -> Notice:
    """What a check found: how the models answered, which want a training, which wait and why."""
    tree = answer.document
    counts = Counter(_answered(each) for each in tree["checks"])
    told = ", ".join(
        f"{counts[word]} {word}"
        for word in ("ok", "warning", "critical", "failed", _UNTRAINED)
        if counts[word]
    )
    wanted = _named(tree["decisions"], ("train", "waits"), "reason")
    others = _named(tree["decisions"], (), "decision")
    mark = "SIMULATED: " if any(is_simulated(each.get("source")) for each in tree["checks"]) else ""
    text = f"{mark}checked {plural(len(tree['checks']), 'symbol')}: {told}"
    text += "; an outage: no symbol could be forecast" if tree["outage"] else ""
    text += f"; want training: {wanted}" if wanted else "; nothing to train"
    text += f"; not trained: {others}" if others else ""
    problem = next(iter(tree["problems"]), "")
    some = bool(answer.exit_code or counts["critical"] or counts["failed"])
    none = bool(tree["outage"]) or (
        bool(answer.exit_code) and counts["failed"] == len(tree["checks"])
    )
    hint = problem or (
        f"{key('main_to_alerts')} shows what rings"
        if some or none
        else f"{key('auto_train')} shows the plan"
        if wanted
        else ""
    )
    return Notice(text, hint, level=level_of(failed=none, incomplete=some or bool(problem)))


def _answered(check: Tree) -> str:
    """How a model answered; one that was never trained did not fail."""
    return (
        _UNTRAINED
        if check["status"] == "failed" and check["problem"] == "no model yet"
        else str(check["status"])
    )


def _named(decisions: Sequence[Tree], actions: Sequence[str], word: str) -> str:
    """The symbols decided one of `actions` (none given: any other that is no training), each
    with a word of its decision."""
    chosen = [
        each
        for each in decisions
        if (each["decision"] in actions if actions else _in_the_way(each["decision"]))
    ]
    return listed(
        [f"{each['symbol']} {each[word] or each['decision']}," for each in chosen]
    ).rstrip(",")


def _in_the_way(action: str) -> bool:
    return action not in ("train", "waits", "fine")


def plan_question(decisions: Sequence[Tree], simulated: bool = False) -> Question:
    """What automatic training would do, symbol by symbol;
    what waits for the close may be trained all the same."""
    train = [each for each in decisions if each["decision"] == "train"]
    waits = [each for each in decisions if each["decision"] == "waits"]
    mark = (line("SIMULATED bars", "warn"),) if simulated else ()
    lines = (*mark, *(_plan_line(each) for each in decisions))
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


def _yes(decisions: Sequence[Tree]) -> str:
    return f"Train {len(decisions)}"


def _plan_line(decision: Tree) -> Line:
    action = decision["decision"]
    head = (f"  {decision['symbol']:<6}", "head"), (f"{action:<11} ", _STYLES.get(action, "warn"))
    reason = f"{decision['reason']}: " if decision["reason"] else ""
    return (*head, (f"{reason}{decision['text']}", ""))


def begun_notice(document: Tree) -> Notice:
    """What became of the start: the runs, else what is in the way now."""
    runs = [run["id"] for run in document.get("runs", ())]
    decisions = document.get("decisions", ())
    if runs:
        names = [each["symbol"] for each in decisions if each["decision"] == "train"]
        return Notice(f"run {', '.join(runs)} started: {listed(names)}")
    why = _named(decisions, (), "decision") or "nothing fires any more"
    return Notice(
        f"nothing was started: {why}", f"{key('auto_train')} shows the plan again", level=Level.CRIT
    )


class CheckVerbs(Verbs):
    """The performance check, automatic training, and what happened meanwhile."""

    def do_check(self) -> None:
        """A performance check in a child; it trains nothing, so that a look never surprises."""
        self.shell.ask(
            "check",
            lambda: self.shell.engine.command(("performance", "--no-train")),
            self._checked,
            CHECKING,
        )

    def _checked(self, answer: ChildAnswer) -> None:
        self.shell.say(check_notice(answer))
        self.shell.look_now()

    def do_auto_train(self) -> None:
        """The plan first; then, if wanted, the training of exactly what it listed."""
        self.shell.ask(
            "auto-train plan",
            lambda: self.shell.engine.command(("auto-train", "--dry-run")),
            self._planned,
            PLANNING,
        )

    def _planned(self, answer: ChildAnswer) -> None:
        decisions = answer.document["decisions"]
        words = [each for each in decisions if each["decision"] == "train"]
        late = [] if words else [each for each in decisions if each["decision"] == "waits"]
        symbols = " ".join(each["symbol"] for each in words or late)
        command = (
            "auto-train",
            "--detach",
            "--symbols",
            symbols,
            *(("--skip-market-hours",) if late else ()),
        )

        def start() -> None:
            if symbols:
                self.shell.ask(
                    "auto-train",
                    lambda: self.shell.engine.command(command),
                    self._begun,
                    STARTING,
                )

        snapshot = self.shell.snapshot
        question = plan_question(decisions, snapshot is not None and snapshot.simulated)
        confirm(self.shell, question, start)

    def _begun(self, answer: ChildAnswer) -> None:
        self.shell.started += [run["id"] for run in answer.document.get("runs", ())]
        self.shell.say(begun_notice(answer.document))
        self.shell.look_now()

    def do_away(self) -> None:
        from tui.dashboard.away_screen import AwayScreen

        self.shell.push_screen(AwayScreen())
