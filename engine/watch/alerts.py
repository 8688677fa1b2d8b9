"""Alerts in history.db: evaluated, listed, acknowledged and silenced.

The outbox groups messages by rule: thirteen symbols with one cause make one message. A firing
rule mutes the rules it inhibits, and a silence mutes its alerts until it ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.clock import is_ahead, is_within, iso, parse_iso
from engine.core.failpoints import failpoint
from engine.core.history import decoding, reading
from engine.core.paths import Home
from engine.core.snapshot import Alert, AlertDelivery, AlertState
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.watch.alert_rules import (
    NEW,
    RULES,
    AlertKey,
    AlertStatus,
    Condition,
    advance,
    message_due,
)
from engine.watch.check_conditions import conditions_of
from engine.watch.records import ANY
from engine.watch.schema import SCHEMA, writing

if TYPE_CHECKING:
    from engine.watch.check_report import CheckReport

MAX_TEXT = 400
_ORDER = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED)


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the outbox."""

    kind: AlertState
    """firing or resolved."""
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class _Silence:
    rule: str
    symbol: str
    until: datetime

    def covers(self, key: AlertKey) -> bool:
        return self.rule in (ANY, key.rule) and self.symbol in (ANY, key.symbol)


def evaluate_check(home: Home, settings: Settings, report: CheckReport) -> tuple[Message, ...]:
    """Evaluate the conditions of one performance check."""
    return evaluate(home, settings, conditions_of(report), report.at)


def evaluate(
    home: Home, settings: Settings, conditions: Iterable[Condition], now: datetime
) -> tuple[Message, ...]:
    """Update the alerts of `conditions` and queue their messages; return those queued."""
    with writing(home) as connection:
        before = _statuses(connection)
        after = {
            condition.key: advance(
                RULES[condition.rule], before.get(condition.key, NEW), condition, now
            )
            for condition in (*conditions, *_gone(before, settings))
        }
        repeat = timedelta(hours=settings.alerts.repeat_hours)
        due = _due(before, after, _silences(connection, now), now, repeat)
        groups: dict[tuple[str, AlertState], list[Condition]] = {}
        for key, kind in due.items():
            text = after[key].text or before.get(key, NEW).text
            groups.setdefault((key.rule, kind), []).append(Condition(*key, True, text))
            if kind is AlertState.FIRING:
                after[key] = replace(after[key], sent_at=now)
        for key, status in after.items():
            if status != before.get(key, NEW):
                _write_status(connection, key, status, now)
        messages = tuple(_message(rule, kind, group) for (rule, kind), group in groups.items())
        _queue(connection, messages, now)
    failpoint("alerts.queued")
    return messages


def _gone(statuses: Mapping[AlertKey, AlertStatus], settings: Settings) -> Iterable[Condition]:
    """Inactive conditions for alerts of symbols that are no longer configured."""
    return [
        Condition(*key, False)
        for key, status in statuses.items()
        if status.state is not AlertState.OK and key.symbol and key.symbol not in settings.names
    ]


def _due(
    before: Mapping[AlertKey, AlertStatus],
    after: Mapping[AlertKey, AlertStatus],
    silences: Iterable[_Silence],
    now: datetime,
    repeat: timedelta,
) -> dict[AlertKey, AlertState]:
    """The alerts to send, each firing or resolved, without muted firing ones."""
    firing = {key.rule for key, status in {**before, **after}.items() if status.firing}
    due: dict[AlertKey, AlertState] = {}
    for key, status in after.items():
        rule = RULES[key.rule]
        kind = message_due(rule, before.get(key, NEW), status, now, repeat)
        silent = firing & set(rule.inhibited_by) or any(silence.covers(key) for silence in silences)
        if kind is AlertState.RESOLVED or (kind is AlertState.FIRING and not silent):
            due[key] = kind
    return due


def _message(rule: str, kind: AlertState, group: list[Condition]) -> Message:
    """One message for one rule: the symbols in its title, a line each in its body."""
    symbols = " ".join(condition.symbol for condition in group if condition.symbol)
    title = f"stockml {kind}: {RULES[rule].about}"
    title += f" ({len(group)}: {symbols})" if symbols else ""
    lines = [
        f"{condition.symbol}: {condition.text}" if condition.symbol else condition.text
        for condition in group
    ]
    body = "\n".join(clean(line, MAX_TEXT) for line in lines if line)
    return Message(kind, clean(title, 200), body or title)


def _queue(connection: sqlite3.Connection, messages: Iterable[Message], now: datetime) -> None:
    """Put messages into the outbox, in the transaction that changes the statuses."""
    connection.executemany(
        "INSERT INTO watch_outbox (at, kind, title, body) VALUES (?, ?, ?, ?)",
        [(iso(now), message.kind, message.title, message.body) for message in messages],
    )


def _statuses(connection: sqlite3.Connection) -> dict[AlertKey, AlertStatus]:
    rows = connection.execute(
        "SELECT rule, symbol, state, since, seen, sent_at, acked_at, text FROM watch_alerts"
    )
    with decoding(connection):
        return _decoded(rows)


