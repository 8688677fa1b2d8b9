"""The Logs screen: every file, and a viewer that follows, filters, searches and jumps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.fake import FakeEngine
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.dashboard.screen import MainScreen
from tui.dialogs.prompt import PromptScreen
from tui.logs.list import LogsScreen
from tui.logs.viewer import LogView


def write_log(engine: FakeEngine, count: int = 300) -> Path:
    """A training log with an error in line 100."""
    path = engine.home.training_log
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for at in range(count):
        level, symbol = "ERROR" if at == 100 else "INFO", "SMR" if at % 2 else "NVDA"
        rows.append(
            f"[{level}] 2026-10-21 {10 + at // 60:02d}:{at % 60:02d}:00 - {symbol}: line {at}"
        )
    path.write_text("\n".join(rows) + "\n")
    return path


async def open_log(app: StockmlApp, pilot: Pilot[Any]) -> LogView:
    """The viewer on the only file."""
    await pilot.press("3")
    await until(
        pilot,
        lambda: isinstance(app.screen, LogsScreen) and "training.log" in screen_text(app),
        "the files",
    )
    await pilot.press("enter")
    await until(
        pilot, lambda: isinstance(app.screen, LogView) and "line 299" in screen_text(app), "the log"
    )
    assert isinstance(app.screen, LogView)
    return app.screen


async def typed(app: StockmlApp, pilot: Pilot[Any], key: str, text: str) -> None:
    """Open a prompt with `key`, type, take."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
    await pilot.press(*("space" if letter == " " else letter for letter in text), "enter")
    await until(pilot, lambda: not isinstance(app.screen, PromptScreen), "the log")


async def test_every_file_is_listed_with_its_end(tmp_path: Path) -> None:
    """`3` lists what lies below logs/ and shows the end of the chosen file."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        write_log(engine)
        (engine.home.logs / "health_check.log").write_text("all well\n")
        await pilot.press("3")
        await until(pilot, lambda: "training/training.log" in screen_text(app), "the files")
        text = screen_text(app)
        assert "health_check.log" in text
        assert "line 299" in text or "all well" in text


async def test_following_and_freezing(tmp_path: Path) -> None:
    """It follows the end; frozen, nothing moves while lines come; f follows again."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        path = write_log(engine)
        view = await open_log(app, pilot)
        with path.open("a") as file:
            file.write("[INFO] 2026-10-21 15:00:00 - newest\n")
        await until(pilot, lambda: "newest" in screen_text(app), "the new line")
        await pilot.press("k")
        assert not view.window.follow
        before = screen_text(app).splitlines()[3:-1]
        with path.open("a") as file:
            file.write("[INFO] 2026-10-21 15:01:00 - after\n")
        await until(pilot, lambda: "302 lines" in screen_text(app), "the count")
        assert screen_text(app).splitlines()[3:-1] == before
        await pilot.press("f")
        await until(pilot, lambda: "after" in screen_text(app), "the newest line")


async def test_filter_inverse_and_search(tmp_path: Path) -> None:
    """`/text` hides the others, `/!text` those that have it, s marks instead, n and N go from
    match to match."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        write_log(engine)
        view = await open_log(app, pilot)
        await typed(app, pilot, "slash", "smr")
        await until(
            pilot,
            lambda: "/smr: 150" in screen_text(app) and "NVDA:" not in screen_text(app),
            "the filter",
        )
        await typed(app, pilot, "slash", "!")
        await pilot.press("escape")
        await until(pilot, lambda: view.window.matches is None, "no filter")
        await typed(app, pilot, "slash", "!smr")
        await until(
            pilot,
            lambda: "NVDA:" in screen_text(app) and "SMR:" not in screen_text(app),
            "the inverse filter",
        )
        await pilot.press("escape")
        await typed(app, pilot, "slash", "line 1")
        await until(pilot, lambda: "/line 1: 111" in screen_text(app), "the matches")
        await pilot.press("s", "g", "n")
        await until(pilot, lambda: view.window.top == 1, "the first match")
        await pilot.press("n")
        assert view.window.top == 10
        await pilot.press("N")
        assert view.window.top == 1


async def test_errors_and_times(tmp_path: Path) -> None:
    """`e` goes to the last error, `t` to a time; what cannot be jumped to is said."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        write_log(engine)
        view = await open_log(app, pilot)
        await until(pilot, lambda: "1 error" in screen_text(app), "the count")
        await pilot.press("e")
        assert view.window.top == 100
        assert "line 100" in screen_text(app).splitlines()[3]
        await typed(app, pilot, "t", "11:30")
        await until(pilot, lambda: view.window.top == 90, "the time")
        await typed(app, pilot, "t", "soon")
        await until(pilot, lambda: "cannot jump to 'soon'" in screen_text(app), "the words")


async def test_rotation_under_the_reader(tmp_path: Path) -> None:
    """A file that is renamed away and written anew is shown anew, with its filter."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        path = write_log(engine)
        await open_log(app, pilot)
        await typed(app, pilot, "slash", "smr")
        path.rename(path.with_suffix(".1"))
        path.write_text(
            "[INFO] 2026-10-22 00:00:00 - SMR: fresh\n[INFO] 2026-10-22 00:00:01 - NVDA: other\n"
        )
        await until(
            pilot,
            lambda: "SMR: fresh" in screen_text(app) and "NVDA" not in screen_text(app),
            "the new file",
        )


async def test_wrap_and_the_way_back(tmp_path: Path) -> None:
    """w wraps long lines; esc takes the filter, then the file, then the list away."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        path = write_log(engine)
        view = await open_log(app, pilot)
        with path.open("a") as file:
            file.write("[INFO] 2026-10-21 15:00:00 - " + "word " * 40 + "END\n")
        await until(pilot, lambda: "word word" in screen_text(app), "the long line")
        assert "END" not in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: "END" in screen_text(app), "the wrapped line")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the files")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert view.window.wrap
