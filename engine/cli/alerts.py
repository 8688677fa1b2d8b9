"""`alerts`: what rings, what was seen, what stays silent, whether a message arrives."""

from __future__ import annotations

from dataclasses import asdict

from engine.cli import render
from engine.cli.documents import alert_tree
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.clock import span
from engine.core.errors import ExitCode, UsageError
from engine.core.records import Alert
from engine.core.text import clean
from engine.watch.alerts import ANY, RULES


def _rule(text: str) -> str:
    if text not in RULES and text != ANY:
        raise UsageError(
            f"unknown alert rule {clean(text, 40)!r}", f"rules: {' '.join(RULES)}, or * for all"
        )
    return text


def _symbol(session: Session, text: str | None) -> str:
    return ANY if text in (None, ANY) else session.symbols((text or "",))[0]


def list_alerts(session: Session) -> int:
    """The alerts that are pending or firing, and the messages that nobody took yet."""
    found, waiting = session.engine.alerts(), session.engine.undelivered()
    if session.json:
        trees = [alert_tree(each) for each in found]
        session.document({"alerts": trees, "undelivered": [{**asdict(each)} for each in waiting]})
        return ExitCode.DONE
    rows = [
        (
            each.rule,
            each.symbol or render.ABSENT,
            each.state,
            render.moment(each.since),
            _marks(each),
            each.text,
        )
        for each in found
    ]
    heads = ("RULE", "SYMBOL", "STATE", "SINCE", "", "WHAT")
    session.facts(
        render.table(heads, rows, (), terminal_width(), fold=True) if rows else ["nothing rings"]
    )
    session.facts(
        f"undelivered since {each.at}: {clean(each.title)} ({tries(each.tries)},"
        f" {each.fault or 'not sent'})"
        for each in waiting
    )
    return ExitCode.DONE


def tries(count: int) -> str:
    """How often a message was offered: 1 try, 2 tries."""
    return "1 try" if count == 1 else f"{count} tries"


def _marks(alert: Alert) -> str:
    """What keeps an alert quiet, and what became of its message."""
    silent = f"silent until {render.moment(alert.silent_until)}" if alert.silenced else ""
    return ", ".join(filter(None, ("acknowledged" if alert.acked else "", silent, alert.delivery)))


def ack(session: Session, rule: str, symbol: str | None) -> int:
    """Acknowledge what fires, so that it is not sent again: RULE [SYMBOL], without them
    everything."""
    count = session.engine.acknowledge(_rule(rule), _symbol(session, symbol))
    session.say(f"{count} acknowledged")
    return ExitCode.DONE


def silence(session: Session, rule: str, symbol: str | None, how_long: str) -> int:
    """Send nothing of RULE [SYMBOL] for a time; * stands for all of them."""
    until = session.engine.silence(_rule(rule), _symbol(session, symbol), span(how_long))
    session.say(f"silent until {until.astimezone():%Y-%m-%d %H:%M}")
    return ExitCode.DONE


def send_test(session: Session) -> int:
    """Send a test message to every URL of secrets.toml and say whether it arrived."""
    fault = session.engine.test_alert()
    if fault:
        session.note(f"not delivered: {fault}")
        return ExitCode.FAILED
    session.say("delivered")
    return ExitCode.DONE
