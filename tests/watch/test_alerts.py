"""Alerts: pending, firing, resolved; one message for one cause.

Silence, acknowledgement, repetition.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from engine.core.clock import iso
from engine.core.paths import Home
from engine.core.snapshot import AlertState
from engine.watch import alerts
from engine.watch.alert_rules import RULES, AlertStatus, Condition, Rule, advance
from engine.watch.alerts import Message, evaluate
from engine.watch.deliver import outbox
from engine.watch.records import ANY, LATELY
from engine.watch.schema import writing
from tests.watch.replay import packaged

SETTINGS = packaged()
NOW = datetime(2025, 8, 11, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = SETTINGS.names


def on(rule: str, symbol: str = "", text: str = "it is so") -> Condition:
    """A condition that was seen."""
    return Condition(rule, symbol, True, text)


def off(rule: str, symbol: str = "") -> Condition:
    """A condition that was not seen."""
    return Condition(rule, symbol, False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def states(rule: Rule, seen: str) -> str:
    """The states that a row of looks ("x" seen, "." not) leads through, by their first letters."""
    state, found = AlertStatus(), ""
    for at, mark in enumerate(seen):
        state = advance(rule, state, Condition("cpu", "", mark == "x"), NOW + at * HOUR)
        found += state.state[0]
    return found


@pytest.mark.parametrize(
    ("times", "calm", "seen", "expected"),
    [
        (1, 1, "x.x", "fof"),
        (2, 1, "xx.", "pfo"),
        (2, 1, "x.xx", "popf"),
        (3, 2, "xxx.x..", "ppffffo"),
        (1, 3, "x..x...", "ffffffo"),
    ],
)
def test_the_state_machine(times: int, calm: int, seen: str, expected: str) -> None:
    """It fires after `times` looks in a row and resolves after `calm` looks in a row without it."""
    assert expected == states(Rule("about", times=times, calm=calm), seen)


def test_thirteen_symbols_that_fail_for_one_cause_are_one_message(home: Home) -> None:
    """One message names all of them; so does the one that says it is over."""
    evaluate(home, SETTINGS, [on("prediction", name, "no bars") for name in NAMES], NOW)
    (message,) = evaluate(
        home, SETTINGS, [on("prediction", name, "no bars") for name in NAMES], NOW + HOUR
    )
    assert ("firing", 13) == (message.kind, len(message.body.splitlines()))
    assert all(name in message.title for name in NAMES)
    (over,) = evaluate(home, SETTINGS, [off("prediction", name) for name in NAMES], NOW + 2 * HOUR)
    assert "resolved" == over.kind
    assert 2 == len(outbox(home))


def test_an_outage_silences_what_it_explains(home: Home) -> None:
    """While no symbol can be forecast one message goes out;
    the symbols' own alerts fire and stay silent, then resolve so."""
    looks = [on("outage"), *(on("prediction", name) for name in NAMES)]
    sent = [*evaluate(home, SETTINGS, looks, NOW), *evaluate(home, SETTINGS, looks, NOW + HOUR)]
    over = evaluate(
        home,
        SETTINGS,
        [off("outage"), *(off("prediction", name) for name in NAMES)],
        NOW + 2 * HOUR,
    )

    assert [RULES["outage"].about] == [message.title.partition(": ")[2] for message in sent]
    assert ["resolved"] == [message.kind for message in over]


def test_it_is_sent_again_after_a_day_until_it_is_acknowledged(home: Home) -> None:
    """A firing alert repeats after repeat_hours; one that a person has seen does not;
    a chronic reason rings once."""
    ring = [on("corrupt", "NVDA")]
    evaluate(home, SETTINGS, ring, NOW)
    assert () == evaluate(home, SETTINGS, ring, NOW + 23 * HOUR)
    assert 1 == len(evaluate(home, SETTINGS, ring, NOW + 24 * HOUR))
    assert 1 == alerts.acknowledge(home, "corrupt", "NVDA", NOW + 25 * HOUR)
    assert () == evaluate(home, SETTINGS, ring, NOW + 90 * HOUR)
    assert [True] == [alert.acked for alert in alerts.alert_list(home, NOW)]
    evaluate(home, SETTINGS, [on("chronic", "SMR")], NOW)
    assert () == evaluate(home, SETTINGS, [on("chronic", "SMR")], NOW + 900 * HOUR)


