"""Restoring: verified, undoable, a new generation, and one answer a symbol."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from engine.core.errors import BusyError, ModelError, NoDataError, RefusedError, UsageError
from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.settings.load import load
from engine.vault.backup import back_up
from engine.vault.backups import list_backups
from engine.vault.records import RestoreResult
from engine.vault.restore import restore
from engine.vault.seal import SealOwner
from tests.fake_clock import FakeClock
from tests.helpers import ROOT, environment, wait_for
from tests.vault import homes
from tests.vault.crash import NOW, settings_of
from tests.vault.files import read_model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """NVDA and TSLA at generation 2, generation 1 of both in a backup."""
    home = homes.two_models(tmp_path / "home")
    for symbol in ("NVDA", "TSLA"):
        homes.published(home, symbol, 5, created_at="2026-07-01T10:00:00.000Z")
    return home


def _oldest(home: Home) -> str:
    return list_backups(home.models)[-1].name


def _restore(home: Home, name: str, *symbols: str) -> tuple[RestoreResult, ...]:
    return restore(home, load(home, {}), name, symbols, FakeClock(NOW))


def test_a_restore_is_a_new_generation(home: Home) -> None:
    """The restored model is generation 3 with the old weights and day of training;
    it says where it came from."""
    (result,) = _restore(home, _oldest(home), "NVDA")
    assert result.ok
    assert result.replaced
    live = read_model(home.model("NVDA")).manifest
    assert (live.generation, live.seed, live.created_at, live.restored_from) == (
        3,
        1,
        "2026-07-01T06:00:00.000Z",
        _oldest(home),
    )
    assert live.parent
    assert live.parent.generation == 2
    assert live.reason == f"restored generation 1 from {_oldest(home)}"
    assert read_model(home.model("TSLA")).manifest.generation == 2


def test_a_restore_can_be_undone(home: Home) -> None:
    """Everything a restore of all replaces lies in one new backup, and restoring that one brings
    it back."""
    before = {symbol: read_model(home.model(symbol)).manifest for symbol in ("NVDA", "TSLA")}
    known = {backup.name for backup in list_backups(home.models)}
    assert [result.symbol for result in _restore(home, _oldest(home)) if result.ok] == [
        "NVDA",
        "TSLA",
    ]
    (undo,) = [backup for backup in list_backups(home.models) if backup.name not in known]
    assert {entry.symbol: entry.digest for entry in undo.entries} == {
        symbol: manifest.digest for symbol, manifest in before.items()
    }
    assert all(result.ok for result in _restore(home, undo.name))
    for symbol, manifest in before.items():
        now = read_model(home.model(symbol)).manifest
        assert (now.generation, now.seed, now.created_at) == (4, manifest.seed, manifest.created_at)


def test_a_manual_copy_restores_a_model(home: Home) -> None:
    """The guide's `cp backup_…/* ml_models/` gives whole live models."""
    backup = list_backups(home.models)[-1]
    subprocess.run(f"cp {backup.path}/* {home.models}/", shell=True, check=True)
    assert read_model(home.model("NVDA")).manifest.digest == backup.entries[0].digest


