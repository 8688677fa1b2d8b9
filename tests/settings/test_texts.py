"""Both files of the settings, read as one and edited where a key stands."""

from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.settings.home import default_settings
from engine.settings.load import load, settings_version
from engine.settings.symbol_file import symbol_table
from engine.settings.tables import without_table
from engine.settings.texts import MOST_IN_TOML, SettingsTexts, read_texts
from engine.settings.write import rewrite, set_key
from tests.helpers import new_home

ROW = "symbol,priority\nIBM,high\n"


def with_csv(folder: Path, text: str = ROW) -> Home:
    """A home with a symbols.csv."""
    home = new_home(folder / "h")
    home.symbols.write_text(text)
    return home


def added(home: Home, *names: str, csv: bool = False) -> None:
    """Symbols added to a home."""
    tables = {name: symbol_table(name) for name in names}
    rewrite(home, lambda texts: texts.with_symbols(tables, csv=csv))


def test_one_loader_reads_both(tmp_path: Path) -> None:
    """The symbols of stockml.toml, then those of symbols.csv; a change of either is seen."""
    home = with_csv(tmp_path)
    before = settings_version(home)

    assert load(home, {}).names[-2:] == ("SPY", "IBM")
    home.symbols.write_text(f"{ROW}QQQ,low\n")
    assert settings_version(home) != before
    assert load(home, {}).names[-1] == "QQQ"


def test_a_symbol_in_both_names_both_lines(tmp_path: Path) -> None:
    """Exit 3, with the line in each file."""
    home = with_csv(tmp_path, "symbol\nNVDA\n")
    line = home.settings.read_text().splitlines().index("[symbols.NVDA]") + 1

    with pytest.raises(ConfigError) as refused:
        load(home, {})
    assert f"{home.symbols} line 2" in refused.value.message
    assert f"{home.settings} line {line}" in refused.value.message
    assert refused.value.exit_code == 3


def test_the_13_stay_the_default(tmp_path: Path) -> None:
    """A file without symbols has them; adding or removing one keeps the others."""
    home = new_home(tmp_path / "h")
    home.settings.write_text('[market]\nsource = "simulated"\n')
    thirteen = load(home, {}).names
    assert len(thirteen) == 13

    added(home, "IBM")
    assert load(home, {}).names == (*thirteen, "IBM")
    home.settings.write_text('[market]\nsource = "simulated"\n')
    rewrite(home, lambda texts: texts.without_symbol("TSLA"))
    assert load(home, {}).names == tuple(name for name in thirteen if name != "TSLA")


def test_symbols_csv_alone_has_the_symbols_where_the_toml_has_none(tmp_path: Path) -> None:
    """An empty [symbols] beside it is no mistake."""
    home = with_csv(tmp_path)
    home.settings.write_text("[symbols]\n")

    assert load(home, {}).names == ("IBM",)


def test_new_symbols_go_to_the_csv_once_the_toml_is_full(tmp_path: Path) -> None:
    """Fewer than 50 in stockml.toml: there; else in symbols.csv."""
    home = new_home(tmp_path / "h")
    added(home, *(f"A{number}" for number in range(40)))
    texts = read_texts(home)

    assert len(texts.in_toml) == MOST_IN_TOML
    assert list(texts.source.listed.tables) == ["A37", "A38", "A39"]
    assert len(load(home, {}).names) == 53


def test_an_add_taken_back_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Comments and order stay, and the file before is kept."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    added(home, "IBM")
    with_ibm = home.settings.read_text()
    rewrite(home, lambda texts: texts.without_symbol("IBM"))

    assert with_ibm.startswith(before)
    assert home.settings.read_text() == before
    assert (home.root / ".stockml.toml.previous").read_text() == with_ibm


@pytest.mark.parametrize(
    "text",
    [
        "[symbols.A]\nkind = 1\n\n# of B\n[symbols.B]\nkind = 2\n",
        "[symbols]\nA = {kind = 1}\n# of B\nB = {kind = 2}\n",
        "[symbols]\nA.kind = 1\n# of B\nB.kind = 2\n",
        '[symbols."A"]\nkind = 1\n# of B\n[symbols.B]\nkind = 2',
    ],
)
def test_a_table_goes_in_each_of_its_forms(text: str) -> None:
    """The others and the comments stay."""
    shorter = without_table(text, ("symbols", "A"))

    assert "1" not in shorter
    assert "# of B\n" in shorter
    assert "2" in shorter


def test_an_inline_table_is_left_to_the_operator() -> None:
    """What cannot be taken out without harm is refused."""
    with pytest.raises(ConfigError):
        without_table("symbols = {A = {kind = 1}, B = {kind = 2}}\n", ("symbols", "A"))


def test_a_key_is_set_in_the_file_that_has_the_symbol(tmp_path: Path) -> None:
    """`config set` writes symbols.csv for a symbol of symbols.csv, and keeps the file before."""
    home = with_csv(tmp_path)
    set_key(home, "symbols.IBM.priority", "low")

    assert home.symbols.read_text() == ROW.replace("high", "low")
    assert (home.root / ".symbols.csv.previous").read_text() == ROW
    assert home.settings.read_text() == default_settings()
    with pytest.raises(ConfigError):
        set_key(home, "symbols.IBM.priority", "urgent")
    assert home.symbols.read_text() == ROW.replace("high", "low")


def test_places_are_counted_in_one_pass(tmp_path: Path) -> None:
    """File and line of each symbol."""
    home = with_csv(tmp_path)
    texts: SettingsTexts = read_texts(home)
    lines = home.settings.read_text().splitlines()

    assert texts.places()["IBM"] == (str(home.symbols), 2)
    assert all(
        lines[line - 1] == f"[symbols.{name}]"
        for name, (file, line) in texts.places().items()
        if file == str(home.settings)
    )
