"""The history of one training reason: its trainings, chronic state and cooldown; pure functions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta

from engine.core.clock import is_ahead
from engine.settings.schema import Settings
from engine.watch.trigger_facts import TriggerVerdict
from engine.watch.triggers import TRIGGERS
from engine.words import times

NAIVE_TOO = "the naive forecast breaks the same limit on the same sessions"


@dataclass(frozen=True, slots=True)
class ReasonHistory:
    """The history of one reason for one symbol."""

    trainings: int = 0
    """Consecutive trainings that did not help."""
    trained_at: datetime | None = None
    last_bar: str = ""
    """The symbol's last bar when it was last trained for this reason."""
    _: KW_ONLY
    failed: bool = False
    """Whether that training failed, was cancelled or lost."""
    sessions: int = 0
    """Newly scored sessions since that training."""
    chronic: str = ""
    """Why it is chronic; empty while it is not."""
    fired_bar: str = ""
    """The symbol's last bar when it last fired."""
    quiet: int = 0
    """Sessions since it last fired."""


NO_HISTORY = ReasonHistory()


def cooldown(reason: str, history: ReasonHistory, now: datetime, settings: Settings) -> str:
    """Why a fired reason does not count yet, in words; empty when it does."""
    if history.trained_at is None or is_ahead(history.trained_at, now):
        return ""
    trigger = TRIGGERS[reason]
    watch = settings.watch
    retries = trigger.urgent or history.failed
    wait = timedelta(hours=watch.retry_hours) if retries else timedelta(days=watch.cooldown_days)
    if now - history.trained_at < wait:
        trained = history.trained_at.astimezone()
        again = (history.trained_at + wait).astimezone()
        return f"trained for it on {times.moment(trained)}, again from {times.moment(again)} on"
    if trigger.performance and not history.failed and history.sessions < watch.new_sessions:
        return (
            f"only {history.sessions} of {watch.new_sessions} new sessions since it was trained"
            " for this"
        )
    return ""


def why_chronic(verdict: TriggerVerdict, history: ReasonHistory) -> str:
    """Why a training would not mend a fired reason; empty when it may."""
    if history.chronic:
        return history.chronic
    unfixable = verdict.unfixable and TRIGGERS[verdict.reason].performance
    return NAIVE_TOO if unfixable else ""


def after_training(history: ReasonHistory, now: datetime, last_bar: str) -> ReasonHistory:
    """The history after a training starts: one more that has yet to help."""
    return ReasonHistory(
        history.trainings + (0 if history.failed else 1),
        now,
        last_bar,
        chronic=history.chronic,
        fired_bar=history.fired_bar,
    )


def after_check(
    history: ReasonHistory, verdict: TriggerVerdict, settings: Settings, last_bar: str = ""
) -> ReasonHistory:
    """The history after a check on bars to `last_bar`; cleared by `new_sessions` quiet sessions."""
    if not TRIGGERS[verdict.reason].performance:
        return history
    new_sessions = settings.watch.new_sessions
    waited = history.trained_at is None or history.sessions >= new_sessions
    if not verdict.fired:
        calm = not history.fired_bar or history.quiet >= new_sessions
        return replace(history, trainings=0, chronic="") if waited and calm else history
    history = replace(history, fired_bar=last_bar or history.fired_bar, quiet=0)
    if history.chronic:
        return history
    if verdict.unfixable:
        return replace(history, chronic=NAIVE_TOO)
    if waited and history.trainings >= settings.watch.chronic_after:
        return replace(history, chronic=f"{history.trainings} trainings did not help")
    return history
