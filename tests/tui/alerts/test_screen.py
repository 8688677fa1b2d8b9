"""The Alerts screen: what rings, what becomes of its message, acknowledge, silence, test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.api import Engine
from engine.core.errors import StockmlError
from engine.core.snapshot import Alert, AlertState
from engine.watch.alert_rules import Condition
from engine.watch.alerts import evaluate
from engine.watch.records import Waiting
from tests.fake_clock import FakeClock
from tests.tui.fake import FakeEngine
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import ALERTS, NOW, trained_home, watched_home
from tests.watch.homes import SUNDAY, simulated_home
from tui.alerts.screen import AlertsScreen
from tui.alerts.text import (
    STATE_WORDS,
    alert_lines,
    firing_words,
    message_word,
    state_word,
    waiting_lines,
)
from tui.app import StockmlApp
from tui.dialogs.prompt import PromptScreen
from tui.widgets.lines import plain

WAITING = Waiting(
    1,
    "2026-10-21T14:00:00.000Z",
    "firing",
    "stockml firing: a symbol cannot be forecast",
    "",
    2,
    "not taken",
)


async def alerts(app: StockmlApp, engine: FakeEngine, pilot: Pilot[Any]) -> AlertsScreen:
    """The screen with an alert in every state and a message that nobody took."""
    engine.alerts_there, engine.waiting = ALERTS, (WAITING,)
    await pilot.press("6")
    await until(
        pilot,
        lambda: isinstance(app.screen, AlertsScreen) and "output is not finite" in screen_text(app),
        "the list",
    )
    assert isinstance(app.screen, AlertsScreen)
    return app.screen


async def test_every_alert_stands_with_its_word_and_its_message(tmp_path: Path) -> None:
    """Rule, symbol, since, state, delivery and text of each;
    what resolved lately, and why a message waits."""
    async with opened(tmp_path / "home", watched_home(), (120, 30)) as (app, engine, pilot):
        assert "2 ALERTS" in heading(app)
        await alerts(app, engine, pilot)
        rows = screen_text(app).splitlines()[2:]
        assert "2 firing" in rows[0]
        assert "1 undelivered" in rows[0]
        told = {words[1]: text for text in rows[2:7] if (words := text.replace(">", " ").split())}
        assert all(
            word in told["prediction"]
            for word in ("FIRING", "TSLA", "14:00", "waiting", "output is not finite")
        )
        assert all(word in told["chronic"] for word in ("ACKED", "SMR", "10-18", "delivered"))
        assert "silent" in told["disk"]
        assert told["slow"].split()[0] == "PENDING"
        assert told["corrupt"].split()[0] == "RESOLVED"
        text = screen_text(app)
        assert "enter acknowledges it" in text
        assert "1 message undelivered; t tries again" in text
        assert "(2 tries: not taken)" in text


async def test_the_real_engine_rings_and_is_acknowledged(tmp_path: Path) -> None:
    """An alert of history.db stands on the screen and in the title;
    enter acknowledges it for every other reader."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine = Engine(home, clock)
    engine.watch.mark_open()
    clock.advance(timedelta(hours=1))
    evaluate(
        home,
        engine.settings.current,
        [Condition("corrupt", "NVDA", True, "digest does not match")],
        clock.now(),
    )
    app = StockmlApp(engine, wall=clock)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "1 ALERT" in screen_text(app), "the title")
        await until(
            pilot,
            lambda: "alert firing: a model file cannot be trusted (1: NVDA)" in screen_text(app),
            "the time away",
        )
        await pilot.press("6")
        await until(
            pilot, lambda: "no alert URL is configured" in screen_text(app), "why its message waits"
        )
        await pilot.press("enter")
        await until(pilot, lambda: "ACKED" in screen_text(app), "its new word")
    assert [True] == [found.acked for found in Engine(home, clock).alerts.list()]
    assert () == Engine(home, clock).watch.away().lines


async def test_enter_acknowledges_what_fires_alone(tmp_path: Path) -> None:
    """Enter marks the alert under the cursor as seen;
    one that was seen, or does not fire, is left; A takes all."""
    async with opened(tmp_path / "home", watched_home(), (100, 30)) as (app, engine, pilot):
        screen = await alerts(app, engine, pilot)
        await pilot.press("enter")
        await until(
            pilot, lambda: "prediction TSLA: 1 acknowledged" in screen_text(app), "the words"
        )
        await pilot.press("j", "enter")
        assert screen.notice is not None
        assert "chronic SMR is acknowledged" in screen.notice.text
        await pilot.press("j", "j", "enter")
        assert "slow is pending" in screen.notice.text
        assert engine.asked("acknowledge") == [("prediction", "TSLA")]
        await pilot.press("A")
        await until(pilot, lambda: engine.asked("acknowledge")[1:] == [("*", "*")], "all of them")


