"""Settings that cannot be used: every fault has its line, and a line mends it or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError, RefusedError
from engine.core.paths import Home
from engine.settings.home import default_settings, prepare
from engine.settings.load import SettingsSource
from engine.settings.mend import (
    LineEdit,
    SettingsFault,
    faults_of,
    lines_of,
    mend,
    still_wrong,
)
from engine.settings.texts import SettingsTexts, read_texts

GOOD = default_settings()


def texts(toml: str, symbols: str = "") -> SettingsTexts:
    """Both files as they are read from a home."""
    return SettingsTexts(SettingsSource(toml, symbols, "/h/stockml.toml", "/h/symbols.csv"))


def at(fault: SettingsFault) -> tuple[str, int, str]:
    """Where a fault is."""
    return fault.file, fault.line, fault.key


def line_with(words: str, toml: str = GOOD) -> int:
    """The number of the first line with these words."""
    return next(number for number, line in enumerate(toml.split("\n"), 1) if words in line)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("\nepochs = 50", "\nepochs = 0", "training.epochs"),
        ("\nepochs = 50", "\nepocs = 50", "training.epocs"),
        ("\nbatch_size = 32", '\nbatch_size = "x"', "training.batch_size"),
        ("\n[resources]", "\n[resources", ""),
        ('\nsource = "yahoo"', '\nsource = "yahoo', ""),
    ],
)
def test_a_fault_has_the_line_that_mends_it(old: str, new: str, key: str) -> None:
    """That of its key, or where TOML stops to be TOML; the old line mends it."""
    assert old in GOOD
    number = line_with(old.strip())
    broken = texts(GOOD.replace(old, new, 1))
    (fault,) = faults_of(broken, {})
    assert at(fault) == ("/h/stockml.toml", number, key)

    before = lines_of(broken, fault.file)[number - 1]
    edit = LineEdit(fault=fault, line=number, before=before, after=old.strip())
    assert still_wrong(broken, edit) == ""
    worse = LineEdit(fault=fault, line=number, before=before, after="= =")
    assert f"line {number}" in still_wrong(broken, worse)


def test_an_environment_variable_has_no_line() -> None:
    """No line of a file is to blame for it."""
    (fault,) = faults_of(texts(GOOD), {"ML_EPOCHS": "many"})

    assert fault.line == 0
    assert "environment ML_EPOCHS" in str(fault)


def test_a_line_of_the_table_of_symbols_is_mended_there(tmp_path: Path) -> None:
    """A fault of symbols.csv is written there, and stockml.toml stays."""
    head = "symbol,company,sector,kind,priority"
    broken = texts(GOOD, f"{head}\nAMD,AMD Inc,Chips,stock,urgent\n")
    (fault,) = faults_of(broken, {})
    assert at(fault)[:2] == ("/h/symbols.csv", 2)
    edit = LineEdit(
        fault=fault,
        line=2,
        before="AMD,AMD Inc,Chips,stock,urgent",
        after="AMD,AMD Inc,Chips,stock,high",
    )

    assert still_wrong(broken, edit) == ""


def test_the_line_is_written_and_the_file_before_kept(tmp_path: Path) -> None:
    """What still is wrong, or was changed meanwhile, is not written; carriage returns stay."""
    home = Home(tmp_path)
    prepare(home)
    broken = home.settings.read_text().replace("\nepochs = 50", "\nepochs = 0")
    home.settings.write_bytes(broken.replace("\n", "\r\n").encode())
    (fault,) = faults_of(read_texts(home), {})
    wrong = LineEdit(fault=fault, line=fault.line, before="epochs = 0\r", after="epochs = -1")
    with pytest.raises(ConfigError, match="nothing was written"):
        mend(home, wrong)
    stale = LineEdit(fault=fault, line=fault.line, before="epochs = 7\r", after="epochs = 8")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        mend(home, stale)
    mend(home, LineEdit(fault=fault, line=fault.line, before="epochs = 0\r", after="epochs = 8"))

    assert faults_of(read_texts(home), {}) == ()
    assert b"\r\nepochs = 8\r\n" in home.settings.read_bytes()
    assert b"epochs = 0" in (home.root / ".stockml.toml.previous").read_bytes()
    assert "line 28 of stockml.toml" in home.audit_log.read_text()


@given(st.text(max_size=400), st.text(max_size=200))
def test_any_two_texts_have_faults_with_lines_that_are_there(toml: str, symbols: str) -> None:
    """Whatever stands in the files: no crash, and each line is one of the file's."""
    found = texts(toml, symbols)
    for fault in faults_of(found, {}):
        assert 0 <= fault.line <= len(lines_of(found, fault.file)) or fault.line == 0
