"""The Settings screen: what stands there, what is typed, what is written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.core.audit_log import read_entries
from engine.settings import load as config
from tests.helpers import new_home
from tests.tui.fake import FakeEngine
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.settings.form import SettingForm
from tui.settings.mending import MendForm
from tui.settings.screen import SettingsScreen
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines


async def open_settings(app: StockmlApp, pilot: Pilot[Any]) -> SettingsScreen:
    """The screen once it has read the file."""
    await pilot.press("comma")
    await until(
        pilot,
        lambda: isinstance(app.screen, SettingsScreen) and app.screen.value is not None,
        "the settings",
    )
    screen = app.screen
    assert isinstance(screen, SettingsScreen)
    return screen


async def to(screen: SettingsScreen, pilot: Pilot[Any], key: str) -> None:
    """Put the cursor on a key."""
    screen.query_one(Picker).choose(key)
    screen.redraw()
    await until(
        pilot,
        lambda: screen.current is not None and screen.current.key == key,
        f"the cursor on {key}",
    )


async def typed(
    app: StockmlApp, screen: SettingsScreen, pilot: Pilot[Any], key: str, text: str
) -> None:
    """Give a key another value in the form."""
    await to(screen, pilot, key)
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, SettingForm), "the form")
    await pilot.press("ctrl+u", *text, "enter")
    await until(pilot, lambda: app.screen is screen, "the list")


def value(engine: FakeEngine, section: str, name: str) -> object:
    """What the file says now."""
    return getattr(getattr(config.load(engine.home, {}), section), name)


async def test_every_key_stands_under_its_section_with_its_meaning(tmp_path: Path) -> None:
    """All keys can be reached, the cursor passes the headings, the current one is explained in
    full; no secret shows."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.home.secrets.write_text('urls = ["discord://hook/s3cret"]\n')
        screen = await open_settings(app, pilot)
        assert screen.value is not None
        assert screen.current is not None
        assert screen.current.key == "market.source"
        assert "[market]  Where bars come from." in screen_text(app)
        seen = set()
        for _ in range(len(screen.value.sheet.settings)):
            assert screen.current is not None
            seen.add(screen.current.key)
            assert "s3cret" not in screen.query_one(ScrollLines).text
            screen.do_down()
        assert seen == {one.key for one in screen.value.sheet.settings}
        await pilot.press("slash", *"holdout", "enter")
        await until(
            pilot,
            lambda: screen.current and screen.current.key == "training.holdout_sessions",
            "the found key",
        )
        assert "published figures come from them" in screen_text(app).replace("\n    ", " ")


async def test_limits_stand_beside_what_is_now(tmp_path: Path) -> None:
    """A threshold shows the worst symbol and how many are beyond it, at the value that is typed
    too."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        screen = await open_settings(app, pilot)
        await to(screen, pilot, "thresholds.max_model_age_days")
        assert "SPY 12.1, 5 above" in screen_text(app)
        assert "now: worst SPY 12.1 days; 5 above of 12" in screen_text(app)
        await pilot.press("e", "ctrl+u", "1", "1")
        await until(
            pilot,
            lambda: "it would meet now: worst SPY 12.1 days; 1 above of 12" in screen_text(app),
            "the effect",
        )


async def test_one_change_is_typed_checked_and_written(tmp_path: Path) -> None:
    """The form says at every key what is wrong, takes nothing wrong, and w writes the one line
    with its comments kept."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        before = engine.home.settings.read_text()
        screen = await open_settings(app, pilot)
        await to(screen, pilot, "training.epochs")
        await pilot.press("e", "ctrl+u", "0")
        await until(
            pilot,
            lambda: "WRONG  0: Expected int >= 1" in screen_text(app).replace("`", ""),
            "the reason",
        )
        await pilot.press("enter")
        assert isinstance(app.screen, SettingForm)
        await pilot.press("backspace", "4", "0")
        await until(pilot, lambda: "OK  training.epochs = 40" in screen_text(app), "the good word")
        await pilot.press("enter")
        await until(pilot, lambda: "NOT WRITTEN" in screen_text(app), "the mark")
        assert engine.home.settings.read_text() == before
        await pilot.press("w")
        await until(
            pilot,
            lambda: "written: training.epochs = 40 (was 50)" in screen_text(app),
            "the notice",
        )
        assert engine.home.settings.read_text() == before.replace(
            "\nepochs = 50\n", "\nepochs = 40\n"
        )
        assert screen.draft.values == {}


