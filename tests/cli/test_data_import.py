"""`data import` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core.audit_log import read_entries
from engine.core.paths import Home
from tests.helpers import ROOT, new_home, stockml

SHAPES = ROOT / "tests" / "data" / "csv_shapes"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "h")


def words(home: Home, file: Path, *more: str) -> tuple[str, ...]:
    folder = home.root.parent / "bars"
    where = ("--source", f"csv:{folder}", "--home", str(home.root))
    return ("data", "import", str(file), "MP", *where, *more)


def test_without_a_terminal_nothing_is_written_without_yes(home: Home, tmp_path: Path) -> None:
    """What was understood is shown, then exit 2 with the hint."""
    ran = stockml(*words(home, SHAPES / "43_german_header.csv"))
    assert ran.returncode == 2
    assert "Eröffnung" in ran.stdout
    assert "'20.02.2024' is 2024-02-20" in ran.stdout
    assert "696 bars, 2024-02-20 to 2026-11-25" in ran.stdout
    assert "--yes" in ran.stderr
    assert not (tmp_path / "bars").exists()


def test_with_yes_the_file_is_written_and_the_one_before_kept(home: Home, tmp_path: Path) -> None:
    """The document says so, and the audit log; a third time there is nothing to write."""
    file = SHAPES / "13_yahoo_page_copy.csv"
    assert stockml(*words(home, SHAPES / "07_investing.csv", "--yes")).returncode == 0
    ran = stockml(*words(home, file, "--yes", "--json"))
    tree = json.loads(ran.stdout)

    assert ran.returncode == 0
    assert (tree["n_bars"], tree["first_close"], tree["last_close"]) == (696, 47.48, 51.64)
    assert (tree["written"], tree["columns"]["close"]) == (True, "Close")
    assert "line 102 'Jul 7, 2026 0.04 Dividend'" in tree["warnings"][0]
    (kept,) = tree["kept"]
    assert Path(kept).name.startswith("MP.csv.before-")
    assert (tmp_path / "bars" / "MP.csv").read_text() == (SHAPES / "good.csv").read_text()
    assert [entry.action for entry in read_entries(home)] == ["data import", "data import"]
    again = stockml(*words(home, file, "--yes"))
    assert "has these bars already: nothing to write" in again.stdout
    assert len(list((tmp_path / "bars").iterdir())) == 2


@pytest.mark.parametrize(
    ("text", "words_of_it"),
    [
        (b"", "the file is empty"),
        (
            b"Date,Open,High,Low,Close,Volume\n1/2/2024,1,2,1,2,5\n",
            "2024-01-02 (month/day/year) or",
        ),
        (
            b"Date;Open;High;Low;Close;Volume\n2024-02-20;1,140;1,460;1,140;1,480;5\n",
            "1.140 or 1140",
        ),
        (b"PK\x03\x04", "an Excel workbook"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_4(
    text: bytes, words_of_it: str, home: Home, tmp_path: Path
) -> None:
    """With the reason and the file's name; nothing is written."""
    (tmp_path / "export.csv").write_bytes(text)
    ran = stockml(*words(home, tmp_path / "export.csv", "--yes"))
    assert ran.returncode == 4
    assert words_of_it in ran.stderr
    assert "export.csv" in ran.stderr
    assert not (tmp_path / "bars").exists()
