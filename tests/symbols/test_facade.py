"""Symbols added, imported, changed and removed: whole or not at all, each with its line."""

import json
from pathlib import Path

import pytest

from engine.api import Engine
from engine.core.audit_log import read_entries
from engine.core.errors import BusyError, NoDataError, UsageError
from engine.core.files import FileLock
from engine.symbols.records import NewSymbol
from tests.helpers import new_home
from tests.market.samples import csv_folder, csv_text
from tests.vault.homes import published


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A home whose source is a folder with NVDA, IBM and QQQ."""
    for name in ("NVDA", "IBM", "QQQ"):
        csv_folder(tmp_path / "bars", csv_text(), name)
    return Engine(new_home(tmp_path / "h", market__source=f"csv:{tmp_path / 'bars'}"))


def texts(engine: Engine) -> tuple[str, str]:
    """Both files as they are."""
    home = engine.home
    return home.settings.read_text(), home.symbols.read_text() if home.symbols.exists() else ""


def test_an_unknown_symbol_changes_nothing(engine: Engine) -> None:
    """Exit 4; not even the known one beside it is written; `unchecked` writes it."""
    before = texts(engine)
    with pytest.raises(NoDataError) as refused:
        engine.symbols.add([NewSymbol("IBM"), NewSymbol("NOPE")])
    assert "NOPE" in str(refused.value)
    assert texts(engine) == before

    (nope,) = engine.symbols.add([NewSymbol("NOPE")], unchecked=True)
    assert (nope.symbol, nope.file) == ("NOPE", str(engine.home.settings))


def test_an_added_symbol_is_everywhere(engine: Engine) -> None:
    """In the settings that are read again, in ml_config.json and in the record."""
    engine.symbols.add([NewSymbol("IBM", {"priority": "high"})])

    assert engine.settings.current.symbols["IBM"].priority == "high"
    assert "IBM" in json.loads(engine.home.ml_config.read_text())["supported_symbols"]
    entry = list(read_entries(engine.home))[-1]
    assert (entry.action, entry.details["symbols"]) == ("symbols add", ["IBM"])


@pytest.mark.parametrize("name", ["NVDA", "ibm", "no/symbol"])
def test_what_cannot_be_added(engine: Engine, name: str) -> None:
    """One that is there already, and what is no symbol."""
    with pytest.raises(UsageError):
        engine.symbols.add([NewSymbol(name)], unchecked=True)


def test_an_import_is_whole_or_nothing(engine: Engine, tmp_path: Path) -> None:
    """New symbols in symbols.csv, known ones left alone; unknown ones refuse it or are skipped."""
    file = tmp_path / "list.txt"
    file.write_text("NVDA\nIBM\nNOPE\n")
    plan = engine.symbols.plan_import(file)
    before = texts(engine)
    with pytest.raises(NoDataError):
        engine.symbols.import_list(plan)
    assert texts(engine) == before

    added, checked = engine.symbols.import_list(plan, skip_unknown=True)
    assert plan.configured == ("NVDA",)
    assert [each.symbol for each in added] == ["IBM"]
    assert [each.symbol for each in checked.unknown] == ["NOPE"]
    assert texts(engine)[0] == before[0]
    assert texts(engine)[1].splitlines()[1].startswith("IBM,")


def test_a_change_is_written_where_the_symbol_stands(engine: Engine, tmp_path: Path) -> None:
    """In either file."""
    file = tmp_path / "list.txt"
    file.write_text("IBM\n")
    engine.symbols.import_list(engine.symbols.plan_import(file))
    engine.symbols.set("IBM", {"priority": "low"})
    engine.symbols.set("NVDA", {"priority": "low"})

    symbols = engine.settings.current.symbols
    assert (symbols["IBM"].priority, symbols["NVDA"].priority) == ("low", "low")
    assert "IBM,IBM,unknown,stock,low," in texts(engine)[1]
    assert "NVDA" not in texts(engine)[1]


def test_a_removed_symbol_leaves_its_model_in_a_backup(engine: Engine) -> None:
    """Out of the settings, its hold taken back, its holds of the past kept."""
    published(engine.home, "NVDA")
    engine.watch.hold("NVDA", "the auditor")
    plan = engine.symbols.plan_removal(("NVDA",))
    removed = engine.symbols.remove(("NVDA",))

    assert (plan.drop_on, plan.holds) == (removed.drop_on, removed.holds) != ("", ())
    assert "NVDA" not in engine.settings.current.names
    assert not engine.home.model("NVDA").exists()
    assert engine.backups.list()[0].name == removed.backup
    assert [entry.outcome for entry in read_entries(engine.home)][-2:] == ["started", "done"]


def test_a_symbol_in_training_is_not_removed(engine: Engine) -> None:
    """Exit 75, nothing moved."""
    published(engine.home, "NVDA")
    before = texts(engine)
    with FileLock(engine.home.lock("NVDA")) as lock:
        assert lock.acquire("run 1 [pid 1]")
        with pytest.raises(BusyError, match="run 1"):
            engine.symbols.plan_removal(("NVDA",))
        with pytest.raises(BusyError) as refused:
            engine.symbols.remove(("NVDA",))
    assert refused.value.exit_code == 75
    assert texts(engine) == before
    assert engine.home.model("NVDA").exists()


def test_requests_are_counted_before_they_are_made(engine: Engine) -> None:
    """None of a folder; one for bars and one for words of Yahoo."""
    new = [NewSymbol("IBM"), NewSymbol("MMM", {"company": "3M", "sector": "Industrials"})]

    assert engine.symbols.requests(new) == (0, 0.0)
    assert Engine(engine.home, source="yahoo").symbols.requests(new) == (3, 4.5)
