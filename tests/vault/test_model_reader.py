"""Which bytes reach HDF5 in this process: those sealed here, and those that passed their check."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.core.errors import FaultKind, ModelError, fault_kind
from engine.core.paths import Home
from engine.vault import inspection
from engine.vault.model_file import ForeignModelError
from engine.vault.model_reader import read_model
from engine.vault.seal import SealKey, SealOwner, image_of, make_key, read_key, sealed
from tests.helpers import ROOT, new_home
from tests.vault import homes, samples

SAMPLE = ROOT / "tests" / "data" / "nvda_unkeyed_v1.h5"
"""A model of a home from before there were keys."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without a model."""
    home = new_home(tmp_path / "home")
    home.models.mkdir(parents=True)
    return home


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files that the checking process was asked about."""
    asked: list[str] = []
    check = inspection.Inspector.check

    def counted(self: inspection.Inspector, raw: bytes, origin: str) -> None:
        asked.append(Path(origin).name)
        check(self, raw, origin)

    monkeypatch.setattr(inspection.Inspector, "check", counted)
    yield asked


def test_a_published_model_needs_no_check(home: Home, checks: list[str]) -> None:
    """What this home published, and a copy of it from a backup, is ours."""
    homes.published(home, "NVDA", 1)
    live = home.model("NVDA")
    assert read_model(home, live).owner is SealOwner.OWN
    folder = homes.backed_up(home, ("NVDA",), 1)
    homes.published(home, "NVDA", 2)
    shutil.copy(folder / live.name, live)
    assert read_model(home, live).manifest.generation == 1
    assert checks == []


def test_a_file_without_a_seal_is_checked_once(home: Home, checks: list[str]) -> None:
    """A model of an older stockml is served after one check, which its status keeps."""
    live = home.model("NVDA")
    shutil.copy(SAMPLE, live)
    stored = read_model(home, live)
    assert (stored.manifest.symbol, stored.owner) == ("NVDA", SealOwner.NONE)
    assert read_model(home, live).owner is SealOwner.NONE
    assert checks == [live.name]
    kept = json.loads(home.status("NVDA").read_bytes())["checked"]
    key = read_key(home)
    assert key is not None and kept["seal"] == key.sign(b"checked:" + kept["sha256"].encode())
    homes.published(home, "NVDA", 2)
    assert read_model(home, live).owner is SealOwner.OWN
    assert checks == [live.name]


def test_a_record_of_another_key_does_not_count(home: Home, checks: list[str]) -> None:
    """Whoever writes a status cannot say that a file was checked."""
    live = home.model("NVDA")
    shutil.copy(SAMPLE, live)
    read_model(home, live)
    tree = json.loads(home.status("NVDA").read_bytes())
    tree["checked"]["seal"] = SealKey(bytes(range(32))).sign(b"checked:")
    home.status("NVDA").write_text(json.dumps(tree))
    read_model(home, live)
    for strange in ("", "[]", '{"checked": 1}', '{"checked": {"sha256": 1, "seal": "\\ud800"}}'):
        home.status("NVDA").write_text(strange)
        read_model(home, live)
    assert len(checks) == 6


def test_the_key_is_lost(home: Home, checks: list[str]) -> None:
    """Without its key a home's models are another's: checked, and served all the same."""
    homes.published(home, "NVDA", 1)
    home.seal_key.unlink()
    assert read_model(home, home.model("NVDA")).owner is SealOwner.OTHER
    home.seal_key.write_bytes(b"half")
    assert read_model(home, home.model("NVDA")).owner is SealOwner.OTHER
    homes.published(home, "TSLA", 2)
    assert read_model(home, home.model("TSLA")).owner is SealOwner.NONE
    assert set(checks) == {"nvda_lstm_model.h5", "tsla_lstm_model.h5"}


def test_one_process_for_a_plain_copy(home: Home, checks: list[str]) -> None:
    """A backup from before there were manifests is checked by one process, file after file."""
    from engine.vault.backups import list_backups
    from tests.vault.files import verify_backup

    folder = home.models / "backup_20260101_020304"
    folder.mkdir()
    shutil.copy(SAMPLE, folder / "nvda_lstm_model.h5")
    shutil.copy(SAMPLE, folder / "tsla_lstm_model.h5")
    results = verify_backup(list_backups(home.models)[0])
    assert [check.ok for check in results] == [True, False]
    assert "holds the model of NVDA" in results[1].text
    assert len(checks) == 2


@pytest.mark.parametrize("key", [None, SealKey(bytes(range(32)))])
def test_a_whole_file_that_fails_its_check_is_foreign(home: Home, key: SealKey | None) -> None:
    """Whoever sealed it: a file with a strange manifest is FOREIGN, with the reason."""
    text = (SAMPLE.parent / "nvda_strange_bar.h5").read_bytes()
    home.model("NVDA").write_bytes(sealed(image_of(text), key))
    with pytest.raises(ForeignModelError, match=r"last_bar is '9999-99-99'.*did not seal it"):
        read_model(home, home.model("NVDA"))


def test_damage_is_broken_not_foreign(home: Home) -> None:
    """A cut or changed file of anybody is damaged, and no HDF5 library sees it."""
    raw = samples.whole()
    for broken in (raw[:-1], raw[: len(raw) // 2], raw[:-200] + b"x" + raw[-199:], b"", bytes(900)):
        home.model("NVDA").write_bytes(broken)
        with pytest.raises(ModelError) as caught:
            read_model(home, home.model("NVDA"))
        assert not isinstance(caught.value, ForeignModelError)
        assert fault_kind(caught.value) is FaultKind.DAMAGED


def test_a_file_of_another_program_is_foreign(home: Home) -> None:
    """An HDF5 file without a `stockml` group is FOREIGN."""
    with h5py.File(home.model("NVDA"), "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(ForeignModelError, match="not written by stockml"):
        read_model(home, home.model("NVDA"))


def test_no_process_is_no_verdict(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the check cannot run, the model is out of reach, not broken."""
    shutil.copy(SAMPLE, home.model("NVDA"))
    monkeypatch.setattr(inspection, "_COMMAND", ("-c", "raise SystemExit(1)"))
    with pytest.raises(ModelError) as caught:
        read_model(home, home.model("NVDA"))
    assert fault_kind(caught.value) is FaultKind.UNREACHABLE


def test_links_pipes_and_huge_files_are_refused(home: Home, tmp_path: Path) -> None:
    """Only a regular file of a model's size is read; a link to a good one is none."""
    live = home.model("NVDA")
    homes.published(home, "NVDA", 1)
    live.rename(tmp_path / "elsewhere.h5")
    live.symlink_to(tmp_path / "elsewhere.h5")
    with pytest.raises(ModelError, match="a link"):
        read_model(home, live)
    live.unlink()
    os.mkfifo(live)
    with pytest.raises(ModelError, match="a pipe"):
        read_model(home, live)
    live.unlink()
    live.touch()
    os.truncate(live, 8 << 30)
    with pytest.raises(ModelError, match="larger"):
        read_model(home, live)


def test_a_home_that_cannot_be_written_is_read(home: Home) -> None:
    """Where no key can be made a model is checked each time, and nothing fails."""
    shutil.copy(SAMPLE, home.model("NVDA"))
    home.seal_key.mkdir()
    assert read_model(home, home.model("NVDA")).owner is SealOwner.NONE
    home.seal_key.rmdir()
    assert make_key(home)
