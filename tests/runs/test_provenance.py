"""What is still known of a model whose live file is lost or broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.forecast import build_status
from engine.runs.provenance import LastKnownModel, last_known_model
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.vault.crash import NOW
from tests.vault.homes import backed_up, published


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def seen(home: Home) -> None:
    build_status.build(home, load(home, {}), "NVDA", FakeClock(NOW))


def test_nothing_is_known_of_nothing(home: Home) -> None:
    """A symbol that never had a model has generation 0 and no source."""
    assert last_known_model(home, "NVDA") == LastKnownModel(0, "")


def test_the_status_remembers_a_file_that_broke(home: Home) -> None:
    """However often the broken file is looked at, generation and source of the whole one stay
    known."""
    published(home, "NVDA", seed=1)
    info = published(home, "NVDA", seed=2)
    seen(home)
    home.model("NVDA").write_bytes(b"broken")
    seen(home)
    seen(home)
    assert last_known_model(home, "NVDA") == LastKnownModel(2, info.source)
    home.model("NVDA").unlink()
    assert last_known_model(home, "NVDA").generation == 2


def test_a_backup_names_the_source_when_nothing_else_does(home: Home) -> None:
    """Without a status and without runs, the newest backup that can be read is asked;
    a damaged one is passed over."""
    info = published(home, "NVDA")
    backed_up(home, ("NVDA",), days_ago=3)
    newest = backed_up(home, ("NVDA",), days_ago=2)
    home.model("NVDA").write_bytes(b"broken")
    (newest / "nvda_lstm_model.h5").write_bytes(b"broken too")
    assert last_known_model(home, "NVDA").source == info.source
