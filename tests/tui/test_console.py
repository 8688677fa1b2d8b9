"""The console driven by keys: rows, marks, confirmations, verbs, and what must not happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.core.errors import BusyError
from engine.core.records import State
from engine.vault.backups import Backup
from tests.helpers import wait_for
from tests.tui.fake import NAMES, NOW, RUN_ID, empty_home, row, snapshot, trained_home, training_home
from tests.tui.helpers import opened, screen_text, until
from tui.action import TABS, Action
from tui.actions import ACTIONS, in_group
from tui.console import StockmlApp, same
from tui.panes.symbols import SymbolsPane
from tui.screens.acting import ActingScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.screens.log import LogScreen
from tui.screens.main import MainScreen
from tui.screens.palette import PaletteScreen

SIZES = [(80, 24), (60, 15), (40, 10), (120, 40), (200, 50), (30, 5), (1, 1)]


STEPS = (
    ("j", "TSLA"),
    ("down", "AAPL"),
    ("k", "TSLA"),
    ("up", "NVDA"),
    ("up", "NVDA"),
    ("G", "SPY"),
    ("g", "NVDA"),
    ("pagedown", "PLTR"),
)
WAYS = {"run": ("2", "enter"), "backup": ("4", "enter")}
"""The keys to the screens that are a detail of another."""
KEYS = (
    ["j", "space", "k"],
    ["G", "g"],
    ["A", "j", "n"],
    ["question_mark", "pagedown", "escape"],
    ["colon", "escape"],
    ["l", "g", "q"],
    ["enter", "pagedown", "escape"],
    ["2", "j", "enter", "escape"],
    ["3", "j", "enter", "w", "slash", "escape"],
    ["4", "v", "question_mark", "escape"],
    ["5", "j", "pagedown", "escape", "1"],
)


async def asked(app: StockmlApp, pilot: Pilot[Any]) -> None:
    """Wait until the confirmation stands there, drawn."""
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "esc no" in screen_text(app), "the confirmation")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", [empty_home, trained_home, training_home])
async def test_every_screen_at_every_size(tmp_path: Path, size: tuple[int, int], scene: object) -> None:
    """Dashboard, dialogs, help, palette and log draw within every size, and resizing to 1x1 and back ends nothing."""
    async with opened(tmp_path / "home", scene(), size) as (app, _, pilot):  # type: ignore[operator]
        for keys in KEYS:
            await pilot.press(*keys)
            lines = screen_text(app).splitlines()
            assert len(lines) <= size[1]
            assert all(len(found) <= size[0] for found in lines)
        await pilot.resize_terminal(1, 1)
        await pilot.resize_terminal(*size)
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        if size[0] >= 60:
            assert "? help  q quit" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_all_rows_and_the_footer_while_it_trains(tmp_path: Path, size: tuple[int, int]) -> None:
    """Thirteen rows, the run, the log and the footer stand on one screen."""
    async with opened(tmp_path / "home", training_home(), size) as (app, _, _pilot):
        text = screen_text(app)

    assert all(f" {name} " in text for name in NAMES)
    assert text.count("ETA 3m07s") >= 2
    assert RUN_ID in text
    assert "published symbol=AUR" in text
    assert text.splitlines()[-1].startswith("? help  q quit")


async def test_cursor_moves_and_scrolls(tmp_path: Path) -> None:
    """Arrows, j k g G and pages move the cursor; in a small terminal it stays in view."""
    async with opened(tmp_path / "home", trained_home(), (40, 10)) as (app, _, pilot):
        steps = (
            ("j", "TSLA"),
            ("down", "AAPL"),
            ("k", "TSLA"),
            ("up", "NVDA"),
            ("up", "NVDA"),
            ("G", "SPY"),
            ("g", "NVDA"),
            ("pagedown", "PLTR"),
        )
        for key, symbol in steps:
            await pilot.press(key)
            assert app.main.cursor == symbol
            assert f"> {symbol}" in screen_text(app)


async def test_cursor_stays_on_its_symbol(tmp_path: Path) -> None:
    """When rows change under it the cursor keeps its symbol; a removed one gives the first."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("j", "j", "space")
        engine.snap = snapshot(tuple(row(name, index) for index, name in enumerate(reversed(NAMES))))
        app.look_now()
        await until(pilot, lambda: app.main.snapshot is engine.snap, "the new rows")
        assert app.main.cursor == "MSFT"
        assert app.main.marks == {"AAPL"}
        engine.snap = snapshot((row("SPY"),))
        app.look_now()
        await until(pilot, lambda: app.main.cursor == "SPY", "the first row")
        assert app.main.marks == frozenset()