def test_each_symbol_has_its_own_result(home: Home) -> None:
    """A busy, a broken and an absent symbol are named; the others are restored all the same."""
    homes.published(home, "AAPL")
    homes.published(home, "MSFT")
    name = homes.backed_up(home, ("NVDA", "TSLA", "AAPL", "MSFT"), days_ago=0).name
    (home.models / name / "aapl_lstm_model.h5").write_bytes(b"x")
    before = {symbol: home.model(symbol).read_bytes() for symbol in ("TSLA", "AAPL")}
    program = (
        "import sys; from pathlib import Path; from engine.core.files import FileLock\nlock ="
        " FileLock(Path(sys.argv[1])); assert lock.acquire('run r1, training TSLA');"
        " sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(home.lock("TSLA"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment()) as holder:
        wait_for(lambda: lock_holder(home.lock("TSLA")), what="the lock of TSLA")
        results = {
            result.symbol: result
            for result in _restore(home, name, "NVDA", "TSLA", "AAPL", "MSFT", "SPY")
        }
        assert holder.stdin
        holder.stdin.close()
    assert {symbol: result.ok for symbol, result in results.items()} == {
        "NVDA": True, "TSLA": False, "AAPL": False, "MSFT": True, "SPY": False,
    }  # fmt: skip
    assert isinstance(results["TSLA"].error, BusyError)
    assert results["TSLA"].error.holder == "run r1, training TSLA"
    assert isinstance(results["AAPL"].error, ModelError)
    assert isinstance(results["SPY"].error, UsageError)
    assert "it holds: NVDA, TSLA, AAPL, MSFT" in results["SPY"].error.hint
    assert {symbol: home.model(symbol).read_bytes() for symbol in before} == before


def test_an_old_plain_copy_is_restored(home: Home) -> None:
    """A folder without a manifest restores what the reader accepts; a foreign file in it never."""
    old = (home.models / _oldest(home) / "nvda_lstm_model.h5").read_bytes()
    plain = home.models / "backup_20250813_120000"
    plain.mkdir()
    (plain / "nvda_lstm_model.h5").write_bytes(old)
    with h5py.File(plain / "tsla_lstm_model.h5", "w") as file:
        file["x"] = [1.0]
    before = home.model("TSLA").read_bytes()
    nvda, tsla = _restore(home, plain.name)
    assert nvda.ok
    assert read_model(home.model("NVDA")).manifest.generation == 3
    assert isinstance(tsla.error, RefusedError)
    assert home.model("TSLA").read_bytes() == before


def test_a_foreign_file_in_a_backup_is_refused(home: Home) -> None:
    """A foreign file that a backup keeps is never restored either."""
    with h5py.File(home.model("AAPL"), "w") as file:
        file["x"] = [1.0]
    name = homes.backed_up(home, ("AAPL",), days_ago=0).name
    (result,) = _restore(home, name)
    assert isinstance(result.error, RefusedError)


def test_a_swapped_file_in_a_backup_is_refused(home: Home) -> None:
    """A backup whose files were swapped restores neither."""
    folder = home.models / _oldest(home)
    nvda, tsla = folder / "nvda_lstm_model.h5", folder / "tsla_lstm_model.h5"
    first, other = nvda.read_bytes(), tsla.read_bytes()
    nvda.write_bytes(other)
    tsla.write_bytes(first)
    assert all(isinstance(result.error, ModelError) for result in _restore(home, folder.name))
    (folder / "manifest.json").unlink()
    assert all(isinstance(result.error, ModelError) for result in _restore(home, folder.name))


def test_a_broken_or_missing_live_file_is_replaced(home: Home) -> None:
    """A restore heals a broken live file and brings back a missing one, as the next generation
    that is known."""
    home.model("NVDA").write_bytes(b"")
    home.model("TSLA").unlink()
    results = _restore(home, _oldest(home))
    assert [(result.ok, result.replaced) for result in results] == [(True, True), (True, False)]
    assert [read_model(home.model(symbol)).manifest.generation for symbol in ("NVDA", "TSLA")] == [
        2,
        2,
    ]


def test_the_history_decides_the_next_generation(home: Home) -> None:
    """A generation that only the history knows is not used again."""
    (result,) = restore(
        home,
        load(home, {}),
        _oldest(home),
        ("NVDA",),
        FakeClock(NOW),
        history_max=lambda symbol: {"NVDA": 40}[symbol],
    )
    assert result.model
    assert result.model.generation == 41


def test_a_backup_on_the_other_disk_is_restored(home: Home) -> None:
    """When the models' disk lost its backups, the name is found on the other disk."""
    settings = settings_of(home)
    path = homes.backed_up(home, ("NVDA",), days_ago=0)
    path.rename(home.root / "other" / path.name)
    (result,) = restore(home, settings, path.name, (), FakeClock(NOW))
    assert result.ok


def test_a_damaged_backup_is_restored_from_its_copy(home: Home) -> None:
    """Where the file is damaged the same one on the other disk serves;
    with that damaged too nothing is replaced."""
    made = back_up(home, settings_of(home), ("NVDA",), FakeClock(NOW))
    before = home.model("NVDA").read_bytes()
    file = home.model("NVDA").name
    (made.backup.path / file).write_bytes(b"damaged")
    (result,) = restore(home, settings_of(home), made.backup.name, ("NVDA",), FakeClock(NOW))
    assert result.ok and result.from_generation == 2
    live = home.model("NVDA").read_bytes()
    assert live != before
    for path in (home.root / "other").glob(f"*/{file}"):
        path.write_bytes(b"damaged too")
    (result,) = restore(home, settings_of(home), made.backup.name, ("NVDA",), FakeClock(NOW))
    assert isinstance(result.error, ModelError)
    assert home.model("NVDA").read_bytes() == live


def test_an_empty_backup_is_no_data(home: Home) -> None:
    """A backup folder without any model file is an error with the reason."""
    (home.models / "backup_20260101_000000").mkdir()
    with pytest.raises(NoDataError, match="holds no model file"):
        _restore(home, "backup_20260101_000000")


def test_a_restore_copies_nothing_through_a_link(home: Home, tmp_path: Path) -> None:
    """A file of a backup that is a link is broken, also where it names the very bytes."""
    backup = list_backups(home.models)[-1]
    file = backup.path / home.model("NVDA").name
    file.rename(tmp_path / "same bytes")
    file.symlink_to(tmp_path / "same bytes")

    nvda, tsla = _restore(home, backup.name, "NVDA", "TSLA")

    assert isinstance(nvda.error, ModelError)
    assert "it is a link, not a file" in nvda.error.message
    assert tsla.ok


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A backup of NVDA and TSLA that another home made, among this home's."""
    other = homes.two_models(tmp_path / "other home")
    return list_backups(other.models)[0].path


def test_a_backup_of_another_home_needs_the_word(home: Home, elsewhere: Path) -> None:
    """What another home sealed is refused, and with `foreign` checked and sealed here."""
    here = shutil.copytree(elsewhere, home.models / "backup_20250101_000000")
    settings, clock = load(home, {}), FakeClock(NOW)
    before = home.model("NVDA").read_bytes()
    refused = restore(home, settings, here.name, ("NVDA",), clock)[0].error
    assert isinstance(refused, RefusedError)
    assert refused.hint.endswith(f"stockml restore {here.name} --foreign NVDA")
    assert home.model("NVDA").read_bytes() == before
    results = restore(home, settings, here.name, (), clock, foreign=True)
    assert [result.ok for result in results] == [True, True]
    assert read_model(home.model("NVDA")).owner is SealOwner.OWN
    assert read_model(home.model("NVDA")).manifest.restored_from == here.name


def test_a_backup_is_named_by_its_folder(home: Home, elsewhere: Path) -> None:
    """A folder anywhere is a backup too; one that fails its check is not restored."""
    settings, clock = load(home, {}), FakeClock(NOW)
    assert restore(home, settings, str(elsewhere), ("TSLA",), clock, foreign=True)[0].ok
    bad = elsewhere / "nvda_lstm_model.h5"
    bad.write_bytes((ROOT / "tests/data/nvda_strange_bar.h5").read_bytes())
    (elsewhere / "manifest.json").unlink()
    failed = restore(home, settings, str(elsewhere), ("NVDA",), clock, foreign=True)[0].error
    assert isinstance(failed, RefusedError) and "9999-99-99" in failed.message
    with pytest.raises(UsageError):
        restore(home, settings, str(elsewhere.with_name("backup_x")), (), clock)


def test_an_unsealed_backup_of_an_older_stockml_is_restored(home: Home) -> None:
    """Backups from before there were keys need no word: their files are checked."""
    plain = home.models / "backup_20240101_000000"
    plain.mkdir()
    shutil.copy(ROOT / "tests/data/nvda_unkeyed_v1.h5", plain / "nvda_lstm_model.h5")
    assert restore(home, load(home, {}), plain.name, ("NVDA",), FakeClock(NOW))[0].ok
    assert read_model(home.model("NVDA")).owner is SealOwner.OWN
