"""The line behind `:`: what it takes, what it offers, and what it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.core.errors import UsageError
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NAMES, trained_home
from tui.command.line import CommandScreen, completed, form_of, offered
from tui.command.messages import MessagesScreen
from tui.command.output import OutputScreen
from tui.command.run import meaning
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.dialogs.prompt import PromptScreen
from tui.runs.list import RunsScreen
from tui.symbol.screen import SymbolScreen


def test_a_screen_a_symbol_a_theme_and_the_end_have_words() -> None:
    """`runs` shows the runs, `nvda` its page; with a verb `runs` is a command."""
    assert meaning("runs", NAMES).tab == "runs"
    assert meaning("nvda", NAMES).symbol == "NVDA"
    assert meaning("theme light", NAMES).theme == "light"
    assert meaning("q", NAMES).leaves
    listed = meaning("runs list", NAMES).invocation
    assert listed is not None
    assert listed.name == "runs list"


def test_the_service_is_served_in_the_background() -> None:
    """The console would wait for a service in the foreground for ever."""
    served = meaning("serve --port 0", NAMES).invocation
    stopped = meaning("serve --stop", NAMES).invocation

    assert served is not None
    assert stopped is not None
    assert served.words == ("--port", "0", "--detach")
    assert stopped.words == ("--stop",)


@pytest.mark.parametrize("text", ["demo", "cron-run clean", "theme pink", "hold 'MP", "nosuch"])
def test_what_the_line_does_not_take_is_refused(text: str) -> None:
    """With the reason."""
    with pytest.raises(UsageError):
        meaning(text, NAMES)


def test_an_empty_line_offers_what_was_typed_before() -> None:
    """The newest first, then screens and commands."""
    words = [entry.word for entry in offered("", NAMES, ["status", "fetch NVDA"], ())]

    assert words[:3] == ["fetch NVDA", "status", "dashboard"]
    assert "train" in words


def test_a_completion_replaces_the_last_word() -> None:
    """And the form of the command stands beside it."""
    assert completed("hold M", "MP") == "hold MP "
    assert form_of("hold MP --until") == "hold SYMBOL [--until DATE] --reason TEXT"


async def test_a_symbol_and_a_screen_are_shown(tmp_path: Path) -> None:
    """`:mp` opens the page, `:runs` the screen."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("colon", *"mp", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymbolScreen), "the page")
        await pilot.press("colon", *"runs", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen), "the runs")


async def test_a_command_runs_and_shows_what_it_prints(tmp_path: Path) -> None:
    """Its output and its exit stand there; what it reads of bars is this console's source."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("colon", *"status", "enter")
        await until(pilot, lambda: "all is done" in screen_text(app), "the output")
        await until(pilot, lambda: "exit 0" in screen_text(app), "the end")
        assert isinstance(app.screen, OutputScreen)
        assert engine.asked("command") == [(("status",), True)]


async def test_what_writes_asks_first_and_for_what_is_missing(tmp_path: Path) -> None:
    """`:hold MP` asks for the reason, then whether to run; no runs nothing, yes runs it."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("colon", *"hold", "space", *"MP", "enter")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen), "the prompt")
        await pilot.press(*"merger", "enter")
        await until(pilot, lambda: "hold MP --reason merger" in screen_text(app), "the question")
        assert isinstance(app.screen, ConfirmScreen)
        assert engine.asked("command") == []
        await until(pilot, lambda: app.screen.listens, "the question drawn")  # type: ignore[attr-defined]
        await pilot.press("y")
        await until(pilot, lambda: "all is done" in screen_text(app), "the output")
        assert engine.asked("command")[0][0] == ("hold", "MP", "--reason", "merger")


async def test_a_plan_is_shown_before_what_it_plans(tmp_path: Path) -> None:
    """`:clean` shows its dry run, and enter runs it without a further question."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("colon", *"clean", "enter")
        await until(pilot, lambda: "enter runs clean" in screen_text(app), "the plan")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.asked("command")) == 2, "the command")
        words = [asked[0] for asked in engine.asked("command")]
        assert words == [("clean", "--dry-run"), ("clean", "--yes")]


async def test_a_read_only_console_runs_nothing_that_writes(tmp_path: Path) -> None:
    """It says so; reading commands run."""
    async with opened(tmp_path / "home", trained_home(), read_only=True) as (app, engine, pilot):
        await pilot.press("colon", *"unhold", "space", *"MP", "enter")
        await until(pilot, lambda: "read-only: unhold is off" in screen_text(app), "the notice")
        assert engine.asked("command") == []


async def test_a_wrong_line_stays_with_the_reason(tmp_path: Path) -> None:
    """Nothing is lost of it, and esc leaves."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("colon", *"hodl", "enter")
        await until(pilot, lambda: "did you mean hold?" in screen_text(app), "the reason")
        assert isinstance(app.screen, CommandScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")


async def test_tab_completes_and_arrows_choose(tmp_path: Path) -> None:
    """`unh` and tab is `unhold `; down chooses among what is offered."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("colon", *"unh", "tab")
        await until(pilot, lambda: "unhold SYMBOL" in screen_text(app), "the word")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: ":unhold TSLA" in screen_text(app), "the second symbol")


async def test_the_end_of_a_command_left_behind_is_told_and_kept(tmp_path: Path) -> None:
    """Looking elsewhere ends nothing; the end is a notice, and stands in the messages."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        gate = tmp_path / "gate"
        waits = (
            "import pathlib,sys,time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(.01)"
        )
        engine.command_program = (sys.executable, "-c", f"{waits}\nprint('13 fetched')", str(gate))
        await pilot.press("colon", *"data", "space", *"check", "enter")
        await until(pilot, lambda: "running" in screen_text(app), "the command")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        gate.touch()
        await until(pilot, lambda: "data check: done in" in screen_text(app), "the end")
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, MessagesScreen), "the messages")
        await until(pilot, lambda: "(13 fetched)" in screen_text(app), "the message")


async def test_a_command_shows_how_far_it_is(tmp_path: Path) -> None:
    """Its steps stand in the title, not among its lines."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        steps = (
            "import sys, threading; from engine.core.progress import report_step;"
            "report_step(3, 13, 'AAPL'); print('at work', flush=True); threading.Event().wait()"
        )
        engine.command_program = (sys.executable, "-c", steps)
        await pilot.press("colon", *"evaluate", "enter")
        await until(pilot, lambda: "3/13 AAPL" in screen_text(app), "the step")
        await until(pilot, lambda: "at work" in screen_text(app), "its first line")
        assert isinstance(app.screen, OutputScreen)
        assert app.screen.value is not None
        assert app.screen.value[0] == ("at work",)
        await pilot.press("x")
        await until(pilot, lambda: "exit 1" in screen_text(app), "its end")


async def test_a_command_is_cancelled_as_by_ctrl_c(tmp_path: Path) -> None:
    """`x` interrupts it; its exit is shown."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        waits = "import threading; print('at work', flush=True); threading.Event().wait()"
        engine.command_program = (sys.executable, "-c", waits)
        await pilot.press("colon", *"health", "space", *"--json", "enter")
        await until(pilot, lambda: "at work" in screen_text(app), "its first line")
        await pilot.press("x")
        await until(pilot, lambda: "exit 1" in screen_text(app), "its end")