async def test_retrain_lists_what_it_replaces_and_defaults_to_cancel(tmp_path: Path) -> None:
    """`r` on marked rows lists each of them; enter on the default button trains nothing; the other one trains them."""
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
        await until(pilot, lambda: "20261021-143711-ffffff started: NVDA; left out: TSLA" in screen_text(app), "the notice")
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
    assert quick.epochs == engine.settings.training.quick_epochs == 10
    assert quick.reason == "quick"


async def test_cancel_names_the_jobs_and_asks_the_engine(tmp_path: Path) -> None:
    """`x` lists what stops, keeps running by default, and asks the engine only on yes."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        await pilot.press("x")
        await until(pilot, lambda: "NVDA is not in a live run" in screen_text(app), "the notice for an ended row")
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
        await until(pilot, lambda: "all busy: NVDA by cron (pid 7)" in screen_text(app), "the notice")
        assert isinstance(app.screen, MainScreen)


async def test_engine_errors_become_notices(tmp_path: Path) -> None:
    """A StockmlError shows its message and hint; any other error is shown and written to console.log; nothing dies."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.error = BusyError("NVDA is being trained", "wait for run 7", holder="run 7")
        await pilot.press("r")
        await until(pilot, lambda: "ERROR: NVDA is being trained (wait for run 7)" in screen_text(app), "the notice")
        assert "SPY" in screen_text(app)

        await pilot.press("escape")
        assert "ERROR" not in screen_text(app)

        engine.error = ZeroDivisionError("division by zero\x1b[2J")
        await pilot.press("r")
        await until(pilot, lambda: "plan failed: ZeroDivisionError: division by zero" in screen_text(app), "the notice")
        engine.error = None
        await pilot.press("r")
        await asked(app, pilot)

    log = (tmp_path / "home" / "logs" / "console.log").read_text()
    assert "action=plan error=ZeroDivisionError" in log
    assert "\x1b" not in log


async def test_a_hung_verb_blocks_neither_keys_nor_leaving(tmp_path: Path) -> None:
    """While the engine hangs keys work, a second press says so, and the console still leaves."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.gate.clear()
        await pilot.press("r")
        await until(pilot, lambda: engine.asked("plan"), "the call")
        await pilot.press("r")
        await until(pilot, lambda: "still at it" in screen_text(app), "the notice")
        await pilot.press("j")
        assert app.main.cursor == "TSLA"
        assert len(engine.asked("plan")) == 1
        await pilot.press("q")
    engine.gate.set()
    assert app.return_code == 0


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.writes], ids=lambda action: action.id)
async def test_read_only_refuses_every_writing_action(tmp_path: Path, action: Action) -> None:
    """Each action that writes is refused by key and by palette, in words, and the engine is never asked."""
    async with opened(tmp_path / "home", training_home(), read_only=True) as (app, engine, pilot):
        engine.backups_there = (Backup(engine.home.models / "backup_20261020_000000", NOW, ()),)
        for key in ("G", *WAYS.get(action.group, ()), *(key for name, key, *_ in TABS if name == action.group)):
            await pilot.press(key)
            await until(pilot, lambda: getattr(app.screen, "value", 1) is not None, "the first look")
        await until(pilot, lambda: "RO" in screen_text(app).splitlines()[0], "the mark")
        screen = app.screen
        assert isinstance(screen, ActingScreen)
        assert screen.GROUP == action.group
        for key in action.keys:
            await pilot.press(key)
            await until(pilot, lambda: f"read-only: {action.name} is off" in screen_text(app), "the refusal")
            await pilot.press("escape")
        screen.action_act(action.id)
        await until(pilot, lambda: f"read-only: {action.name} is off" in screen_text(app), "the refusal")
        assert app.screen is screen

    assert [call for call in engine.calls if call[0] != "refresh"] == []


def test_actions_that_reach_the_engine_are_marked_as_writing() -> None:
    """Retrain, train all, quick train, cancel and backup are the ones that write; the read-only test enumerates them."""
    assert [action.id for action in in_group("main") if action.writes] == [
        "retrain",
        "train_all",
        "quick_train",
        "cancel",
        "backup_now",
    ]


async def test_escape_goes_back_and_never_quits(tmp_path: Path) -> None:
    """esc clears the notice, then the marks, then does nothing; in a screen it goes back."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("space", "x")
        await until(pilot, lambda: app.main.notice, "the notice")
        await pilot.press("escape")
        assert app.main.notice is None
        assert app.main.marks == {"NVDA"}
        await pilot.press("escape", "escape", "escape")
        assert app.main.marks == frozenset()
        for key, screen in (
            ("question_mark", HelpScreen),
            ("l", LogScreen),
            ("colon", PaletteScreen),
            ("ctrl+p", PaletteScreen),
        ):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: isinstance(app.screen, screen), "the screen")  # type: ignore[misc]
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert app.is_running


