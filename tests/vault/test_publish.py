"""Publishing: the next generation goes live whole, or the old model stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from engine.core.errors import ModelError, StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.settings.load import load
from engine.vault.backup import ensure_backup
from engine.vault.backups import list_backups
from engine.vault.publish import publish
from tests.fake_clock import FakeClock
from tests.helpers import environment, new_home
from tests.vault import homes, samples
from tests.vault.crash import NOW
from tests.vault.files import highest_generation, read_model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def test_each_publish_is_the_next_generation_of_its_parent(home: Home) -> None:
    """Each publish is one generation more, names the model it replaced, and leaves that one in a
    backup."""
    first = homes.published(home, "NVDA", 1)
    second = homes.published(home, "NVDA", 2)
    assert (first.generation, second.generation) == (1, 2)
    live = read_model(home.model("NVDA"))
    assert (live.manifest.generation, live.manifest.digest) == (2, second.digest)
    assert live.manifest.parent
    assert (live.manifest.parent.generation, live.manifest.parent.digest) == (1, first.digest)
    assert [
        (entry.generation, entry.digest)
        for backup in list_backups(home.models)
        for entry in backup.entries
    ] == [(1, first.digest)]
    assert second.size_bytes == home.model("NVDA").stat().st_size
    assert home.model("NVDA").stat().st_mode & 0o777 == 0o644


def test_a_generation_is_never_used_twice(home: Home) -> None:
    """With the live file gone or broken, the backups, old plain copies and the history still
    count."""
    for seed in (1, 2, 3):
        homes.published(home, "NVDA", seed)
    plain = home.models / "backup_20200101_000000"
    plain.mkdir()
    (plain / "nvda_lstm_model.h5").write_bytes(home.model("NVDA").read_bytes())
    assert highest_generation(home, "NVDA") == 3
    home.model("NVDA").unlink()
    assert highest_generation(home, "NVDA") == 3
    (plain / "nvda_lstm_model.h5").unlink()
    assert highest_generation(home, "NVDA") == 2
    assert highest_generation(home, "NVDA", history_max=9) == 9
    assert highest_generation(home, "TSLA") == 0


def test_a_foreign_file_is_kept(home: Home) -> None:
    """The first publish over a file that stockml did not write copies it to a backup, marked
    foreign, and starts at 1."""
    home.models.mkdir(parents=True)
    with h5py.File(home.model("NVDA"), "w") as file:
        file["x"] = [1.0]
    foreign = home.model("NVDA").read_bytes()
    assert homes.published(home, "NVDA").generation == 1
    (backup,) = list_backups(home.models)
    assert [entry.kind for entry in backup.entries] == ["foreign"]
    assert (backup.path / "nvda_lstm_model.h5").read_bytes() == foreign


def test_a_broken_live_file_is_replaced_and_kept(home: Home) -> None:
    """A broken live file does not stop training; it lies in a backup, marked broken."""
    homes.published(home, "NVDA", 1)
    home.model("NVDA").write_bytes(b"\0" * 100)
    homes.published(home, "NVDA", 2)
    assert [entry.kind for backup in list_backups(home.models) for entry in backup.entries] == [
        "broken"
    ]


def _publish(home: Home, symbol: str = "NVDA", **options: object) -> None:
    given = {
        "backup": lambda: ensure_backup(
            home, load(home, {}), "NVDA", ("NVDA",), "run", FakeClock(NOW)
        ),
        **options,
    }
    publish(home, "NVDA", samples.manifest(symbol), samples.layers(2), samples.arrays(), **given)  # type: ignore[arg-type]


def test_a_failed_publish_leaves_the_live_model(home: Home) -> None:
    """No lock, another symbol's model, a check that fails, no backup: the live model stays, byte
    for byte."""
    homes.published(home, "NVDA")
    before = home.model("NVDA").read_bytes()

    def failing(path: Path) -> None:
        assert read_model(path).manifest.generation == 2
        raise ModelError("the forecast is not finite")

    with pytest.raises(RuntimeError, match="without the lock of NVDA"):
        _publish(home)
    with FileLock(home.lock("NVDA")) as lock:
        assert lock.acquire("test")
        with pytest.raises(ModelError, match="a model of TSLA"):
            _publish(home, "TSLA")
        with pytest.raises(ModelError, match="not finite"):
            _publish(home, verify=failing)
        with pytest.raises(StockmlError, match="no backup holds the live model"):
            _publish(home, backup=lambda: None)
        with pytest.raises(StockmlError, match="the live model is untouched"):
            _publish(home, verify=lambda path: path.unlink())
    assert home.model("NVDA").read_bytes() == before
    assert sorted(path.name for path in home.models.iterdir() if path.name.startswith(".")) == []


def test_a_run_makes_one_automatic_backup(home: Home) -> None:
    """A run's publishes share one backup folder, of the models as they were before its first
    publish."""
    settings, symbols = load(home, {}), ("NVDA", "TSLA", "AAPL")
    digests = {symbol: homes.published(home, symbol, 1).digest for symbol in ("NVDA", "TSLA")}
    made = [
        ensure_backup(home, settings, symbol, symbols, "run-9", FakeClock(NOW))
        for symbol in symbols
    ]
    assert [model is not None for model in made] == [True, False, False]
    homes.published(home, "NVDA", 2, run_id="run-9")
    homes.published(home, "TSLA", 2, run_id="run-9")
    (backup,) = [backup for backup in list_backups(home.models) if backup.run_id == "run-9"]
    assert {entry.symbol: entry.digest for entry in backup.entries} == digests
    assert backup.reason == "automatic"


def test_two_workers_share_one_automatic_backup(home: Home) -> None:
    """Workers that publish at the same moment still make one automatic folder."""
    symbols = ("NVDA", "TSLA", "AAPL", "MSFT")
    for symbol in symbols:
        homes.published(home, symbol)
    program = f"""
import sys
from pathlib import Path
from engine.core.clock import SystemClock
from engine.settings.load import load
from engine.core.paths import Home
from engine.vault.backup import ensure_backup
home = Home(Path(sys.argv[1]))
ensure_backup(home, load(home, {{}}), sys.argv[2], {symbols}, "run-1", SystemClock())
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(home.root), symbol], env=environment())
        for symbol in symbols
    ]
    assert [worker.wait(240) for worker in workers] == [0] * 4
    assert len([backup for backup in list_backups(home.models) if backup.run_id == "run-1"]) == 1


def test_a_pipe_under_a_models_name_blocks_nobody(home: Home) -> None:
    """What is no file is named when its symbol is published, with the next step;
    the other symbols' backups go on."""
    homes.published(home, "TSLA", 1)
    os.mkfifo(home.model("NVDA"))

    with pytest.raises(StockmlError, match="is not a file") as caught:
        homes.published(home, "NVDA", 1)
    made = ensure_backup(home, load(home), "TSLA", ("NVDA", "TSLA"), "run", FakeClock(NOW))

    assert "move it away" in caught.value.hint
    assert made is not None
    assert ["TSLA"] == [entry.symbol for entry in made.backup.entries]
    assert not list(home.models.glob(".tmp-*"))
