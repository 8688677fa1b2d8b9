"""The settings one by one, and several of them changed together."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError
from engine.settings.document import split_key, with_value
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
from tests.helpers import new_home
from tests.settings.test_document import paths_of

EPOCHS, ACCURACY = ("training", "epochs"), ("thresholds", "min_accuracy")
CPU_WARN, CPU_CRIT = ("resources", "cpu_warn"), ("resources", "cpu_crit")


def setting(folder: Path, key: str, **environ: str) -> Setting:
    """One setting of a new home."""
    return next(
        entry for entry in read_sheet(new_home(folder), environ).settings if entry.key == key
    )


def test_every_key_is_listed_with_its_meaning_and_default(tmp_path: Path) -> None:
    """Each key of the packaged file is listed once, explained, with the value of the file as
    value and as default."""
    sheet = read_sheet(new_home(tmp_path / "h"), {})
    tree = tomllib.loads(default_settings())

    assert sheet.problems == ()
    assert {entry.path for entry in sheet.settings} == set(paths_of(tree))
    assert [entry.key for entry in sheet.settings if not entry.meaning or not entry.takes] == []
    assert [
        entry.key
        for entry in sheet.settings
        if entry.value != entry.default or entry.given != entry.default or entry.changed
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
def test_a_key_has_its_unit_and_what_it_takes(
    tmp_path: Path, key: str, unit: str, takes: str
) -> None:
    """Unit and range stand beside a key in words."""
    entry = setting(tmp_path / "h", key)

    assert (entry.unit, entry.takes) == (unit, takes)


def test_a_variable_that_overrides_is_named(tmp_path: Path) -> None:
    """The value in effect, the file's own, and the variable;
    a variable that is not set is not named."""
    entry = setting(tmp_path / "h", "training.epochs", ML_EPOCHS="30")

    assert (entry.value, entry.given, entry.variable) == (30, 50, "ML_EPOCHS")
    assert setting(tmp_path / "h", "training.batch_size", ML_EPOCHS="30").variable == ""


def test_a_broken_file_is_reported_with_its_lines(tmp_path: Path) -> None:
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
    assert "cannot read" in read_sheet(home, {}).problems[0]


def test_changes_are_judged_together(tmp_path: Path) -> None:
    """A limit above the next one is a problem alone and none with it; the file is not touched."""
    home = new_home(tmp_path / "h")
    sheet, before = read_sheet(home, {}), home.settings.read_text()

    assert "above cpu_crit" in sheet.with_changes({CPU_WARN: 96.0})[0]
    assert sheet.with_changes({CPU_WARN: 96.0, CPU_CRIT: 99.0}) == ()
    assert home.settings.read_text() == before


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
def test_any_typed_word_is_a_value_or_a_reason(key: str, raw: str) -> None:
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


def test_a_shown_value_can_be_typed_again(tmp_path: Path) -> None:
    """The text that the form begins with means the value that stands there, for every key."""
    sheet = read_sheet(new_home(tmp_path / "h"), {})

    assert [
        entry.key
        for entry in sheet.settings
        if value_of(entry.path, typed_text(entry.value)) != entry.value
    ] == []