async def test_esc_leaves_the_key_as_it_is(tmp_path: Path) -> None:
    """esc in the form changes nothing; u takes a change back; r puts the default there."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.home.settings.write_text(
            engine.home.settings.read_text().replace("\nepochs = 50\n", "\nepochs = 9\n")
        )
        screen = await open_settings(app, pilot)
        await to(screen, pilot, "training.epochs")
        assert "1 changed from default" in screen_text(app)
        await pilot.press("e", "7", "escape")
        await until(pilot, lambda: app.screen is screen, "the list")
        assert screen.draft.values == {}
        await pilot.press("r")
        assert screen.draft.values == {("training", "epochs"): 50}
        await pilot.press("u")
        assert screen.draft.values == {}
        await pilot.press("r", "w")
        await until(pilot, lambda: value(engine, "training", "epochs") == 50, "the default")


async def test_several_changes_are_shown_and_asked_first(tmp_path: Path) -> None:
    """Two limits that need each other are refused alone, and written together after a yes to
    what is listed."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        await typed(app, screen, pilot, "resources.cpu_warn", "97")
        await pilot.press("w")
        await until(
            pilot,
            lambda: "not written: resources.cpu_warn: 97.0 is above cpu_crit" in screen_text(app),
            "the refusal",
        )
        await typed(app, screen, pilot, "resources.cpu_crit", "99")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "the question")
        assert all(
            text in screen_text(app)
            for text in ("Write 2 changes", "- 80.0", "+ 97", "- 95.0", "+ 99")
        )
        await pilot.press("n", "w")
        assert value(engine, "resources", "cpu_warn") == 80.0
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "the question again")
        await pilot.press("y")
        await until(pilot, lambda: value(engine, "resources", "cpu_crit") == 99, "the write")
        assert value(engine, "resources", "cpu_warn") == 97
        await until(
            pilot,
            lambda: [entry.outcome for entry in read_entries(engine.home)] == ["done"],
            "its line in the record",
        )


async def test_a_variable_that_overrides_is_said_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row names the variable, and even one change is asked about, because it has no effect
    here."""
    monkeypatch.setenv("ML_EPOCHS", "30")
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        await to(screen, pilot, "training.epochs")
        assert "30 epochs" in screen_text(app)
        assert "ML_EPOCHS=30 in the environment overrides the file" in screen_text(app)
        await typed(app, screen, pilot, "training.epochs", "40")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "the question")
        assert "ML_EPOCHS=30" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: value(engine, "training", "epochs") == 40, "the write")


async def test_a_file_broken_by_hand_is_shown_and_mended(tmp_path: Path) -> None:
    """Place and reason stand on the screen, only its line can be changed, and the settings are
    shown again with the changes that were begun."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        good = engine.home.settings.read_text()
        screen = await open_settings(app, pilot)
        await typed(app, screen, pilot, "training.epochs", "40")
        broken = good.replace("\nbatch_size = 32\n", '\nbatch_size = "x"\n')
        line = broken.splitlines().index('batch_size = "x"') + 1
        engine.home.settings.write_text(broken)
        screen.do_refresh()
        await until(
            pilot,
            lambda: f"stockml.toml line {line}: training.batch_size" in _flat(app),
            "the problem",
        )
        assert "BROKEN" in screen_text(app)
        assert "default" not in heading(app)
        for key in ("r", "u", "w"):
            await pilot.press(key)
            await until(pilot, lambda: "nothing is changed" in screen_text(app), "the refusal")
            await pilot.press("escape")
            await until(pilot, lambda: screen.notice is None, "the notice away")
        assert engine.home.settings.read_text() == broken
        await pilot.press("e")
        await until(pilot, lambda: "Mend a line" in screen_text(app), "the form")
        await pilot.press("ctrl+u", *"batch_size = 0", "enter")
        assert isinstance(app.screen, MendForm), "still wrong: the form stays"
        await pilot.press("backspace", *"32", "enter")
        await until(pilot, lambda: screen.current is not None, "the settings again")
        assert engine.home.settings.read_text() == good
        assert screen.draft.values == {("training", "epochs"): 40}


def _flat(app: StockmlApp) -> str:
    return "".join(row.strip() + " " for row in screen_text(app).splitlines()).replace("    ", " ")


