"""Verbs from the dashboard: what a confirmation lists, what it starts, and what starts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import wait_for
from tests.tui.helpers import asked, opened, screen_text, until
from tests.tui.scenes import NAMES, RUN_ID, trained_home, training_home
from tui.dashboard.screen import MainScreen


async def test_retrain_lists_what_it_replaces_and_defaults_to_cancel(tmp_path: Path) -> None:
    """`r` on marked rows lists each of them; enter on the default button trains nothing;
    the other one trains them."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.holders = {"TSLA": "run 7 (cron)"}
        await pilot.press("space", "space", "r")
        await asked(app, pilot)
        text = screen_text(app)
        assert "Retrain 1 symbol on yahoo bars?" in text
        assert "NVDA  replaces gen 1, 412 kB, trained 2026-10-21" in text
        assert "TSLA  BUSY left out, trained by run 7 (cron)" in text
        assert "[Cancel]" in text

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert engine.asked("train") == []

        await pilot.press("r")
        await asked(app, pilot)
        await pilot.press("right")
        assert "[Retrain 1]" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: engine.asked("train"), "the start")
        await until(
            pilot,
            lambda: "20261021-143711-ffffff started: NVDA; left out: TSLA" in screen_text(app),
            "the notice",
        )
        assert app.main.marks == frozenset()

    (request,) = engine.asked("train")
    assert request.symbols == ("NVDA", "TSLA")
    assert request.source == "yahoo"
    assert request.epochs is None
    assert request.starter.startswith("console")
    assert app.started == ["20261021-143711-ffffff"]


@pytest.mark.parametrize("key", ["escape", "n", "q"])
async def test_every_no_of_the_dialog_means_no(tmp_path: Path, key: str) -> None:
    """esc, n and q leave the dialog and train nothing."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("A")
        await asked(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")

        assert engine.asked("train") == []


async def test_train_all_and_quick_train_ask_for_the_right_symbols(tmp_path: Path) -> None:
    """`A` y trains all 13; `R` y trains those of high priority with the quick epochs."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        for key in ("A", "R"):
            await pilot.press(key)
            await asked(app, pilot)
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        wait_for(lambda: len(engine.asked("train")) == 2)

    everything, quick = engine.asked("train")
    assert everything.symbols == NAMES
    assert everything.epochs is None
    assert quick.symbols == NAMES[:3]
    assert quick.epochs == engine.settings.current.training.quick_epochs == 10
    assert quick.reason == "quick"


async def test_cancel_names_the_jobs_and_asks_the_engine(tmp_path: Path) -> None:
    """`x` lists what stops, keeps running by default, and asks the engine only on yes."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        await pilot.press("x")
        await until(
            pilot,
            lambda: "NVDA is not in a live run" in screen_text(app),
            "the notice for an ended row",
        )
        await pilot.press("G", "x")
        await asked(app, pilot)
        text = screen_text(app)
        assert f"Cancel run {RUN_ID}?" in text
        assert "AMZN  running, epoch 25/50" in text
        assert "SPY   queued, will not start" in text
        assert "[Keep it running]" in text
        await pilot.press("enter")
        assert engine.asked("cancel") == []
        await pilot.press("x")
        await asked(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: engine.asked("cancel") == [RUN_ID], "the cancel")
        await until(pilot, lambda: "was asked to stop" in screen_text(app), "the notice")


async def test_busy_everywhere_starts_nothing(tmp_path: Path) -> None:
    """When others train every chosen symbol, no dialog opens and the holder is named."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.holders = {"NVDA": "cron (pid 7)"}
        await pilot.press("r")
        await until(
            pilot, lambda: "all busy: NVDA by cron (pid 7)" in screen_text(app), "the notice"
        )
        assert isinstance(app.screen, MainScreen)
