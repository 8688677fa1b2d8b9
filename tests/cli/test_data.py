"""`data fetch|check` on real files."""

import json
from pathlib import Path

from tests.helpers import new_home, stockml

HEAD = "date,open,high,low,close,volume\n"


def test_missing_data_ends_with_4(tmp_path: Path) -> None:
    """A folder without the symbol's file ends with 4, in words, with the file's name and no
    traceback."""
    home = new_home(tmp_path / "h")
    (tmp_path / "csv").mkdir()
    ran = stockml(
        "data", "fetch", "NVDA", "--source", f"csv:{tmp_path / 'csv'}", "--home", str(home.root)
    )

    assert 4 == ran.returncode
    assert "NVDA" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_impossible_bars_are_named(tmp_path: Path) -> None:
    """A bar whose low is above its high fails that symbol with file and line."""
    home = new_home(tmp_path / "h")
    (tmp_path / "NVDA.csv").write_text(
        HEAD + "2025-08-11,10,8,12,10,100\n2025-08-12,10,11,9,10,100\n"
    )
    ran = stockml("data", "check", "NVDA", "--source", f"csv:{tmp_path}", "--home", str(home.root))

    assert 4 == ran.returncode
    assert "NVDA.csv line 2" in ran.stderr


def test_simulated_bars_are_marked(tmp_path: Path) -> None:
    """Simulated bars are counted and marked SIMULATED; the document names their source."""
    home = new_home(tmp_path / "h", market__source="simulated")
    text = stockml("data", "fetch", "SPY", "--home", str(home.root))
    tree = json.loads(stockml("data", "check", "SPY", "--json", "--home", str(home.root)).stdout)

    assert 0 == text.returncode
    assert "SIMULATED" in text.stdout
    assert ("simulated", 1000) == (tree["bars"][0]["source"], tree["bars"][0]["n_bars"])


def test_never_fetched_is_said(tmp_path: Path) -> None:
    """Checking Yahoo bars that were never fetched asks no network and ends with 4."""
    ran = stockml("data", "check", "NVDA", "--json", "--home", str(new_home(tmp_path / "h").root))
    tree = json.loads(ran.stdout)

    assert 4 == ran.returncode
    assert [] == tree["bars"]
    assert 4 == tree["failed"][0]["error"]["exit_code"]


def test_an_unknown_source(tmp_path: Path) -> None:
    """A source that does not exist is wrong usage and names the ones that do."""
    ran = stockml(
        "data", "fetch", "NVDA", "--source", "yahooo", "--home", str(new_home(tmp_path / "h").root)
    )

    assert 2 == ran.returncode
    assert "yahooo" in ran.stderr
    assert "csv:DIR" in ran.stderr


def test_one_cause_gives_one_hint(tmp_path: Path) -> None:
    """When every symbol misses its file, each is named and the next step is said once."""
    (tmp_path / "csv").mkdir()
    ran = stockml(
        "data",
        "check",
        "--source",
        f"csv:{tmp_path / 'csv'}",
        "--home",
        str(new_home(tmp_path / "h").root),
    )

    assert 13 == ran.stderr.count("stockml: ")
    assert 1 == ran.stderr.count("  → ")