async def test_somebody_else_changed_the_key_meanwhile(tmp_path: Path) -> None:
    """What another program wrote into the same key is not overwritten; the operator is told."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        await typed(app, screen, pilot, "training.epochs", "40")
        engine.home.settings.write_text(
            engine.home.settings.read_text().replace("\nepochs = 50\n", "\nepochs = 7\n")
        )
        await pilot.press("w")
        await until(
            pilot,
            lambda: "training.epochs was changed meanwhile" in screen_text(app),
            "the refusal",
        )
        assert value(engine, "training", "epochs") == 7


async def test_read_only_changes_nothing(tmp_path: Path) -> None:
    """A read-only console shows every key and refuses edit, default and write."""
    async with opened(tmp_path / "home", trained_home(), read_only=True) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        for key in ("e", "enter", "r", "u", "w"):
            await pilot.press(key)
            await pilot.pause()
            assert app.screen is screen
        assert "read-only" in screen_text(app)
        assert screen.draft.values == {}
        assert engine.asked("set") == []


async def test_changes_outlive_a_look_elsewhere_and_leaving_asks(tmp_path: Path) -> None:
    """The tab is marked; back there they stand as they were, and only the end asks for them."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        before = engine.home.settings.read_text()
        screen = await open_settings(app, pilot)
        await typed(app, screen, pilot, "training.epochs", "40")
        await until(pilot, lambda: ", Set*" in screen_text(app), "the mark on the tab")
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        await pilot.press("q")
        await until(pilot, lambda: "settings: training.epochs" in screen_text(app), "the question")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        again = await open_settings(app, pilot)
        assert again is not screen
        assert again.draft.values == {("training", "epochs"): 40}
        await pilot.press("w")
        await until(pilot, lambda: value(engine, "training", "epochs") == 40, "the write")
        await until(pilot, lambda: ", Set*" not in screen_text(app), "the mark taken away")
        assert engine.home.settings.read_text() != before


async def test_choices_are_gone_through(tmp_path: Path) -> None:
    """For a key with few values the arrow keys put one after the other into the field."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        await to(screen, pilot, "console.link")
        await pilot.press("enter", "down", "enter", "w")
        await until(pilot, lambda: value(engine, "console", "link") == "fast", "the write")


async def test_a_new_key_counts_at_once(tmp_path: Path) -> None:
    """A remapped key that is changed on the screen works when it is written;
    a clash is not written."""
    home = new_home(tmp_path / "home")
    home.settings.write_text(
        home.settings.read_text().replace("[console.keys]\n", '[console.keys]\nretrain = "T"\n')
    )
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        screen = await open_settings(app, pilot)
        await typed(app, screen, pilot, "console.keys.retrain", "q")
        await pilot.press("w")
        await until(pilot, lambda: "q is the key of quit" in _flat(app), "the clash")
        await typed(app, screen, pilot, "console.keys.retrain", "F7")
        await pilot.press("w")
        await until(pilot, lambda: "written: console.keys.retrain = " in _flat(app), "the write")
        await pilot.press("1", "f7")
        await until(pilot, lambda: engine.asked("plan"), "the plan")


@pytest.mark.parametrize("size", [(60, 15), (40, 10), (30, 5), (120, 40), (1, 1)])
async def test_it_stands_in_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """The current row is in sight where there is room for one, and no size ends the console."""
    async with opened(tmp_path / "home", trained_home(), size) as (app, _, pilot):
        screen = await open_settings(app, pilot)
        await pilot.press("j", "j", "e")
        await until(pilot, lambda: isinstance(app.screen, SettingForm), "the form")
        if size[0] >= 30:
            assert "refetch_sessions" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the list")
        if size[0] >= 30:
            assert "refetch_sessions" in screen_text(app)
        assert all(len(row) <= size[0] for row in screen_text(app).splitlines())


async def test_a_source_that_was_told_stands_beside_the_one_that_is_set(tmp_path: Path) -> None:
    """Opened with --source, the screen does not let one believe that the file's source is read."""
    async with opened(
        tmp_path / "home", replace(trained_home(), source="simulated"), (100, 30)
    ) as (app, _, pilot):
        await open_settings(app, pilot)
        await until(
            pilot,
            lambda: "this console reads simulated bars, as --source says" in screen_text(app),
            "the words",
        )
    async with opened(tmp_path / "other", trained_home(), (100, 30)) as (app, _, pilot):
        await open_settings(app, pilot)
        assert "--source" not in screen_text(app)
