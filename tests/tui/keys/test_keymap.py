"""The operator's own keys: what is taken, what is not, and why."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.binding import BindingsMap

from engine.settings import load as config
from tests.helpers import new_home, stockml
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.keys.keymap import FIXED, family, key_of, keymap, keys_of, problems_of, stem
from tui.keys.table import ACTIONS, GROUPS, bindings, by_id, in_group


def test_an_entry_moves_its_action() -> None:
    """One key or a list, written as people write it; everything else keeps its keys."""
    found = keymap({"retrain": "ctrl+t", "backup_now": ["B", "F7"], "filter": "&"})

    assert found.problems == ()
    assert (found.keys["retrain"], found.keys["backup_now"]) == (("ctrl+t",), ("B", "f7"))
    assert found.keys["filter"] == ("ampersand",)
    assert keys_of("palette", found) == by_id("palette").keys


def test_an_entry_counts_on_every_screen_with_the_same_keys() -> None:
    """`help` moves the help of all screens, `cancel` that of the runs too;
    a full id wins over it."""
    found = keymap({"help": ["F2", "?"], "cancel": "X", "run_cancel": "K"})

    assert {action.id for action in family("help")} >= {"help", "runs_help", "schedule_help"}
    assert found.keys["schedule_help"] == ("f2", "question_mark")
    assert (found.keys["cancel"], found.keys["runs_cancel"], found.keys["run_cancel"]) == (
        ("X",),
        ("X",),
        ("K",),
    )
    assert {stem(action) for action in family("to_runs")} == {"to_runs"}
    assert len(family("main_to_runs")) == len(family("to_runs")) > 5


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"retrian": "t"}, ("console.keys.retrian", "did you mean retrain?")),
        ({"retrain": "ctrl+shift+alt+t"}, ("console.keys.retrain", "is no key")),
        ({"retrain": "\x1b[2J"}, ("is no key",)),
        ({"retrain": "ctrl+i"}, ("a terminal sends tab for ctrl+i",)),
        ({"retrain": "ctrl+c"}, ("ctrl+c cannot be given away",)),
        ({"retrain": "ctrl+q"}, ("ctrl+q cannot be given away",)),
        ({"retrain": "q"}, ("q is the key of quit", "'Dashboard'")),
        ({"retrain": "?"}, ("? is the key of help",)),
        (
            {"train_all": "ctrl+t", "quick_train": "ctrl+t"},
            ("console.keys.quick_train", "ctrl+t is the key of train_all"),
        ),
        ({"leave": "L"}, ("ctrl+q always leaves the console",)),
        ({"palette_back": "x"}, ("is text on this screen",)),
        ({"confirm_yes": "r"}, ("r asks some of the questions",)),
    ],
)
def test_an_entry_that_cannot_be_taken_is_left_out_and_told(
    entries: dict[str, str], words: tuple[str, ...]
) -> None:
    """An unknown action, an unknown key, a key that something else has: one sentence, and every
    key stays as it was."""
    found = keymap(entries)

    assert len(found.problems) == 1
    assert all(word in found.problems[0] for word in words)
    assert found.problems[0].isprintable()
    assert len(found.keys) == len(entries) - 1


def test_keys_can_be_swapped() -> None:
    """Two actions may take each other's keys;
    when one of the two entries falls away, so does the other."""
    found = keymap({"retrain": "b", "backup_now": "r"})
    alone = keymap({"retrain": "b", "backup_now": ["r", "ctrl+c"]})

    assert (found.keys["retrain"], found.keys["backup_now"], found.problems) == (("b",), ("r",), ())
    assert alone.keys == {}
    assert len(alone.problems) == 2


IDS = st.sampled_from(
    [*(action.id for action in ACTIONS), "help", "down", "to_runs", "back", "nothing"]
)
KEYS = st.sampled_from(
    [
        "t",
        "r",
        "q",
        "?",
        "esc",
        "enter",
        "F1",
        "f9",
        "ctrl+q",
        "ctrl+t",
        "ctrl+i",
        "x",
        "1",
        "y",
        "space",
        "ö",
        "",
    ]
)


@settings(max_examples=40)
@given(st.dictionaries(IDS, st.one_of(KEYS, st.lists(KEYS, min_size=1, max_size=3)), max_size=8))
def test_no_settings_break_the_keys(entries: dict[str, str | list[str]]) -> None:
    """Whatever is asked: on no screen has a key two meanings, every action keeps a key, help and
    quit stay reachable."""
    found = keymap(entries)
    for group in GROUPS:
        keys = Counter(key for action in in_group(group) for key in keys_of(action.id, found))
        assert [key for key, count in keys.items() if count > 1] == []
    assert all(keys_of(action.id, found) for action in ACTIONS if action.keys)
    assert keys_of(FIXED, found) == ("ctrl+q",)
    rejected = {
        problem.partition(": ")[0].removeprefix("console.keys.") for problem in found.problems
    }
    assert len(rejected) == len(found.problems)
    assert all(
        action.id in found.keys
        for name in entries
        if name not in rejected
        for action in family(name)
    )


@settings(max_examples=40)
@given(st.dictionaries(IDS, st.one_of(KEYS, st.lists(KEYS, min_size=1, max_size=3)), max_size=8))
@example({"retrain": "b", "backup_now": "r"})
@example({"retrain": ["b", "x"], "backup_now": ["x", "r"], "cancel": "b"})
def test_textual_binds_what_we_say(entries: dict[str, str | list[str]]) -> None:
    """Laid over Textual's own bindings the keymap gives each key to the action that it should
    have, swaps included."""
    found = keymap(entries)
    for group in GROUPS:
        bound = BindingsMap(bindings(group))
        bound.apply_keymap(found.textual)
        live = {
            key: {binding.id for binding in those} for key, those in bound.key_to_bindings.items()
        }
        assert live == {
            key: {action.id} for action in in_group(group) for key in keys_of(action.id, found)
        }


def test_every_key_of_ours_can_be_written() -> None:
    """The keys of the table are keys that an entry may name."""
    assert [key for action in ACTIONS for key in action.keys if key_of(key) != key] == []


async def test_the_console_takes_them(tmp_path: Path) -> None:
    """Footer, help and palette show the key of stockml.toml, it works, the old one does not;
    a mistake is a notice."""
    home = new_home(tmp_path / "home")
    home.settings.write_text(
        home.settings.read_text().replace(
            "[console.keys]\n", '[console.keys]\nretrain = "T"\nmarq = "m"\n'
        )
    )
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await until(pilot, lambda: "did you mean mark?" in screen_text(app), "the notice")
        assert "T retrain" in screen_text(app).splitlines()[-1]
        await pilot.press("escape", "r")
        await pilot.pause()
        assert engine.asked("plan") == []
        await pilot.press("T")
        await until(pilot, lambda: engine.asked("plan"), "the plan")
        await until(pilot, lambda: len(app.screen_stack) > 1, "the question")
        await pilot.press("escape", "question_mark")
        await until(pilot, lambda: "retrain the marked rows" in screen_text(app), "the help")
        assert " T " in next(
            row for row in screen_text(app).splitlines() if "retrain the marked" in row
        )


async def test_ctrl_q_leaves_whatever_quit_is(tmp_path: Path) -> None:
    """With another key for quit, ctrl+q still ends the console, and the new key types text where
    text is typed."""
    home = new_home(tmp_path / "home")
    home.settings.write_text(
        home.settings.read_text().replace("[console.keys]\n", '[console.keys]\nquit = "Z"\n')
    )
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("slash", "Z", "Z", "enter")
        await until(pilot, lambda: app.main.row_filter.text == "ZZ", "the typed text")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_code is not None, "the end")


def test_check_and_set_know_the_ids(tmp_path: Path) -> None:
    """`config check` names a wrong entry and ends with 3;
    `config set` does not write one, and writes a right one."""
    home = new_home(tmp_path / "h")
    where = ("--home", str(home.root))
    wrong = stockml("config", "set", "console.keys.retrian", "t", *where)
    right = stockml("config", "set", "console.keys.retrain", "T,ctrl+t", *where)
    assert (wrong.returncode, right.returncode) == (3, 0)
    assert "did you mean retrain?" in wrong.stderr
    assert '\nretrain = ["T", "ctrl+t"]\n' in home.settings.read_text()
    assert stockml("config", "check", *where).returncode == 0
    assert "console.keys.retrain" in stockml("config", "show", *where).stdout

    home.settings.write_text(home.settings.read_text().replace("retrain = [", "retrian = ["))
    checked = stockml("config", "check", *where)
    assert checked.returncode == 3
    assert "console.keys.retrian: there is no such action" in checked.stdout
    assert problems_of(config.load(home, {}))
