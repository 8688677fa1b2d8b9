"""The service in the console: its word in the title, the screen that asks only while it is
shown, the test of a symbol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.client.records import ServicePlace, ServiceReply, ServiceState
from engine.service.records import Overview
from tests.tui.fake_service import service_model, service_up
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NAMES, trained_home
from tui.service.screen import ServiceScreen

PATH = "/api/v1/predict/{}"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other closely, so that no test waits for one."""
    monkeypatch.setattr("tui.app.SERVICE_AFTER_S", 0.01)
    monkeypatch.setattr("tui.service.feed.EVERY_S", 0.02)
    monkeypatch.setattr(ServiceScreen, "EVERY", 0.02)


async def test_the_title_follows_the_service(tmp_path: Path) -> None:
    """Off, up, unanswering and gone: the word in the title changes by itself."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        await until(pilot, lambda: "service off" in screen_text(app), "off")
        engine.overview = service_up()
        await until(pilot, lambda: "svc 1.0 ms" in screen_text(app), "up")
        engine.overview = Overview(
            ServiceState(service_up().state.place, ServiceReply(0, 1.0, {}, "late"))
        )
        await until(pilot, lambda: "service UNANSWERING" in screen_text(app), "silence")
        engine.overview = Overview(
            ServiceState(ServicePlace(False, None, "http://127.0.0.1:8085, pid 4711"))
        )
        await until(pilot, lambda: "service DOWN" in screen_text(app), "the end")


async def test_other_screens_tell_what_is_wrong(tmp_path: Path) -> None:
    """On a small terminal another screen's title says nothing of a service that is well;
    when it dies the word stands there by itself."""
    async with opened(tmp_path, trained_home(), (80, 20)) as (app, engine, pilot):
        engine.overview = service_up()
        await pilot.press("2")
        await until(
            pilot,
            lambda: app.frame.service == "healthy" and "Runs" in screen_text(app),
            "the screen",
        )
        assert "service" not in screen_text(app).splitlines()[0]
        engine.overview = Overview(
            ServiceState(ServicePlace(False, None, "http://127.0.0.1:8085, pid 4711"))
        )
        await until(pilot, lambda: "service DOWN" in screen_text(app).splitlines()[0], "the mark")


async def test_a_look_that_fails_takes_the_word_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the state cannot be read no old word stays, the fault goes to the log, and the
    console goes on."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        await until(pilot, lambda: "service off" in screen_text(app), "off")

        def broken(deadline_s: float = 2.0) -> ServiceState:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(engine.service, "state", broken)
        await until(pilot, lambda: "service off" not in screen_text(app), "no word")
        assert "action=service-state" in (engine.home.logs / "console.log").read_text()
        await pilot.press("j")
        assert app.main.cursor == NAMES[1]


async def test_the_screen_shows_figures_and_models(tmp_path: Path) -> None:
    """Key 7: where, since when, figures, and all 13 models on 24 lines;
    a new figure comes by itself."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        engine.overview = service_up()
        await pilot.press("7")
        await until(pilot, lambda: "requests 12345" in screen_text(app), "the figures")
        text = screen_text(app)
        assert "http://127.0.0.1:8085" in text.splitlines()[2]
        assert "since 2026-10-21" in text.splitlines()[2]
        assert [name for name in NAMES if f" {name} " not in text] == []
        more = service_up()
        engine.overview = replace(
            more, stats={**more.stats, "requests": {**more.stats["requests"], "total": 12346}}
        )
        await until(pilot, lambda: "requests 12346" in screen_text(app), "the next figures")


async def test_nobody_is_asked_behind_another_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen looks while it is on top, and not after it was left."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        looks: list[float] = []

        def counted(deadline_s: float = 1.0) -> Overview:
            looks.append(deadline_s)
            return service_up()

        monkeypatch.setattr(engine.service, "overview", counted)
        await pilot.press("7")
        await until(pilot, lambda: len(looks) > 3, "looks")
        screen = app.screen
        await pilot.press("2")
        await until(
            pilot, lambda: app.screen is not screen and app.screen.is_current, "another screen"
        )
        assert isinstance(screen, ServiceScreen)
        poller = screen._poller._thread
        await until(pilot, lambda: not poller.is_alive(), "the end of the looking")


async def test_without_a_service_the_screen_says_how_to_start_one(tmp_path: Path) -> None:
    """No empty table: the commands, with this home; nothing is chosen, so `t` asks nobody."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        await pilot.press("7")
        await until(pilot, lambda: "stockml serve" in screen_text(app), "the command")
        assert "stockml schedule install serve" in screen_text(app)
        assert "SYMBOL" not in screen_text(app)
        assert isinstance(app.screen, ServiceScreen)
        assert "stockml serve --home" in app.screen.copyable()
        await pilot.press("t")
        assert engine.asked("ask-service") == []


async def test_a_symbol_is_tested_from_the_dashboard(tmp_path: Path) -> None:
    """`t` asks for the current row and tells status, latency and verdict;
    the console is not blocked meanwhile."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        engine.replies[PATH.format("TSLA")] = ServiceReply(
            503, 0.2, {"detail": "TSLA has no model (stockml train TSLA)"}
        )
        engine.gate.clear()
        await pilot.press("j", "t")
        await until(
            pilot, lambda: engine.asked("ask-service") == [PATH.format("TSLA")], "the question"
        )
        await pilot.press("j")
        assert app.main.cursor == NAMES[2]
        engine.gate.set()
        await until(
            pilot,
            lambda: "TSLA CRIT: HTTP 503: TSLA has no model" in screen_text(app).replace("\n", " "),
            "the result",
        )


async def test_a_symbol_is_tested_from_the_screen(tmp_path: Path) -> None:
    """On the Service screen `t` asks for the model under the cursor, and the result stands
    there."""
    async with opened(tmp_path, trained_home()) as (app, engine, pilot):
        engine.overview = replace(
            service_up(), models=(service_model("NVDA"), service_model("SPY"))
        )
        engine.replies[PATH.format("SPY")] = ServiceReply(0, 0.1, {}, "nothing listens there")
        await pilot.press("7")
        await until(pilot, lambda: "SPY" in screen_text(app), "the models")
        await pilot.press("j", "t")
        await until(
            pilot,
            lambda: "SPY CRIT: nothing listens there (start it: stockml serve)" in screen_text(app),
            "the result",
        )
