"""Alerts: rule × symbol, ok → pending → firing → resolved.

What is sent goes through the outbox, grouped by rule.

A condition fires when it was seen in `times` evaluations in a row and resolves after `calm`
evaluations without it, so that a value at its limit does not ring twice a day. Thirteen symbols
that fail for one cause are one message; while an inhibiting rule fires, the rules it covers stay
silent. A firing alert is sent again after alerts.repeat_hours until it is acknowledged; a
silence keeps it from being sent for a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.clock import iso, parse_iso
from engine.core.failpoints import failpoint
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Level
from engine.core.snapshot import Alert, AlertDelivery, AlertState, PlannedAction
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.watch.planner import Decision
from engine.watch.schema import SCHEMA, writing

if TYPE_CHECKING:
    from engine.watch.check import CheckReport

LATELY = timedelta(days=1)
"""How long a resolved alert stays on show."""
ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """What rings, how soon, and what keeps it quiet."""

    about: str
    times: int = 1
    calm: int = 1
    inhibited_by: tuple[str, ...] = ()
    repeats: bool = True


# A new rule is one row here and one condition where it is seen.
RULES: dict[str, Rule] = {
    "outage": Rule("no symbol can be forecast"),
    "prediction": Rule("a symbol cannot be forecast", times=2, inhibited_by=("outage",)),
    "corrupt": Rule("a model file cannot be trusted"),
    "bars": Rule(
        "bars are missing or old, so that nothing is trained on them", inhibited_by=("outage",)
    ),
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


@dataclass(frozen=True, slots=True)
class Condition:
    """What one evaluation saw of one rule and symbol; symbol '' is the whole house."""

    rule: str
    symbol: str
    active: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Where one alert stands."""

    state: AlertState = AlertState.OK
    since: datetime | None = None
    seen: int = 0
    """Evaluations in a row that saw it, or did not while it fires."""
    sent_at: datetime | None = None
    acked_at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One line in the outbox."""

    kind: str
    """firing or resolved."""
    title: str
    body: str


def advance(rule: Rule, state: AlertStatus, condition: Condition, now: datetime) -> AlertStatus:
    """The state after one evaluation; pure."""
    if state.state == AlertState.FIRING:
        if condition.active:
            return replace(state, seen=0, text=condition.text)
        calm = state.seen + 1
        # What it said and when it was sent stay, so that it can be told as resolved.
        over = AlertStatus(AlertState.OK, now, sent_at=state.sent_at, text=state.text)
        return over if calm >= rule.calm else replace(state, seen=calm)
    if not condition.active:
        return (
            state
            if state.state == AlertState.OK and state.since
            else AlertStatus(AlertState.OK, now)
        )
    seen = state.seen + 1 if state.state == AlertState.PENDING else 1
    since = state.since if state.state == AlertState.PENDING and state.since else now
    return AlertStatus(
        AlertState.FIRING if seen >= rule.times else AlertState.PENDING,
        since,
        seen if seen < rule.times else 0,
        text=condition.text,
    )


def due(
    rule: Rule, before: AlertStatus, after: AlertStatus, now: datetime, repeat: timedelta
) -> str:
    """What has to be sent of one alert: firing, resolved or nothing;
    one that was never sent is not resolved either."""
    if after.state == AlertState.FIRING:
        again = (
            rule.repeats
            and after.acked_at is None
            and after.sent_at is not None
            and now - after.sent_at >= repeat
        )
        return AlertState.FIRING if after.sent_at is None or again else ""
    return (
        AlertState.RESOLVED
        if before.state == AlertState.FIRING and before.sent_at is not None
        else ""
    )


def evaluate(
    home: Home, settings: Settings, conditions: Iterable[Condition], now: datetime
) -> tuple[Message, ...]:
    """Advance every alert that `conditions` speak of and queue what must be sent;
    what was queued."""
    conditions, repeat = list(conditions), timedelta(hours=settings.alerts.repeat_hours)
    sending: dict[tuple[str, str], list[Condition]] = {}
    with writing(home) as connection:
        states = _states(connection)
        after = {}
        for each in (*conditions, *_gone(states, settings)):
            key = (each.rule, each.symbol)
            after[key] = advance(RULES[each.rule], states.get(key, AlertStatus()), each, now)
        firing = {
            rule
            for (rule, _), state in (states | after).items()
            if state.state == AlertState.FIRING
        }
        silences = _silences(connection, now)
        for key, state in after.items():
            rule = RULES[key[0]]
            what = due(rule, states.get(key, AlertStatus()), state, now, repeat)
            quiet = firing & set(rule.inhibited_by) or any(_covers(each, key) for each in silences)
            if what and not (quiet and what == AlertState.FIRING):
                text = state.text or states.get(key, AlertStatus()).text
                sending.setdefault((key[0], what), []).append(Condition(*key, True, text))
                after[key] = replace(state, sent_at=now) if what == AlertState.FIRING else state
        for key, state in after.items():
            if state != states.get(key, AlertStatus()):
                _write_state(connection, key, state, now)
        messages = tuple(_message(rule, what, group) for (rule, what), group in sending.items())
        queue(connection, messages, now)
    failpoint("alerts.queued")
    return messages


def _gone(states: dict[tuple[str, str], AlertStatus], settings: Settings) -> Iterable[Condition]:
    """What rings for symbols that are not configured any more: no look will ever speak of it
    again."""
    return [
        Condition(*key, False)
        for key, state in states.items()
        if state.state != AlertState.OK and key[1] and key[1] not in settings.names
    ]


def _covers(silence: tuple[str, ...], key: tuple[str, str]) -> bool:
    return silence[0] in (ANY, key[0]) and silence[1] in (ANY, key[1])


def _message(rule: str, what: str, group: list[Condition]) -> Message:
    """One message for one rule: the symbols in its title, a line each in its body."""
    names = " ".join(each.symbol for each in group if each.symbol)
    title = f"stockml {what}: {RULES[rule].about}{f' ({len(group)}: {names})' if names else ''}"
    lines = [f"{each.symbol}: {each.text}" if each.symbol else each.text for each in group]
    return Message(
        what, clean(title, 200), "\n".join(clean(line, 400) for line in lines if line) or title
    )


def queue(connection: sqlite3.Connection, messages: Iterable[Message], now: datetime) -> None:
    """Put messages into the outbox, in the transaction that changes the states."""
    connection.executemany(
        "INSERT INTO watch_outbox (at, kind, title, body) VALUES (?, ?, ?, ?)",
        [(iso(now), each.kind, each.title, each.body) for each in messages],
    )


def _states(connection: sqlite3.Connection) -> dict[tuple[str, str], AlertStatus]:
    rows = connection.execute(
        "SELECT rule, symbol, state, since, seen, sent_at, acked_at, text FROM watch_alerts"
    )
    return {
        (row[0], row[1]): AlertStatus(
            AlertState(row[2]),
            parse_iso(row[3]),
            row[4],
            parse_iso(row[5]) if row[5] else None,
            parse_iso(row[6]) if row[6] else None,
            row[7],
        )
        for row in rows
        if row[0] in RULES
    }


def _write_state(
    connection: sqlite3.Connection, key: tuple[str, str], state: AlertStatus, now: datetime
) -> None:
    moments = (iso(each) if each else None for each in (state.sent_at, state.acked_at))
    row = (*key, state.state, iso(state.since or now), state.seen, *moments, clean(state.text, 400))
    connection.execute("INSERT OR REPLACE INTO watch_alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _silences(connection: sqlite3.Connection, now: datetime) -> list[tuple[str, str, str]]:
    """(rule, symbol, until) of those that stand."""
    rows = connection.execute("SELECT rule, symbol, until FROM watch_silences").fetchall()
    return [each for each in rows if parse_iso(each[2]) > now]


def raise_for(
    home: Home, settings: Settings, report: CheckReport, now: datetime
) -> tuple[Message, ...]:
    """Evaluate what one performance check saw."""
    return evaluate(home, settings, conditions_of(report), now)


def conditions_of(report: CheckReport) -> tuple[Condition, ...]:
    """The conditions of one performance check."""
    found = []
    # A look at one symbol that is not answered either tells nothing of the others.
    if report.outage or not all(each.probe.fault for each in report.checks):
        found.append(
            Condition(
                "outage",
                "",
                report.outage,
                f"none of {len(report.checks)} symbols could be forecast",
            )
        )
    decided = {each.symbol: each for each in report.plan.decisions}
    for each in report.checks:
        decision, answer, symbol = decided[each.symbol], each.probe, each.symbol
        missing = each.assessment.facts.model == "none"
        found += [
            Condition(
                "prediction",
                symbol,
                bool(answer.fault) and not missing,
                f"{answer.fault}: {answer.problem}",
            ),
            Condition(
                "corrupt",
                symbol,
                each.assessment.facts.model in ("corrupt", "newer"),
                each.assessment.facts.problem,
            ),
            Condition("bars", symbol, decision.action is PlannedAction.NO_BARS, decision.text),
            Condition(
                "chronic", symbol, bool(decision.chronic or decision.standing), _chronic(decision)
            ),
        ]
    slow = [each.probe.seconds for each in report.checks if each.probe.seconds]
    marks = {"CPU": "cpu", "MEM": "memory", "DISK": "disk"}
    found += [
        Condition(
            marks[meter.name],
            "",
            meter.level is Level.CRIT,
            f"{meter.name} {meter.value:.0f} % in use {meter.detail}",
        )
        for meter in report.meters
        if meter.name in marks
    ]
    over = any(each.status == "critical" for each in report.checks)
    return (
        *found,
        Condition("slow", "", over, f"the slowest prediction took {max(slow, default=0.0):.1f} s"),
    )


def _chronic(decision: Decision) -> str:
    """What is chronic: what fires now; else what did and has not stayed away long enough."""
    texts = [verdict.text for verdict in decision.chronic]
    return (
        "; ".join(texts)
        or f"{', '.join(decision.standing)}: not at this look, and not for long enough"
    )


def alert_list(home: Home, now: datetime, lately: timedelta | None = None) -> tuple[Alert, ...]:
    """What is pending or firing, firing ones first, then what was resolved `lately`;
    () while nothing was written."""
    with reading(home, SCHEMA) as connection:
        return () if connection is None else read_alerts(connection, now, lately)


def read_alerts(
    connection: sqlite3.Connection, now: datetime, lately: timedelta | None = None
) -> tuple[Alert, ...]:
    """The same on an open connection."""
    silences = _silences(connection, now)
    waiting = connection.execute(
        "SELECT at, title FROM watch_outbox WHERE delivered_at IS NULL AND kind=?",
        (AlertState.FIRING,),
    ).fetchall()
    found = [
        _alert(key, state, now, [each[2] for each in silences if _covers(each, key)], waiting)
        for key, state in _states(connection).items()
        if state.state != AlertState.OK
        or (lately and state.text and state.since and now - state.since <= lately)
    ]
    order = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED)
    return tuple(
        sorted(
            found,
            key=lambda each: (
                order.index(each.state),
                each.acked,
                each.since,
                each.rule,
                each.symbol,
            ),
        )
    )


def _alert(
    key: tuple[str, str],
    state: AlertStatus,
    now: datetime,
    silent: list[str],
    waiting: list[tuple[str, str]],
) -> Alert:
    """An alert as it is shown;
    its newest message waits while one of its rule and moment is undelivered."""
    rule, symbol = key
    sent = iso(state.sent_at) if state.sent_at else ""
    waits = any(
        at == sent and title.startswith(f"stockml {AlertState.FIRING}: {RULES[rule].about}")
        for at, title in waiting
    )
    return Alert(
        rule=rule,
        symbol=symbol,
        state=AlertState.RESOLVED if state.state == AlertState.OK else state.state,
        since=state.since or now,
        text=state.text or RULES[rule].about,
        acked=state.acked_at is not None,
        silenced=bool(silent),
        silent_until=parse_iso(max(silent)) if silent else None,
        sent_at=state.sent_at,
        delivery=_delivery(sent, waits),
    )


def _delivery(sent: str, waits: bool) -> AlertDelivery:
    if not sent:
        return AlertDelivery.NONE
    return AlertDelivery.WAITING if waits else AlertDelivery.DELIVERED


def acknowledge(home: Home, rule: str, symbol: str, now: datetime) -> int:
    """Mark firing alerts as seen, so that they are not sent again; `*` stands for all.
    How many were marked."""
    with writing(home) as connection:
        keys = [
            key
            for key, state in _states(connection).items()
            if state.state == AlertState.FIRING
            and state.acked_at is None
            and _covers((rule, symbol), key)
        ]
        connection.executemany(
            "UPDATE watch_alerts SET acked_at=? WHERE rule=? AND symbol=?",
            [(iso(now), *key) for key in keys],
        )
    return len(keys)


def silence(home: Home, rule: str, symbol: str, span: timedelta, now: datetime) -> datetime:
    """Send nothing of these alerts for `span`; the moment it ends."""
    until = now + span
    with writing(home) as connection:
        row = (iso(now), rule, symbol, iso(until))
        connection.execute(
            "INSERT INTO watch_silences (at, rule, symbol, until) VALUES (?, ?, ?, ?)", row
        )
    return until


def queue_test(home: Home, now: datetime) -> None:
    """Queue a test message."""
    with writing(home) as connection:
        queue(
            connection,
            [Message("firing", "stockml test", f"a test of the delivery, sent {iso(now)}")],
            now,
        )
