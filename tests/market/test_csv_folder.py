"""The file of a symbol in a folder: its names, two of them, and what it holds."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.market.bars import Bars
from engine.market.fetch import fetch_bars
from engine.market.request import SourceAbsentError
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market.dialects.vendors import DAYS, SHAPES
from tests.market.samples import csv_text

CLOCK = FakeClock(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "bars").mkdir()
    return new_home(tmp_path / "home")


def fetch(home: Home, symbol: str = "MP") -> Bars:
    source = f"csv:{home.root.parent / 'bars'}"
    return fetch_bars(home, load(home, {}), source, symbol, CLOCK)


@pytest.mark.parametrize("name", ["mp.csv", "MP.CSV", "MP.txt", "mp.us.txt", "mp.csv.gz"])
def test_names_without_case_and_packed_files_are_read(
    name: str, home: Home, tmp_path: Path
) -> None:
    """As other programs leave them."""
    raw = SHAPES["stooq"].write()
    (tmp_path / "bars" / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    assert fetch(home).dates.tolist() == list(DAYS)


def test_two_files_of_a_symbol_are_refused_by_name(home: Home, tmp_path: Path) -> None:
    """Neither is guessed to be the right one; other symbols go on."""
    for name in ("MP.csv", "mp.txt", "NVDA.csv"):
        (tmp_path / "bars" / name).write_text(csv_text())
    with pytest.raises(NoDataError, match=r"more than one file of MP: MP\.csv and mp\.txt"):
        fetch(home)
    assert len(fetch(home, "NVDA")) == 10


def test_what_the_reader_left_out_is_a_note_of_the_bars(home: Home, tmp_path: Path) -> None:
    """No doubt of theirs; without any bar it is the reason why there are none."""
    (tmp_path / "bars" / "MP.csv").write_text(csv_text() + "2024-03-01,null,null,null,null,null\n")
    bars = fetch(home)
    assert "MP.csv: 1 line without prices left out: 2024-03-01 (line 12)" in bars.warnings[0]
    assert bars.doubts == ()
    head = csv_text().splitlines()[0]
    (tmp_path / "bars" / "MP.csv").write_text(f"{head}\n2024-03-01,null,null,null,null,null\n")
    with pytest.raises(NoDataError, match="has no bars of MP: 1 line without prices left out"):
        fetch(home)


def test_a_hair_of_rounding_gives_way(home: Home, tmp_path: Path) -> None:
    """A low above the open by 0.01 % is the open, and named; by 5 % it is refused."""
    text = csv_text(changed={4: [10.0, 12.0, 10.001, 11.0, 5.0]})
    (tmp_path / "bars" / "MP.csv").write_text(text)
    bars = fetch(home)
    assert bars.low[4] == 10.0
    assert "high or low of 1 row widened by a hair: line 6" in bars.warnings[0]
    (tmp_path / "bars" / "MP.csv").write_text(text.replace("10.001", "10.5"))
    with pytest.raises(NoDataError, match=r"low 10\.5 above open 10"):
        fetch(home)


def test_a_link_to_nothing_and_a_folder_that_is_a_file_are_named(
    home: Home, tmp_path: Path
) -> None:
    """Not called a missing file of the folder."""
    (tmp_path / "bars" / "MP.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(SourceAbsentError, match="is a link to a file that is gone"):
        fetch(home)
    (tmp_path / "file").touch()
    with pytest.raises(SourceAbsentError, match="no folder"):
        fetch_bars(home, load(home, {}), f"csv:{tmp_path}/file", "MP", CLOCK)
