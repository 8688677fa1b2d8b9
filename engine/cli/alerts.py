"""`alerts`: list, acknowledge and silence them, and test the delivery."""

from __future__ import annotations

from dataclasses import asdict

from engine.cli.documents import alert_tree
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.clock import parse_duration
from engine.core.errors import ExitCode, UsageError
from engine.core.snapshot import Alert
from engine.core.text import clean
from engine.watch.alert_rules import RULES
from engine.watch.records import ANY
from engine.words import figures, times
from engine.words.tables import columns, text_table

COLUMNS = columns(("RULE", "SYMBOL", "STATE", "SINCE", "", "WHAT"))


def _rule(text: str) -> str:
    if text not in RULES and text != ANY:
        raise UsageError(
            f"unknown alert rule {clean(text, 40)!r}", f"rules: {' '.join(RULES)}, or * for all"
        )
    return text


def _symbol(session: Session, text: str | None) -> str:
    return ANY if text in (None, ANY) else session.symbols((text or "",))[0]


def list_alerts(session: Session) -> int:
    """List pending and firing alerts, and the messages not delivered yet."""
    alerts = session.engine.alerts.list()
    undelivered = session.engine.alerts.undelivered()
    if session.json:
        session.document(
            {
                "alerts": [alert_tree(alert) for alert in alerts],
                "undelivered": [asdict(message) for message in undelivered],
            }
        )
        return ExitCode.DONE
    rows = [_cells(alert) for alert in alerts]
    table = text_table(COLUMNS, rows, terminal_width(), fold=True)
    session.facts(table if rows else ["no alert fires"])
    session.facts(
        f"undelivered since {message.at}: {clean(message.title)} ({tries(message.tries)},"
        f" {message.fault or 'not sent'})"
        for message in undelivered
    )
    return ExitCode.DONE


def _cells(alert: Alert) -> tuple[str, ...]:
    return (
        alert.rule,
        alert.symbol or figures.ABSENT,
        alert.state,
        times.moment(alert.since),
        _marks(alert),
        alert.text,
    )


def tries(count: int) -> str:
    """How often a message was tried: 1 try, 2 tries."""
    return "1 try" if count == 1 else f"{count} tries"


def _marks(alert: Alert) -> str:
    """Why an alert is quiet, and the state of its message."""
    silent = f"silent until {times.moment(alert.silent_until)}" if alert.silenced else ""
    return ", ".join(filter(None, ("acknowledged" if alert.acked else "", silent, alert.delivery)))


def ack(session: Session, rule: str, symbol: str | None) -> int:
    """Acknowledge the firing alerts of a rule and a symbol, so that they are not sent again."""
    count = session.engine.alerts.acknowledge(_rule(rule), _symbol(session, symbol))
    session.say(f"{count} acknowledged")
    return ExitCode.DONE


def silence(session: Session, rule: str, symbol: str | None, how_long: str) -> int:
    """Mute a rule and a symbol for a time; `*` means all of them."""
    until = session.engine.alerts.silence(
        _rule(rule), _symbol(session, symbol), parse_duration(how_long)
    )
    session.say(f"silent until {times.moment(until)}")
    return ExitCode.DONE


def send_test(session: Session) -> int:
    """Send a test message to every URL of secrets.toml and say whether it arrived."""
    fault = session.engine.alerts.send_test()
    if fault:
        session.note(f"not delivered: {fault}")
        return ExitCode.FAILED
    session.say("delivered")
    return ExitCode.DONE
