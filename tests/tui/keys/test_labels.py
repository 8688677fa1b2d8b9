"""Sentences name the operator's own keys: none of them has a key written into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings.home import default_settings
from tests.helpers import ROOT
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import empty_home, trained_home
from tui.keys.keymap import key_of, keymap
from tui.keys.labels import key, put_in_force, spelled
from tui.keys.table import ACTIONS, key_name

IDS = {action.id for action in ACTIONS}
TABLES = ROOT / "tui" / "keys"
"""Where keys belong."""
# A key alone, then what it does or the end of a clause: "w writes it", "(esc hides)", "press A", "6
# shows them".
_KEY = re.compile(
    r"(?<![\w/.'%{+-])(?:[b-zB-Z]|esc|enter|space|tab|ctrl\+[a-z]|F\d|(?<![a-z] )[1-9?](?="
    r" \w+s\b))(?= [a-z]|[,;)]|$)"
)
_PRESS = re.compile(r"\bpress (?!\{)\S+")
NO_KEY = (
    "free space, and check the permissions of logs/",
    "ctrl+c does nothing here",
    "* close, o forecast, + and x the 80 % interval",
    "sessions that the model was not trained on; n is how many",
)
"""Sentences in which a word or a letter is none."""


def names_a_key(text: str) -> bool:
    """Whether a key is written into a sentence."""
    return (
        text not in NO_KEY
        and len(text) > 6
        and " " in text
        and bool(_KEY.search(text) or _PRESS.search(text))
    )


def sentences() -> Iterator[tuple[str, str]]:
    """(file, text) of every text in the console's code that is no docstring;
    what is put into it left out."""
    for path in sorted((ROOT / "tui").rglob("*.py")):
        if path.parent == TABLES:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in told
            ):
                yield path.name, node.value


def test_no_sentence_has_a_key_written_into_it() -> None:
    """Every key in words is asked from the table: a new sentence with a letter in it is noticed
    here."""
    assert [
        (name, text) for name, text in sentences() if "\\" not in text and names_a_key(text)
    ] == []


@pytest.mark.parametrize(
    "text",
    ["changed; w writes it", "esc hides all of it", "wait, or cancel with x", "(6 shows them)"],
)
def test_a_written_key_is_found(text: str) -> None:
    """What the guard looks for are keys as people write them."""
    assert names_a_key(text)


def test_every_key_that_is_asked_for_exists() -> None:
    """Each id in code and in `{id}` of a text is one of the table."""
    asked_for = {
        found
        for _, text in sentences()
        for found in re.findall(r"\{([a-z]+_[a-z_]+|log|check|zoom|away|back)\}", text)
    }
    for path in (ROOT / "tui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "key"
                and isinstance(node.args[0], ast.Constant)
            ):
                asked_for.add(str(node.args[0].value))

    assert asked_for >= {"retrain", "main_to_alerts", "view_only", "confirm_yes"}
    assert asked_for <= IDS


def test_a_text_is_spelled_with_the_keys_in_force() -> None:
    """The first key of the operator's counts; without any, ours."""
    assert spelled("{retrain} trains, {main_to_alerts} tells") == "r trains, 6 tells"
    put_in_force(keymap({"retrain": ["T", "F7"], "to_alerts": "F6"}))
    try:
        assert spelled("{retrain} trains, {main_to_alerts} tells") == "T trains, F6 tells"
    finally:
        put_in_force(keymap({}))


def new_keys(folder: Path, entries: str) -> Path:
    """A home with these entries of `[console.keys]`."""
    folder.mkdir()
    text = default_settings().replace("[console.keys]\n", f"[console.keys]\n{entries}\n")
    (folder / "stockml.toml").write_text(text)
    return folder


async def test_an_empty_home_names_the_operators_keys(tmp_path: Path) -> None:
    """First start, the current row, an empty list and a form name the keys of stockml.toml;
    the next console names its own."""
    home = new_keys(
        tmp_path / "home",
        'retrain = "T"\ntrain_all = "F9"\nquit = "Q"\nbackups_make = "B"\nto_backups = "F4"',
    )
    async with opened(home, empty_home()) as (app, _, pilot):
        await until(
            pilot, lambda: "Press F9 to train all 13 symbols" in screen_text(app), "the first steps"
        )
        assert "press T. Training continues when you leave with Q." in screen_text(app)
        assert "T trains it, F9 all" in screen_text(app)
        await pilot.press("f4")
        await until(
            pilot, lambda: "no backup yet: B makes one" in screen_text(app), "the empty list"
        )
    assert key("retrain") == "r"


async def test_a_question_names_the_operators_answers(tmp_path: Path) -> None:
    """The confirmation, the help and a notice ask the table too."""
    home = new_keys(
        tmp_path / "home", 'confirm_yes = "Y"\nconfirm_no = "F8"\ntheme = "F3"\naway = "F2"'
    )
    async with opened(home, trained_home(), (100, 60)) as (app, _, pilot):
        await pilot.press("r")
        await until(pilot, lambda: "Y = yes, F8 = no" in screen_text(app), "the answers")
        await pilot.press("f8", "f3")
        await until(pilot, lambda: "F3 shows the next" in screen_text(app), "the notice")
        await pilot.press("question_mark", "G")
        await until(
            pilot,
            lambda: "F2 shows all of it at any time" in " ".join(screen_text(app).split()),
            "the help",
        )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("f9", "F9"),
        ("exclamation_mark", "!"),
        ("full_stop", "."),
        ("T", "T"),
        ("ctrl+t", "ctrl+t"),
        ("space", "space"),
        ("enter", "enter"),
        ("left", "left"),
        ("pagedown", "pgdn"),
        ("comma", ","),
    ],
)
def test_a_key_is_written_as_an_entry_writes_it(name: str, written: str) -> None:
    """What the screen calls a key can be written into stockml.toml, and means that key."""
    assert (key_name(name), key_of(written)) == (written, name)