def _decoded(rows: Iterable[tuple[Any, ...]]) -> dict[AlertKey, AlertStatus]:
    return {
        AlertKey(rule, symbol): AlertStatus(
            AlertState(state),
            parse_iso(since),
            count=count,
            sent_at=parse_iso(sent_at) if sent_at else None,
            acked_at=parse_iso(acked_at) if acked_at else None,
            text=text,
        )
        for rule, symbol, state, since, count, sent_at, acked_at, text in rows
        if rule in RULES
    }


def _write_status(
    connection: sqlite3.Connection, key: AlertKey, status: AlertStatus, now: datetime
) -> None:
    row = (
        *key,
        status.state,
        iso(status.since or now),
        status.count,
        iso(status.sent_at) if status.sent_at else None,
        iso(status.acked_at) if status.acked_at else None,
        clean(status.text, MAX_TEXT),
    )
    connection.execute("INSERT OR REPLACE INTO watch_alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _silences(connection: sqlite3.Connection, now: datetime) -> list[_Silence]:
    """The silences in force; one begun ahead of `now`, by a wrong clock, is over."""
    rows = connection.execute("SELECT at, rule, symbol, until FROM watch_silences")
    with decoding(connection):
        return [
            _Silence(rule, symbol, parse_iso(until))
            for at, rule, symbol, until in rows
            if parse_iso(until) > now and not is_ahead(parse_iso(at), now)
        ]


def alert_list(home: Home, now: datetime, lately: timedelta | None = None) -> tuple[Alert, ...]:
    """The alerts of a home, as `read_alerts`; () while nothing was written."""
    with reading(home, SCHEMA) as connection:
        return () if connection is None else read_alerts(connection, now, lately)


def read_alerts(
    connection: sqlite3.Connection, now: datetime, lately: timedelta | None = None
) -> tuple[Alert, ...]:
    """Firing alerts, then pending ones, then those resolved `lately`."""
    silences = _silences(connection, now)
    undelivered = connection.execute(
        "SELECT at, title FROM watch_outbox WHERE delivered_at IS NULL AND kind=?",
        (AlertState.FIRING,),
    ).fetchall()
    alerts = [
        _alert(key, status, now, silences, undelivered)
        for key, status in _statuses(connection).items()
        if status.state is not AlertState.OK or _resolved_lately(status, now, lately)
    ]
    alerts.sort(
        key=lambda alert: (
            _ORDER.index(alert.state),
            alert.acked,
            alert.since,
            alert.rule,
            alert.symbol,
        )
    )
    return tuple(alerts)


def _resolved_lately(status: AlertStatus, now: datetime, lately: timedelta | None) -> bool:
    if lately is None or status.since is None or not status.text:
        return False
    return is_within(status.since, now, lately)


def _alert(
    key: AlertKey,
    status: AlertStatus,
    now: datetime,
    silences: Iterable[_Silence],
    undelivered: Iterable[tuple[str, str]],
) -> Alert:
    """An alert as it is shown."""
    silent = [silence.until for silence in silences if silence.covers(key)]
    about = RULES[key.rule].about
    return Alert(
        rule=key.rule,
        symbol=key.symbol,
        state=AlertState.RESOLVED if status.state is AlertState.OK else status.state,
        since=status.since or now,
        text=status.text or about,
        acked=status.acked_at is not None,
        silenced=bool(silent),
        silent_until=max(silent, default=None),
        sent_at=status.sent_at,
        delivery=_delivery(about, status, undelivered),
    )


def _delivery(
    about: str, status: AlertStatus, undelivered: Iterable[tuple[str, str]]
) -> AlertDelivery:
    """Whether its newest message waits: one of its rule and time is undelivered."""
    if status.sent_at is None:
        return AlertDelivery.NONE
    sent_at = iso(status.sent_at)
    title = f"stockml {AlertState.FIRING}: {about}"
    waits = any(at == sent_at and text.startswith(title) for at, text in undelivered)
    return AlertDelivery.WAITING if waits else AlertDelivery.DELIVERED


def acknowledge(home: Home, rule: str, symbol: str, now: datetime) -> int:
    """Acknowledge firing alerts (`*` for all) so that they do not repeat; return how many."""
    chosen = _Silence(rule, symbol, now)
    with writing(home) as connection:
        keys = [
            key
            for key, status in _statuses(connection).items()
            if status.firing and status.acked_at is None and chosen.covers(key)
        ]
        connection.executemany(
            "UPDATE watch_alerts SET acked_at=? WHERE rule=? AND symbol=?",
            [(iso(now), *key) for key in keys],
        )
    return len(keys)


def silence(home: Home, rule: str, symbol: str, span: timedelta, now: datetime) -> datetime:
    """Mute these alerts for `span`; return when it ends."""
    until = now + span
    with writing(home) as connection:
        row = (iso(now), rule, symbol, iso(until))
        connection.execute(
            "INSERT INTO watch_silences (at, rule, symbol, until) VALUES (?, ?, ?, ?)", row
        )
    return until


def queue_test(home: Home, now: datetime) -> None:
    """Queue a test message."""
    body = f"a test of the delivery, sent {iso(now)}"
    with writing(home) as connection:
        _queue(connection, [Message(AlertState.FIRING, "stockml test", body)], now)
