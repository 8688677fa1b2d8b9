"""The models of removed symbols: in a backup, and dropped on the day that was said."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.settings.load import load
from engine.vault.backups import list_backups
from engine.vault.clean import clean
from engine.vault.retire import Retirement, drop_day
from tests.fake_clock import FakeClock
from tests.vault.crash import NOW
from tests.vault.homes import backed_up, two_models


def retire(home: Home, *symbols: str, keep: bool = False) -> Retirement:
    """The models of some symbols retired."""
    retirement = Retirement(home, load(home, {}), symbols, FakeClock(NOW), keep)
    with retirement.moved():
        assert not any(home.model(name).exists() for name in symbols)
    return retirement


def unlist(home: Home, symbol: str) -> None:
    """The symbol taken out of the settings."""
    text = home.settings.read_text()
    start = text.index(f"[symbols.{symbol}]")
    home.settings.write_text(text[:start] + text[text.index("[symbols.", start + 9) :])


def cleaned(home: Home, days: int) -> set[str]:
    """The backups that `clean` removes some days later."""
    report = clean(home, load(home, {}), FakeClock(NOW + timedelta(days=days)))
    assert report.problems == ()
    return {
        action.path.name
        for action in report.actions
        if (action.kind, action.verb) == ("backup", "remove")
    }


def test_a_model_moves_into_a_backup_of_its_own(tmp_path: Path) -> None:
    """Byte for byte; the other symbol's model stays."""
    home = two_models(tmp_path / "h")
    model = home.model("NVDA").read_bytes()
    made = retire(home, "NVDA", "MP")

    backup = list_backups(home.models)[0]
    assert (backup.name, backup.reason, backup.drop_on) == (made.backup, "removed", made.drop_on)
    assert [entry.symbol for entry in backup.entries] == ["NVDA"]
    assert (backup.path / backup.entries[0].file).read_bytes() == model
    assert home.model("TSLA").exists()
    assert not list(home.models.glob(".trash-*"))


def test_the_model_comes_back_when_the_settings_cannot_be_written(tmp_path: Path) -> None:
    """Nothing is lost where the block fails."""
    home = two_models(tmp_path / "h")
    retirement = Retirement(home, load(home, {}), ("NVDA",), FakeClock(NOW), False)

    with pytest.raises(OSError, match="full"), retirement.moved():
        raise OSError("full")
    assert home.model("NVDA").exists()


def test_a_symbol_without_a_model_needs_no_backup(tmp_path: Path) -> None:
    """Nothing to move."""
    assert retire(two_models(tmp_path / "h"), "MP").backup == ""


def test_the_backup_goes_on_the_day_that_was_said(tmp_path: Path) -> None:
    """Not a day earlier, and no newer backup need be there."""
    home = two_models(tmp_path / "h")
    made = retire(home, "NVDA")
    unlist(home, "NVDA")
    days = load(home, {}).backup.retention_days

    assert made.drop_on == drop_day(load(home, {}), NOW, False)
    assert cleaned(home, days - 1) == set()
    assert made.backup in cleaned(home, days)


def test_a_kept_backup_never_goes(tmp_path: Path) -> None:
    """Not after years."""
    home = two_models(tmp_path / "h")
    made = retire(home, "NVDA", keep=True)
    unlist(home, "NVDA")

    assert made.drop_on == ""
    assert cleaned(home, 4000) == set()


def test_a_symbol_that_came_back_keeps_its_backup(tmp_path: Path) -> None:
    """Configured again, the backup is one like any other."""
    home = two_models(tmp_path / "h")
    retire(home, "NVDA")

    assert cleaned(home, 4000) == set()


def test_other_backups_wait_no_longer_for_a_removed_symbol(tmp_path: Path) -> None:
    """An old backup of the removed symbol alone goes by its age."""
    home = two_models(tmp_path / "h")
    old = backed_up(home, ("NVDA",), days_ago=200).name
    assert cleaned(home, 0) == set()
    retire(home, "NVDA")
    unlist(home, "NVDA")

    assert old in cleaned(home, 0)


def test_symbols_csv_has_its_daily_copy(tmp_path: Path) -> None:
    """Once it is there and right; a wrong one is named, and no copy is made of it."""
    home = two_models(tmp_path / "h")
    home.symbols.write_text("symbol\nIBM\n")
    clean(home, load(home, {}), FakeClock(NOW))
    settings = load(home, {})
    (copy,) = (home.data / "daily").glob("symbols-*.csv")
    assert copy.read_text() == "symbol\nIBM\n"

    home.symbols.write_text("symbol\nibm\n")
    (problem,) = clean(home, settings, FakeClock(NOW + timedelta(days=1))).problems
    assert "symbols.csv line 2" in problem
