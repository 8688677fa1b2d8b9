"""Sealing anew: contents stay, a busy or failing model is left alone, the key is mended."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.core.errors import BusyError, ModelError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.vault.reseal import mend_key, reseal, strange_seals
from engine.vault.seal import SealOwner, image_of, make_key, read_key
from tests.fake_clock import FakeClock
from tests.helpers import ROOT
from tests.vault import homes
from tests.vault.crash import NOW
from tests.vault.files import read_model

DATA = ROOT / "tests" / "data"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """NVDA and TSLA, published."""
    return homes.two_models(tmp_path / "home")


def test_a_lost_key_is_replaced(home: Home) -> None:
    """Models sealed with a key that is gone are named, then sealed with the new one."""
    before = home.model("NVDA").read_bytes()
    assert not strange_seals(home, ("NVDA", "TSLA"), read_key(home))
    assert not reseal(home, "NVDA")
    home.seal_key.unlink()
    assert strange_seals(home, ("NVDA", "TSLA", "SPY"), read_key(home)) == ("NVDA", "TSLA")
    assert mend_key(home, FakeClock(NOW)) == ""
    assert reseal(home, "NVDA")
    assert read_model(home.model("NVDA")).owner is SealOwner.OWN
    assert image_of(home.model("NVDA").read_bytes()) == image_of(before)
    assert strange_seals(home, ("NVDA", "TSLA"), read_key(home)) == ("TSLA",)


def test_what_fails_its_check_is_not_sealed(home: Home) -> None:
    """A strange file, one that is trained now and none at all stay as they are."""
    shutil.copy(DATA / "nvda_strange_bar.h5", home.model("NVDA"))
    with pytest.raises(ModelError, match="9999-99-99"):
        reseal(home, "NVDA")
    assert home.model("NVDA").read_bytes() == (DATA / "nvda_strange_bar.h5").read_bytes()
    with pytest.raises(FileNotFoundError):
        reseal(home, "SPY")
    home.seal_key.unlink()
    with FileLock(home.lock("TSLA")) as lock:
        assert lock.acquire("a training")
        with pytest.raises(BusyError, match="a training"):
            reseal(home, "TSLA")


def test_a_damaged_key_is_moved_aside(home: Home) -> None:
    """A key of a wrong length stays for its owner, and a new one is made; a mode is mended."""
    home.seal_key.write_bytes(b"half")
    assert "moved to seal.key.damaged-" in mend_key(home, FakeClock(NOW))
    assert read_key(home)
    assert [path.read_bytes() for path in home.data.glob("seal.key.damaged-*")] == [b"half"]
    key = make_key(home)
    home.seal_key.chmod(0o644)
    assert "chmod 600" in mend_key(home, FakeClock(NOW))
    assert read_key(home) == key
