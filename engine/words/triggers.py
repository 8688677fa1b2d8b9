"""Why a symbol is or is not retrained: a word for its row, a sentence under the table."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.snapshot import PlannedAction, SymbolRow

WIDTH = 7
"""Characters of an unknown reason that are shown."""


@dataclass(frozen=True, slots=True)
class ReasonWord:
    """A reason in one word of at most nine characters, and what it means."""

    word: str
    meaning: str


TRIGGER_WORDS = {
    "missing": ReasonWord("missing", "there is no model yet, or a file that stockml did not write"),
    "corrupt": ReasonWord("broken", "the model file cannot be trusted"),
    "failures": ReasonWord("failing", "its own model failed several predictions in a row"),
    "age": ReasonWord(
        "old", "older than the age limit, or too old before the next scheduled training"
    ),
    "accuracy": ReasonWord("dir", "direction accuracy below its limit"),
    "mape": ReasonWord("mape", "error above its limit"),
    "confidence": ReasonWord("conf", "confidence below its limit on several last bars in a row"),
    "volatility": ReasonWord("vola", "volatility rose beyond its own past"),
    "move": ReasonWord("move", "one great move since the training"),
    "earnings": ReasonWord("earning", "earnings were released since the model's last bar"),
    "drift": ReasonWord("drift", "returns are unlike those of the reference period"),
    "forced": ReasonWord("forced", "every symbol was asked for"),
}
"""Keyed by the trigger; covers every trigger of engine.watch.triggers."""
OBSTACLE_WORDS = {
    PlannedAction.HELD: ReasonWord("held", "an operator put automatic training on hold"),
    PlannedAction.CHRONIC: ReasonWord(
        "chronic",
        "trainings do not mend this reason, or the naive forecast breaks the same limit: left to"
        " age",
    ),
    PlannedAction.COOLDOWN: ReasonWord(
        "cooling", "trained for this reason a short while ago: it counts again later"
    ),
    PlannedAction.NO_BARS: ReasonWord("no bars", "bars are missing or too old to train on"),
    PlannedAction.NO_NEW_BARS: ReasonWord(
        "no new", "there is no bar since the one it was trained to"
    ),
    PlannedAction.DOUBT: ReasonWord(
        "doubt", "its bars would make a meaningless model: `stockml data check`"
    ),
    PlannedAction.BUSY: ReasonWord("busy", "another process trains it"),
    PlannedAction.WAITS: ReasonWord("waits", "the market is open: trained after its close"),
    PlannedAction.OUTAGE: ReasonWord("outage", "no symbol at all could be forecast"),
    PlannedAction.NEWER: ReasonWord(
        "newer", "a newer stockml made its model: only a person replaces it"
    ),
}
"""Keyed by the action that prevents the training."""


def retrain_word(row: SymbolRow) -> str:
    """Why it is retrained, or what prevents it, a hold first; empty if no trigger fires."""
    if row.hold:
        return OBSTACLE_WORDS[PlannedAction.HELD].word
    if row.retrain is None:
        return ""
    reason, action = row.retrain.reason, row.retrain.action
    if action is PlannedAction.TRAIN:
        known = TRIGGER_WORDS.get(reason)
        return known.word if known else reason[:WIDTH]
    obstacle = OBSTACLE_WORDS.get(action)
    return obstacle.word if obstacle else action[:WIDTH]


def retrain_sentence(row: SymbolRow) -> str:
    """The newest decision as a sentence; empty when nothing fires."""
    decision = row.retrain
    if decision is None:
        return ""
    if decision.action is PlannedAction.TRAIN:
        return f"to be retrained: {decision.text}"
    if decision.action is PlannedAction.HELD:  # the row's note has the hold itself
        return f"otherwise retrained: {decision.text.removeprefix(f'on hold: {row.hold}; ')}"
    return f"{not_retrained(decision.action)}: {decision.text}"


def not_retrained(action: str) -> str:
    """The start of an obstacle's sentence; "yet" only if it can pass without help."""
    passes = action not in (PlannedAction.CHRONIC, PlannedAction.NEWER)
    return "not retrained yet" if passes else "not retrained"


def word_meanings() -> tuple[tuple[str, str], ...]:
    """Every word of the column, for the help: reasons to train first."""
    reasons = [(row.word, f"to be trained: {row.meaning}") for row in TRIGGER_WORDS.values()]
    obstacles = [(row.word, f"not trained: {row.meaning}") for row in OBSTACLE_WORDS.values()]
    return (*reasons, *obstacles)