@pytest.mark.parametrize("opener", [None, "question_mark", "colon", "l", "A"])
async def test_ctrl_q_leaves_from_everywhere(tmp_path: Path, opener: str | None) -> None:
    """ctrl+q ends the console with 0 from every screen."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        if opener:
            await pilot.press(opener)
            await until(pilot, lambda: not isinstance(app.screen, MainScreen), "the screen")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_code is not None, "the end")

    assert app.return_code == 0
    assert "no training is running" in app.last_words()


async def test_palette_runs_what_was_typed(tmp_path: Path) -> None:
    """Typing some letters and enter runs the action, through the same gate as its key."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("colon", *"zzz", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert app.main.cursor == "NVDA", "nothing matches, so nothing runs"
        await pilot.press("colon", *"last", "space", *"rox", "backspace", "w", "enter")
        await until(pilot, lambda: app.main.cursor == "SPY", "the last row")


async def test_log_follows_freezes_and_filters(tmp_path: Path) -> None:
    """The log of a row shows its lines, `s` shows all, scrolling up freezes, the end follows again."""
    async with opened(tmp_path / "home", trained_home(), (60, 15)) as (app, engine, pilot):
        path = engine.home.training_log
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"line {n} symbol={'NVDA' if n % 2 else 'TSLA'}\n" for n in range(100)))
        await pilot.press("l")
        await until(pilot, lambda: "line 99 symbol=NVDA" in screen_text(app), "the log")
        assert "TSLA" not in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: "line 98 symbol=TSLA" in screen_text(app), "every line")
        await pilot.press("g")
        await until(pilot, lambda: "frozen" in screen_text(app) and "line 0 " in screen_text(app), "the top")
        with path.open("a") as file:
            file.write("line 100 symbol=NVDA \x1b[2J\n")
        await pilot.press("G")
        await until(pilot, lambda: "line 100" in screen_text(app) and "follows" in screen_text(app), "the new line")
        path.unlink()
        await until(pilot, lambda: "does not exist yet" in screen_text(app), "the missing file")


async def test_help_explains_states_and_columns(tmp_path: Path) -> None:
    """The help can be read to its end with the space bar, and explains MASE and REFUSED."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("question_mark")
        seen = ""
        for _ in range(10):
            await until(pilot, lambda: "Help" in screen_text(app), "the help")
            seen += screen_text(app)
            await pilot.press("space")

    words = " ".join(seen.split())
    assert "not better than the guard allows" in words
    assert "below 1 beats it" in words
    assert "off: read-only" not in words


async def test_outdated_statuses_are_refreshed_at_most_every_few_seconds(tmp_path: Path) -> None:
    """Rows that wait for their status make the console ask for a refresh, once in five seconds."""
    stale = snapshot((row("NVDA", stale_status=True),))
    async with opened(tmp_path / "home", stale) as (app, engine, pilot):
        for _ in range(5):
            app.look_now()
            await pilot.pause()
        assert len(engine.asked("refresh")) == 1
        app.wall.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        app.look_now()
        await until(pilot, lambda: len(engine.asked("refresh")) == 2, "the second refresh")


async def test_a_mouse_click_moves_the_cursor(tmp_path: Path) -> None:
    """Where the mouse is on, a click on a row goes to it."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.click(SymbolsPane, offset=(10, 3))
        assert app.main.cursor == "AAPL"


async def test_simulated_home_is_marked(tmp_path: Path) -> None:
    """SIMULATED stands in the title and in the confirmation."""
    found = replace(trained_home(), source="simulated", simulated=True)
    async with opened(tmp_path / "home", found) as (app, _, pilot):
        assert "SIMULATED" in screen_text(app).splitlines()[0]
        await pilot.press("r")
        await asked(app, pilot)
        assert "on simulated bars (SIMULATED)" in screen_text(app)


def test_same_ignores_only_the_time() -> None:
    """Two looks that show the same are the same; a changed row is not."""
    found = trained_home()

    assert not same(None, found)
    assert same(found, replace(found, taken_at=found.taken_at.replace(hour=1)))
    assert not same(found, replace(found, rows=(replace(found.rows[0], state=State.LOST), *found.rows[1:])))
