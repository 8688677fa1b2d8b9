"""Alerts as rows and sentences: pure functions of the engine's values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.clock import parse_iso
from engine.core.snapshot import Alert, AlertState, Snapshot
from engine.watch.alert_rules import RULES
from engine.words import figures, times
from engine.words.phrases import plural, without_folders
from engine.words.tables import TableColumn
from tui.keys.labels import key
from tui.widgets.lines import Line, Span, line, wrapped_all

if TYPE_CHECKING:
    from engine.watch.records import Waiting

HOUSE = "whole house"
HEADS = (
    TableColumn("STATE", 0, meaning="the word of the alert (below)"),
    TableColumn("RULE", 1, meaning="the rule that fires"),
    TableColumn("SYMBOL", 2, meaning="symbol, or - for the whole system"),
    TableColumn("SINCE", 3, meaning="in this state since, local time"),
    TableColumn(
        "MESSAGE",
        4,
        meaning=(
            "delivered, waiting for a receiver, kept silent until a time, or held back by an outage"
        ),
    ),
    TableColumn("WHAT", 5, max_width=400, meaning="what was seen"),
)
STATE_WORDS = (
    ("FIRING", "seen often enough; nobody has acknowledged it"),
    ("ACKED", "fires, and a person has seen it: it is not sent again"),
    ("PENDING", "seen once; fires if seen again"),
    ("RESOLVED", "is over; stays on show for a day"),
)
_STYLES = {"FIRING": "crit", "ACKED": "warn", "PENDING": "", "RESOLVED": "ok"}


def state_word(alert: Alert) -> str:
    """The one word of an alert."""
    return "ACKED" if alert.state == AlertState.FIRING and alert.acked else alert.state.upper()


def message_word(alert: Alert, now: datetime) -> Span:
    """The delivery state of its newest message."""
    if alert.state == AlertState.FIRING and alert.silenced and alert.silent_until:
        return f"silent {times.brief_moment(alert.silent_until, now, 7)}", "dim"
    if alert.delivery:
        return alert.delivery, "warn" if alert.delivery == "waiting" else ""
    return ("held back", "dim") if alert.state == AlertState.FIRING else (figures.ABSENT, "dim")


def name(alert: Alert) -> str:
    """Its name on the screen, and that of its row."""
    return f"{alert.rule} {alert.symbol}".strip()


def alert_row(alert: Alert, now: datetime) -> tuple[Span, ...]:
    """One alert under HEADS."""
    word = state_word(alert)
    return (
        (word, _STYLES.get(word, "")),
        (alert.rule, ""),
        (alert.symbol or figures.ABSENT, ""),
        (times.brief_moment(alert.since, now, 7), ""),
        message_word(alert, now),
        (without_folders(alert.text), ""),
    )


def alert_lines(alert: Alert, now: datetime, width: int) -> tuple[Line, ...]:
    """One alert in full: what, since when, what was sent, what can be done."""
    word, age = state_word(alert), times.age_since(alert.since, now)
    rule = RULES.get(alert.rule)
    lines: list[Line] = [
        ((word, _STYLES.get(word, "")), (f" {alert.rule} {alert.symbol or f'({HOUSE})'}", "head")),
        line(f"{rule.about if rule else alert.rule}; since {times.moment(alert.since)} ({age})"),
        line(alert.text),
        line(_sent(alert)),
        line(_next_step(alert), "dim"),
    ]
    return wrapped_all(lines, width, 4)


def _sent(alert: Alert) -> str:
    if alert.sent_at is None:
        return (
            "no message yet: it is silenced or explained by an outage"
            if alert.state == AlertState.FIRING
            else "no message was sent"
        )
    waits = ", and nobody took it yet (below)" if alert.delivery == "waiting" else ", delivered"
    return f"its newest message is of {times.moment(alert.sent_at)}{waits}"


def _next_step(alert: Alert) -> str:
    if alert.state == AlertState.PENDING:
        return (
            f"it fires when the next check sees it again; {key('alerts_silence')} silences it"
            " beforehand"
        )
    if alert.state != AlertState.FIRING:
        return "nothing to do"
    silent = (
        f"silent until {times.moment(alert.silent_until)}; "
        if alert.silenced and alert.silent_until
        else ""
    )
    if alert.acked:
        return f"{silent}acknowledged: not sent again while it fires; it goes when the cause does"
    ack, silence = key("alerts_ack"), key("alerts_silence")
    return (
        f"{silent}{ack} acknowledges it: then it is not sent again; {silence} mutes it for a time"
    )


def waiting_lines(
    waiting: Sequence[Waiting], closed: str, now: datetime, width: int
) -> tuple[Line, ...]:
    """The undelivered messages, and why they wait."""
    if not waiting:
        return (
            line(
                "every message was delivered" if not closed else f"nothing can be sent: {closed}",
                "dim",
            ),
        )
    then = f": {closed}" if closed else f"; {key('alerts_test')} tries again"
    head = f"{plural(len(waiting), 'message')} undelivered{then}"
    lines: list[Line] = [line(head, "warn")]
    for each in waiting:
        why = f": {each.fault}" if each.fault else ""
        tried = f"{each.tries} tries{why}" if each.tries else "not tried yet"
        lines.append(
            line(f"{times.brief_moment(parse_iso(each.at), now, 7)}  {each.title} ({tried})")
        )
    return wrapped_all(lines, width, 7)


def firing_words(snapshot: Snapshot) -> Span | None:
    """The title's mark for firing alerts, else undelivered messages, else acknowledged alerts."""
    firing = [alert for alert in snapshot.alerts if alert.state == AlertState.FIRING]
    fresh = sum(not alert.acked for alert in firing)
    if fresh:
        return f"{fresh} ALERT{'S' if fresh > 1 else ''}", "crit"
    if snapshot.undelivered:
        return f"{snapshot.undelivered} UNSENT", "warn"
    return (f"{len(firing)} ACKED", "warn") if firing else None