def test_a_silence_holds_messages_back_for_its_time(home: Home) -> None:
    """Nothing of that rule and symbol is sent before the silence ends; what still fires then is."""
    alerts.silence(home, "corrupt", "NVDA", 2 * HOUR, NOW)
    looks = [on("corrupt", "NVDA"), on("corrupt", "TSLA")]

    (message,) = evaluate(home, SETTINGS, looks, NOW + HOUR)
    assert "TSLA" in message.title
    assert "NVDA" not in message.title
    (later,) = evaluate(home, SETTINGS, looks, NOW + 3 * HOUR)
    assert "NVDA" in later.title


def test_what_was_never_sent_is_not_resolved(home: Home) -> None:
    """An alert that rose and fell under a silence sends nothing at all."""
    alerts.silence(home, ANY, ANY, 9 * HOUR, NOW)
    evaluate(home, SETTINGS, [on("disk")], NOW)

    assert () == evaluate(home, SETTINGS, [off("disk")], NOW + HOUR) + evaluate(
        home, SETTINGS, [off("disk")], NOW + 2 * HOUR
    )


def test_an_alert_tells_what_became_of_its_message(home: Home) -> None:
    """Waiting until the message is taken, then delivered; a silence says when it ends;
    what resolved lately stays on show."""
    alerts.silence(home, "disk", ANY, 2 * HOUR, NOW)
    evaluate(home, SETTINGS, [on("corrupt", "NVDA", "bad digest"), on("disk"), off("backup")], NOW)
    rang, quiet = alerts.alert_list(home, NOW)
    assert ("corrupt", "waiting", NOW) == (rang.rule, rang.delivery, rang.sent_at)
    assert ("disk", "", NOW + 2 * HOUR) == (quiet.rule, quiet.delivery, quiet.silent_until)
    with writing(home) as connection:
        connection.execute("UPDATE watch_outbox SET delivered_at=?", (iso(NOW),))
    assert "delivered" == alerts.alert_list(home, NOW)[0].delivery

    evaluate(home, SETTINGS, [off("corrupt", "NVDA")], NOW + HOUR)
    later = alerts.alert_list(home, NOW + 2 * HOUR, LATELY)
    assert [("disk", "firing"), ("corrupt", "resolved")] == [
        (each.rule, each.state) for each in later
    ]
    assert ("bad digest", NOW + HOUR) == (later[1].text, later[1].since)
    assert ["disk"] == [each.rule for each in alerts.alert_list(home, NOW + 26 * HOUR, LATELY)]
    evaluate(home, SETTINGS, [on("corrupt", "NVDA", "again")], NOW + 3 * HOUR)
    assert NOW + 3 * HOUR == alerts.alert_list(home, NOW + 3 * HOUR)[-1].sent_at


def test_messages_are_safe_for_a_terminal_and_a_pager(home: Home) -> None:
    """Escape codes of an error text do not reach the message."""
    (message,) = evaluate(home, SETTINGS, [on("corrupt", "NVDA", "bad \x1b[2Jdigest")], NOW)

    assert message == Message(
        AlertState.FIRING,
        "stockml firing: a model file cannot be trusted (1: NVDA)",
        "NVDA: bad digest",
    )


def test_a_symbol_that_left_the_settings_rings_no_more(home: Home) -> None:
    """What fires for a symbol is over at the next look once the symbol is not configured, and is
    told as resolved."""
    evaluate(home, SETTINGS, [on("corrupt", "SMR"), on("corrupt", "NVDA")], NOW)
    others = {name: entry for name, entry in SETTINGS.symbols.items() if name != "SMR"}
    fewer = msgspec.structs.replace(SETTINGS, symbols=others)
    (over,) = evaluate(home, fewer, [on("corrupt", "NVDA")], NOW + HOUR)

    assert ("resolved", True) == (over.kind, over.title.endswith("(1: SMR)"))
    assert [("NVDA", "firing")] == [
        (each.symbol, each.state) for each in alerts.alert_list(home, NOW + HOUR)
    ]
    assert () == evaluate(home, fewer, [on("corrupt", "NVDA")], NOW + 2 * HOUR)
