"""One table of actions: bindings, footer, help, palette and manual cannot drift apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from textual.binding import Binding

from tests.helpers import ROOT
from tests.tui.helpers import opened
from tests.tui.scenes import trained_home
from tui.alerts.screen import AlertsScreen
from tui.backups.detail import BackupScreen
from tui.backups.list import BackupsScreen
from tui.command.line import CommandScreen
from tui.command.messages import MessagesScreen
from tui.command.output import OutputScreen
from tui.dashboard.away_screen import AwayScreen
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.dialogs.help import HelpScreen, help_lines
from tui.dialogs.palette import PaletteScreen, matching, palette_lines
from tui.dialogs.prompt import PromptScreen
from tui.doctor.screen import DoctorScreen
from tui.hosts.screen import HostsScreen
from tui.keys.action import Action
from tui.keys.manual import key_table, page
from tui.keys.table import ACTIONS, GROUPS, bindings, by_id, in_group, key_name
from tui.logs.list import LogsScreen
from tui.logs.viewer import LogView
from tui.record.screen import AuditScreen
from tui.runs.detail import RunScreen
from tui.runs.list import RunsScreen
from tui.schedule.form import ScheduleForm
from tui.schedule.screen import ScheduleScreen
from tui.screens.base import ActingScreen
from tui.service.screen import ServiceScreen
from tui.settings.form import SettingForm
from tui.settings.screen import SettingsScreen
from tui.symbol.screen import SymbolScreen
from tui.symbols.screen import SymbolsScreen
from tui.widgets.footer import footer_parts
from tui.widgets.lines import plain
from tui.widgets.targets import line_of

SCREENS: tuple[type[ActingScreen[object]], ...] = (
    MainScreen,
    SymbolScreen,
    RunsScreen,
    RunScreen,
    LogsScreen,
    LogView,
    PromptScreen,
    CommandScreen,
    OutputScreen,
    MessagesScreen,
    BackupsScreen,
    BackupScreen,
    ScheduleScreen,
    ScheduleForm,
    SettingsScreen,
    SettingForm,
    AuditScreen,
    AlertsScreen,
    ServiceScreen,
    DoctorScreen,
    SymbolsScreen,
    HostsScreen,
    AwayScreen,
    HelpScreen,
    ConfirmScreen,
    PaletteScreen,
)  # type: ignore[assignment]


def test_ids_are_unique_and_groups_known() -> None:
    """An id means one action, and each group has its screen."""
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert (
        {action.group for action in ACTIONS} == set(GROUPS) == {screen.GROUP for screen in SCREENS}
    )


@pytest.mark.parametrize("group", GROUPS)
def test_no_key_means_two_things_on_one_screen(group: str) -> None:
    """Within a screen a key has one action."""
    keys = Counter(key for action in in_group(group) for key in action.keys)

    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("screen", SCREENS)
def test_bindings_come_from_the_table(screen: type[ActingScreen[object]]) -> None:
    """A screen binds the keys of its group and no others, and has every handler the table names."""
    bound = {
        binding.id: binding.key
        for binding in bindings(screen.GROUP)
        if isinstance(binding, Binding)
    }

    assert bound == {
        action.id: ",".join(action.keys) for action in in_group(screen.GROUP) if action.keys
    }
    assert [
        action.handler
        for action in in_group(screen.GROUP)
        if not any(hasattr(owner, action.handler) for owner in (screen, *screen.VERBS))
    ] == []


async def test_live_keys_are_the_tables_keys(tmp_path: Path) -> None:
    """What Textual really binds on the dashboard is what the table says, so help and footer tell
    the truth."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        live = app.main.keys()

    assert {action_id: set(keys) for action_id, keys in live.items()} == {
        action.id: set(action.keys) for action in in_group("main") if action.keys
    }


async def test_help_names_every_live_key(tmp_path: Path) -> None:
    """Each live binding of the dashboard has its line in the help, with the action's words."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        keys = app.main.keys()
        text = "\n".join(plain(found) for found in help_lines("main", keys, False, 200))

    for action_id, found in keys.items():
        assert by_id(action_id).description in text
        assert all(key_name(key) in text for key in found)


async def test_remapped_key_shows_in_help_and_footer(tmp_path: Path) -> None:
    """A key changed by the keymap is the one that help and footer show, and the one that works."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        app.set_keymap({"mark": "v"})
        await pilot.pause()
        keys = app.main.keys()
        await pilot.press("v")

        assert keys["mark"] == ("v",)
        assert "v mark" in footer_text(in_group("main"), keys, 200, False)
        assert app.main.marks == {"NVDA"}


def footer_text(
    actions: Sequence[Action], keys: Mapping[str, tuple[str, ...]], width: int, read_only: bool
) -> str:
    """The footer as it reads."""
    return plain(line_of(footer_parts(actions, keys, width, read_only)))


@pytest.mark.parametrize("width", [1, 20, 30, 40, 60, 80, 120])
@pytest.mark.parametrize("group", GROUPS)
def test_footer_fits_and_keeps_the_first_two(group: str, width: int) -> None:
    """The footer never overflows;
    from 20 columns on its first two actions stand (help and quit on the dashboard)."""
    actions = in_group(group)
    keys = {action.id: action.keys for action in actions}
    text = footer_text(actions, keys, width, False)

    assert len(text) <= width
    if width >= 20:
        first = sorted(
            (action for action in actions if action.footer), key=lambda action: action.footer
        )[:2]
        assert all(action.name in text for action in first)


def test_whole_footer_stands_at_80_columns() -> None:
    """At 80 columns no footer action of the dashboard is cut."""
    actions = in_group("main")
    text = footer_text(actions, {action.id: action.keys for action in actions}, 80, False)

    assert all(action.name in text for action in actions if action.footer)


def test_read_only_footer_has_no_writing_key() -> None:
    """A read-only console offers nothing it would refuse."""
    actions = in_group("main")
    text = footer_text(actions, {action.id: action.keys for action in actions}, 200, True)

    assert [action.name for action in actions if action.writes and action.name in text] == []


def test_palette_finds_by_words() -> None:
    """Letters of a name or description find the action;
    the dangerous guess is not the first hit."""
    main = in_group("main")

    assert matching(main, "retr")[0].id == "retrain"
    assert matching(main, "train")[0].id == "retrain"
    assert matching(main, "quick train")[0].id == "quick_train"
    assert matching(main, "zzz") == ()
    assert set(matching(main, "")) == set(main)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "group",
    [
        group
        for group in GROUPS
        if any(action.handler == "do_palette" for action in in_group(group))
    ],
)
def test_the_palette_cuts_nothing_at_80_columns(group: str, read_only: bool) -> None:
    """Keys stand in their column and every description ends on the screen;
    what a read-only console refuses says so."""
    actions = in_group(group)
    rows = palette_lines(
        actions, {action.id: action.keys for action in actions}, 0, read_only, 80, len(actions)
    )

    for action, found in zip(actions, map(plain, rows), strict=True):
        assert len(found) == 80
        assert found[2:].index(f" {action.description}") <= 14, found
        assert ("(off)" in found) is (read_only and action.writes)


def test_key_table_lists_every_action() -> None:
    """Each action has its row; one that the dashboard has too is told there alone."""
    table = key_table()
    told = {(action.keys, action.description) for action in ACTIONS if action.keys}

    assert table.count("| `") >= len(told)
    assert all(action.description in table for action in ACTIONS if action.keys)
    assert "| `A` | train all symbols (off with `--read-only`) |" in table


def test_the_page_of_keys_is_what_the_actions_make() -> None:
    """`make pages` writes docs/keys.md anew."""
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == page()
