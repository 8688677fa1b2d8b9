"""The settings one by one, and several of them changed together."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audit_log import read_entries
from engine.core.errors import ConfigError, RefusedError
from engine.settings import load as config
from engine.settings.document import line_of, split_key, with_value, without_key
from engine.settings.home import default_settings
from engine.settings.keys import why_refused
from engine.settings.sheet import (
    Setting,
    meanings,
    read_sheet,
    section_meanings,
    typed_text,
    value_of,
)
from engine.settings.write import set_key, set_keys
from tests.helpers import new_home
from tests.settings.test_document import TREES, paths_of, written

EPOCHS, ACCURACY = ("training", "epochs"), ("thresholds", "min_accuracy")
CPU_WARN, CPU_CRIT = ("resources", "cpu_warn"), ("resources", "cpu_crit")


def setting(folder: Path, key: str, **environ: str) -> Setting:
    """One setting of a new home."""
    return next(one for one in read_sheet(new_home(folder), environ).settings if one.key == key)


def test_every_key_is_there_with_its_meaning_and_default(tmp_path: Path) -> None:
    """Each key of the packaged file is listed once, explained, with the value of the file as
    value and as default."""
    sheet = read_sheet(new_home(tmp_path / "h"), {})
    tree = tomllib.loads(default_settings())

    assert sheet.problems == ()
    assert {one.path for one in sheet.settings} == set(paths_of(tree))
    assert [one.key for one in sheet.settings if not one.meaning or not one.takes] == []
    assert [
        one.key
        for one in sheet.settings
        if one.value != one.default or one.given != one.default or one.changed
    ] == []
    assert set(section_meanings()) | {"symbols"} == set(tree)
    assert all(section_meanings().values())
    assert meanings()["console", "keys"].startswith("Other keys for the console")


@pytest.mark.parametrize(
    ("key", "unit", "takes"),
    [
        ("training.epochs", "epochs", "a whole number from 1 to 1000"),
        ("thresholds.min_accuracy", "%", "a number from 0 to 100"),
        ("thresholds.max_model_age_days", "days", "a whole number from 1 to 3650"),
        ("market.request_spacing_s", "s", "a number from 0 to 60"),
        ("training.wall_limit_min", "min", "a number above 0 to 1440"),
        ("watch.live_min", "", "a whole number from 10 to 2000"),
        ("watch.volatility_market_sigma", "sigma", "a number above 0 to 50"),
        ("logs.max_mb", "MB", "a whole number from 1 to 100000"),
        ("console.link", "", "auto or fast or slow"),
        ("service.prediction_ttl", "", "write it like 30s, 5m or 1h"),
        ("symbols.NVDA.priority", "", "high or medium or low"),
        ("symbols.AUR.min_date", "", "a day, as 2021-11-04"),
    ],
)
def test_a_key_says_its_unit_and_what_it_takes(
    tmp_path: Path, key: str, unit: str, takes: str
) -> None:
    """Unit and range stand beside a key in words."""
    one = setting(tmp_path / "h", key)

    assert (one.unit, one.takes) == (unit, takes)


def test_a_variable_that_overrides_is_named(tmp_path: Path) -> None:
    """The value in effect, the file's own, and the variable;
    a variable that is not set is not named."""
    one = setting(tmp_path / "h", "training.epochs", ML_EPOCHS="30")

    assert (one.value, one.given, one.variable) == (30, 50, "ML_EPOCHS")
    assert setting(tmp_path / "h", "training.batch_size", ML_EPOCHS="30").variable == ""


def test_a_broken_file_is_told_with_its_lines(tmp_path: Path) -> None:
    """Every problem comes with file and line, and there is nothing to change."""
    home = new_home(tmp_path / "h", training__epochs=0)
    line = home.settings.read_text().splitlines().index("epochs = 0") + 1
    wrong = read_sheet(home, {})
    home.settings.write_text("[training]\nepochs = \n")
    torn = read_sheet(home, {})
    home.settings.write_bytes(b"\xff")
    binary = read_sheet(home, {})
    home.settings.unlink()

    assert wrong.settings == ()
    assert f"stockml.toml line {line}: training.epochs: 0" in wrong.problems[0]
    assert "line 2" in torn.problems[0]
    assert "not UTF-8" in binary.problems[0]
    assert "cannot be read" in read_sheet(home, {}).problems[0]


def test_changes_are_judged_together(tmp_path: Path) -> None:
    """A limit above the next one is a problem alone and none with it; the file is not touched."""
    home = new_home(tmp_path / "h")
    sheet, before = read_sheet(home, {}), home.settings.read_text()

    assert "above cpu_crit" in sheet.with_changes({CPU_WARN: 96.0})[0]
    assert sheet.with_changes({CPU_WARN: 96.0, CPU_CRIT: 99.0}) == ()
    assert home.settings.read_text() == before


def test_several_keys_are_written_together(tmp_path: Path) -> None:
    """Two lines differ afterwards, the file before is kept, and the record names both with old
    and new value."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    set_keys(home, {CPU_WARN: 96.0, CPU_CRIT: 99.0}, {CPU_WARN: 80.0, CPU_CRIT: 95.0})
    after = home.settings.read_text()

    assert after == before.replace("cpu_warn = 80.0", "cpu_warn = 96.0").replace(
        "cpu_crit = 95.0", "cpu_crit = 99.0"
    )
    assert (home.root / ".stockml.toml.previous").read_text() == before
    (entry,) = read_entries(home)
    assert (entry.action, entry.outcome) == ("config set", "done")
    assert entry.details == {
        "resources.cpu_warn": "80.0 -> 96.0",
        "resources.cpu_crit": "95.0 -> 99.0",
    }