async def test_s_silences_for_a_time(tmp_path: Path) -> None:
    """The time is typed, a wrong one is told and silences nothing, esc neither."""
    async with opened(tmp_path / "home", watched_home(), (100, 30)) as (app, engine, pilot):
        await alerts(app, engine, pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
        assert "silence prediction TSLA for: 2h" in screen_text(app)
        await pilot.press("ctrl+u", *"soon", "enter")
        await until(pilot, lambda: "not a span of time" in screen_text(app), "the words")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
        await pilot.press("escape", "s")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
        await pilot.press("ctrl+u", *"30m", "enter")
        await until(
            pilot, lambda: "silent until 2026-10-21 15:07" in screen_text(app), "the end of it"
        )
        assert engine.asked("silence") == [("prediction", "TSLA", timedelta(minutes=30))]


async def test_t_tests_the_delivery(tmp_path: Path) -> None:
    """A message that arrives is told as delivered;
    what keeps it from that is told with the next step."""
    async with opened(tmp_path / "home", watched_home(), (100, 30)) as (app, engine, pilot):
        await alerts(app, engine, pilot)
        await pilot.press("t")
        await until(
            pilot, lambda: "the test message was delivered" in screen_text(app), "the words"
        )
        engine.closed = "no alert URL is configured: [alerts] urls in secrets.toml"
        await pilot.press("t")
        await until(
            pilot,
            lambda: (
                "not delivered: no alert URL is configured" in " ".join(screen_text(app).split())
            ),
            "why",
        )


async def test_read_only_neither_acknowledges_nor_silences(tmp_path: Path) -> None:
    """Looking is free; every key that writes is refused."""
    async with opened(tmp_path / "home", watched_home(), (100, 30), read_only=True) as (
        app,
        engine,
        pilot,
    ):
        await alerts(app, engine, pilot)
        await pilot.press("enter", "s", "A", "t")
        assert isinstance(app.screen, AlertsScreen)
        assert {"acknowledge", "silence", "test"} & {verb for verb, _ in engine.calls} == set()


async def test_no_alert_and_an_unreadable_history(tmp_path: Path) -> None:
    """Nothing rings is told apart from nothing was checked and from cannot be read."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "no check yet: 1, then p" in screen_text(app), "the words")
        assert "every message was delivered" in screen_text(app)
        engine.alerts_there = StockmlError("history.db: file is not a database", "move it away")
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: "file is not a database (move it away)" in screen_text(app),
            "the failure",
        )
        assert "CANNOT READ" in heading(app)
    checked = replace(trained_home(), checked_at=NOW)
    async with opened(tmp_path / "other", checked, (100, 30)) as (app, _, pilot):
        await pilot.press("6")
        await until(
            pilot,
            lambda: "no alert fires; last check at 2026-10-21" in screen_text(app),
            "the words",
        )


def test_every_state_has_its_word() -> None:
    """Each alert's word is one that the help explains;
    a message that an outage holds back says so."""
    assert {state_word(found) for found in ALERTS} == {word for word, _ in STATE_WORDS}
    assert message_word(Alert("bars", "NVDA", AlertState.FIRING, NOW, "old"), NOW)[0] == "held back"
    assert message_word(ALERTS[2], NOW)[0].startswith("silent ")


def test_the_title_counts_what_nobody_acknowledged() -> None:
    """Unacknowledged alerts first, then undelivered messages, then acknowledged ones;
    nothing when all is quiet."""
    home = watched_home()
    seen = tuple(replace(found, acked=True) for found in home.alerts)

    assert firing_words(home) == ("2 ALERTS", "crit")
    assert firing_words(replace(home, alerts=seen)) == ("1 UNSENT", "warn")
    assert firing_words(replace(home, alerts=seen, undelivered=0)) == ("3 ACKED", "warn")
    assert firing_words(replace(home, alerts=(), undelivered=0)) is None


@pytest.mark.parametrize("width", [12, 40, 80, 200])
def test_sentences_keep_the_width(width: int) -> None:
    """An alert in full and the outbox are wrapped, never cut, at every width."""
    for found in ALERTS:
        lines = [plain(each) for each in alert_lines(found, NOW, width)]
        assert all(len(text) <= width for text in lines)
        assert found.text.split()[0] in " ".join(lines)
    assert "undelivered: alerts are off" in plain(
        waiting_lines((WAITING,), "alerts are off", NOW, 200)[0]
    )
    assert plain(waiting_lines((), "no URL", NOW, 200)[0]) == "nothing can be sent: no URL"
