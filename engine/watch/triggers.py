"""The reasons to retrain a model: one pure function each in TRIGGERS that returns a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from engine.settings.schema import Settings
from engine.watch import bar_triggers, figure_triggers, model_triggers
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to retrain."""

    judge: Callable[[SymbolFacts, Settings], TriggerVerdict]
    _: KW_ONLY
    performance: bool = False
    """Whether it needs newly scored sessions after a training, and can become chronic."""
    yearly: bool = False
    """Whether `yearly_trainings` limits its trainings: noise alone would fire it forever."""
    urgent: bool = False
    """Whether there is no usable model, so that the shorter retry time counts."""


# A new reason is one function, one row here and one in engine.words.triggers.
TRIGGERS: dict[str, Trigger] = {
    "missing": Trigger(model_triggers.missing, urgent=True),
    "corrupt": Trigger(model_triggers.corrupt, urgent=True),
    "failures": Trigger(model_triggers.failures, urgent=True),
    "age": Trigger(model_triggers.age),
    "accuracy": Trigger(figure_triggers.accuracy, performance=True, yearly=True),
    "mape": Trigger(figure_triggers.mape, performance=True, yearly=True),
    "confidence": Trigger(figure_triggers.confidence, performance=True, yearly=True),
    "volatility": Trigger(bar_triggers.volatility, performance=True),
    "move": Trigger(bar_triggers.move),
    "earnings": Trigger(model_triggers.earnings),
    "drift": Trigger(bar_triggers.drift, performance=True, yearly=True),
}
"""In the order of display and priority."""
ORDER = {reason: position for position, reason in enumerate(TRIGGERS)}


def verdicts(facts: SymbolFacts, settings: Settings) -> tuple[TriggerVerdict, ...]:
    """Every trigger's verdict on one symbol, in the order of TRIGGERS."""
    return tuple(trigger.judge(facts, settings) for trigger in TRIGGERS.values())
