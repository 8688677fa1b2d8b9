"""The seals in `health`, `doctor` and `doctor --repair`: one line, one repair, all served."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.records import Level
from engine.settings.load import load
from engine.watch.seal_repair import repair_seals, seal_items
from tests.fake_clock import FakeClock
from tests.helpers import ROOT
from tests.vault import homes
from tests.vault.crash import NOW

SYMBOLS = ("NVDA", "TSLA")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """NVDA and TSLA, published."""
    return homes.two_models(tmp_path / "home")


def test_a_lost_key_is_one_line(home: Home) -> None:
    """All models of a lost key are named once; the repair seals them, and the line is gone."""
    assert not list(seal_items(home, SYMBOLS))
    home.seal_key.unlink()
    (item,) = seal_items(home, SYMBOLS)
    assert (item.level, item.fix) == (Level.WARN, "stockml doctor --repair")
    assert item.text.endswith("NVDA TSLA") and "gone" in item.text
    texts = [done.text for done in repair_seals(home, load(home, {}), FakeClock(NOW))]
    assert texts == ["sealed with this home's key: NVDA TSLA"]
    assert not list(seal_items(home, SYMBOLS))
    again = [done.text for done in repair_seals(home, load(home, {}), FakeClock(NOW))]
    assert again == ["no model needs to be sealed anew"]


def test_models_from_before_keys_are_no_fault(home: Home) -> None:
    """A model without a seal is no line of `health`; a damaged key is."""
    shutil.copy(ROOT / "tests/data/nvda_unkeyed_v1.h5", home.model("NVDA"))
    assert not list(seal_items(home, SYMBOLS))
    home.seal_key.write_bytes(b"half")
    (item,) = seal_items(home, SYMBOLS)
    assert "seal.key" in item.text and item.fix == "stockml doctor --repair"


def test_a_model_that_fails_is_named_and_others_are_sealed(home: Home) -> None:
    """One that fails its check is left, with the reason."""
    shutil.copy(ROOT / "tests/data/nvda_strange_bar.h5", home.model("NVDA"))
    home.seal_key.unlink()
    items = list(repair_seals(home, load(home, {}), FakeClock(NOW)))
    assert [item.level for item in items] == [Level.WARN, Level.OK]
    assert "NVDA is not sealed" in items[0].text and items[1].text.endswith(": TSLA")
