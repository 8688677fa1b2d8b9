"""Alert rules and the states of one alert, ok → pending → firing → resolved; pure functions.

An alert fires after `times` evaluations in a row with its condition and resolves after `calm`
without it, so that a value at its limit does not alert twice a day.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from engine.core.clock import is_within
from engine.core.snapshot import AlertState


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its subject, how soon it fires, and what mutes it."""

    about: str
    _: KW_ONLY
    times: int = 1
    calm: int = 1
    inhibited_by: tuple[str, ...] = ()
    """Rules that mute this one while they fire."""
    repeats: bool = True


# A new rule is one row here, and a condition where it is evaluated.
RULES: dict[str, Rule] = {
    "outage": Rule("no symbol can be forecast"),
    "prediction": Rule("a symbol cannot be forecast", times=2, inhibited_by=("outage",)),
    "corrupt": Rule("a model file cannot be trusted"),
    "bars": Rule("bars are missing, or end too long ago", inhibited_by=("outage",)),
    "chronic": Rule("a reason that training does not mend", repeats=False),
    "training": Rule("the newest training failed or was lost"),
    "slow": Rule(
        "predictions take longer than the limit", times=2, calm=2, inhibited_by=("outage",)
    ),
    "cpu": Rule("CPU in use beyond its limit", times=2, calm=2),
    "memory": Rule("memory in use beyond its limit", times=2, calm=2),
    "disk": Rule("disk in use beyond its limit", calm=2),
    "schedule": Rule("a scheduled job failed or did not run"),
    "backup": Rule("a backup cannot be read"),
    "service": Rule("the prediction service died, or does not answer"),
    "test": Rule("a test of the delivery"),
}


class AlertKey(NamedTuple):
    """One alert: its rule and its symbol, '' for the system."""

    rule: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Condition:
    """The result of one evaluation for one rule and symbol; symbol '' is the system."""

    rule: str
    symbol: str
    active: bool
    text: str = ""

    @property
    def key(self) -> AlertKey:
        return AlertKey(self.rule, self.symbol)


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """The current state of one alert."""

    state: AlertState = AlertState.OK
    since: datetime | None = None
    _: KW_ONLY
    count: int = 0
    """Consecutive evaluations with the condition, or without it while the alert fires."""
    sent_at: datetime | None = None
    acked_at: datetime | None = None
    text: str = ""

    @property
    def firing(self) -> bool:
        return self.state is AlertState.FIRING


NEW = AlertStatus()


def advance(rule: Rule, status: AlertStatus, condition: Condition, now: datetime) -> AlertStatus:
    """The status after one evaluation."""
    if status.firing:
        return _while_firing(rule, status, condition, now)
    if not condition.active:
        known = status.state is AlertState.OK and status.since
        return status if known else AlertStatus(AlertState.OK, now)
    pending = status.state is AlertState.PENDING
    count = status.count + 1 if pending else 1
    since = status.since if pending and status.since else now
    if count >= rule.times:
        return AlertStatus(AlertState.FIRING, since, text=condition.text)
    return AlertStatus(AlertState.PENDING, since, count=count, text=condition.text)


def _while_firing(
    rule: Rule, status: AlertStatus, condition: Condition, now: datetime
) -> AlertStatus:
    if condition.active:
        return replace(status, count=0, text=condition.text)
    calm = status.count + 1
    if calm < rule.calm:
        return replace(status, count=calm)
    # Its text and when it was sent stay, so that it can be announced as resolved.
    return AlertStatus(AlertState.OK, now, sent_at=status.sent_at, text=status.text)


def message_due(
    rule: Rule, before: AlertStatus, after: AlertStatus, now: datetime, repeat: timedelta
) -> AlertState | None:
    """The message to send for one alert, if any; no `resolved` for an alert never sent."""
    if not after.firing:
        return AlertState.RESOLVED if before.firing and before.sent_at is not None else None
    if after.sent_at is None:
        return AlertState.FIRING
    rests = is_within(after.sent_at, now, repeat)
    again = rule.repeats and after.acked_at is None and not rests
    return AlertState.FIRING if again else None
