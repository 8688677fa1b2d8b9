"""Reasons to retrain as words."""

from datetime import UTC, datetime

from engine.core.records import SymbolState
from engine.core.snapshot import PlannedAction, Retrain, SymbolRow
from engine.core.symbols import Priority
from engine.watch.triggers import TRIGGERS
from engine.words.triggers import (
    OBSTACLE_WORDS,
    TRIGGER_WORDS,
    retrain_sentence,
    retrain_word,
    word_meanings,
)

NOW = datetime(2026, 10, 21, 14, 34, 1, tzinfo=UTC)


def row(action: PlannedAction, reason: str = "age", hold: str = "") -> SymbolRow:
    decision = Retrain(action, reason, "why", NOW)
    return SymbolRow("NVDA", "", Priority.HIGH, SymbolState.FRESH, retrain=decision, hold=hold)


def test_every_trigger_and_every_obstacle_has_a_word() -> None:
    """A trigger without a row here would have no word in the console."""
    assert [*TRIGGERS, "forced"] == list(TRIGGER_WORDS)
    assert set(PlannedAction) - {PlannedAction.TRAIN, PlannedAction.FINE} == set(OBSTACLE_WORDS)
    assert len(word_meanings()) == len(TRIGGER_WORDS) + len(OBSTACLE_WORDS)
    words = [row.word for row in (*TRIGGER_WORDS.values(), *OBSTACLE_WORDS.values())]
    assert max(len(word) for word in words) <= 9


def test_a_reason_to_train_is_a_word_and_a_sentence() -> None:
    """What fires is named, an unknown trigger by the beginning of its name."""
    for reason, known in TRIGGER_WORDS.items():
        assert known.word == retrain_word(row(PlannedAction.TRAIN, reason))
    assert "unheard" == retrain_word(row(PlannedAction.TRAIN, "unheard-of"))
    assert "to be retrained: why" == retrain_sentence(row(PlannedAction.TRAIN))


def test_an_obstacle_is_a_word_and_a_sentence() -> None:
    """What keeps it from being trained is named; some obstacles pass by themselves."""
    for action, known in OBSTACLE_WORDS.items():
        assert known.word == retrain_word(row(action))
    assert "not retrained yet: why" == retrain_sentence(row(PlannedAction.BUSY))
    assert "not retrained: why" == retrain_sentence(row(PlannedAction.CHRONIC))


def test_a_hold_comes_first() -> None:
    """An operator's decision is named before the trigger's."""
    assert "held" == retrain_word(row(PlannedAction.TRAIN, hold="audit"))