@pytest.mark.parametrize(
    "changes",
    [{CPU_WARN: 96.0}, {EPOCHS: 10, ACCURACY: "x"}, {EPOCHS: 10, ("training", "nope"): 1}],
)
def test_together_or_not_at_all(tmp_path: Path, changes: dict[tuple[str, ...], object]) -> None:
    """When one of the changes is wrong, none of them is written."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    with pytest.raises(ConfigError, match="nothing was written"):
        set_keys(home, changes)

    assert home.settings.read_text() == before
    assert [entry.outcome for entry in read_entries(home)] == ["refused"]


def test_somebody_elses_change_is_not_overwritten(tmp_path: Path) -> None:
    """A key that stands otherwise than it was seen is refused;
    one that others left alone is written beside their change."""
    home = new_home(tmp_path / "h")
    set_key(home, "training.epochs", "7")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        set_keys(home, {EPOCHS: 10}, {EPOCHS: 50})
    set_keys(home, {ACCURACY: 40}, {ACCURACY: 45.0})

    settings = config.load(home, {})
    assert (settings.training.epochs, settings.thresholds.min_accuracy) == (7, 40)


def test_a_key_is_taken_out_with_its_line(tmp_path: Path) -> None:
    """None takes a remapped key out again; every other character stays."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    set_keys(home, {("console", "keys", "retrain"): ["T", "ctrl+t"]})
    assert config.load(home, {}).console.keys == {"retrain": ("T", "ctrl+t")}
    set_keys(home, {("console", "keys", "retrain"): None})

    assert home.settings.read_text() == before


def test_what_was_mistyped_is_not_recorded(tmp_path: Path) -> None:
    """A refused `config set` leaves neither the value nor the error in the record: it may be a
    secret in the wrong place."""
    home = new_home(tmp_path / "h")
    for key in ("alerts.enabled", "discord://hook/token"):
        with pytest.raises(ConfigError):
            set_key(home, key, "https://user:s3cret@example.org")

    assert "s3cret" not in home.audit_log.read_text()
    assert "token" not in home.audit_log.read_text()
    assert [entry.outcome for entry in read_entries(home)] == ["refused", "refused"]


@given(st.data(), TREES)
def test_taking_a_key_out_changes_nothing_else(
    data: st.DataObject, tree: dict[str, object]
) -> None:
    """In any form of a file the key is gone and all else reads the same, or it is refused;
    its line was the right one."""
    text = written(tree, data.draw)
    leaves = paths_of(tree)
    if not leaves:
        return
    path = data.draw(st.sampled_from(leaves))
    line = line_of(text, path)
    assert line is not None
    assert line_of(text, (*path[:-1], "no such key")) is None
    try:
        result = without_key(text, path)
    except ConfigError:
        return
    expected = tomllib.loads(text)
    table = expected
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    assert tomllib.loads(result) == expected
    assert "\n".join(text.split("\n")[: line - 1]) == "\n".join(result.split("\n")[: line - 1])


@given(
    st.sampled_from(
        [
            "training.epochs",
            "market.source",
            "thresholds.min_accuracy",
            "training.members",
            "alerts.enabled",
        ]
    ),
    st.text(max_size=30),
)
def test_whatever_is_typed_is_a_value_or_a_sentence(key: str, raw: str) -> None:
    """A typed text never ends the check: it is a value that fits the key, or an error in
    printable words."""
    path = split_key(key)
    try:
        value = value_of(path, raw)
    except ConfigError as error:
        assert error.message.isprintable()
    else:
        assert why_refused(path, value) == ""
        assert with_value(default_settings(), path, value)


def test_what_is_shown_can_be_typed_again(tmp_path: Path) -> None:
    """The text that the form begins with means the value that stands there, for every key."""
    sheet = read_sheet(new_home(tmp_path / "h"), {})

    assert [
        one.key for one in sheet.settings if value_of(one.path, typed_text(one.value)) != one.value
    ] == []
