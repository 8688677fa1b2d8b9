"""`symbols list|add|import|set|remove` as an operator types them."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.helpers import new_home, stockml
from tests.market.samples import csv_folder, csv_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A home whose source is a folder with IBM and QQQ."""
    for name in ("IBM", "QQQ"):
        csv_folder(tmp_path / "bars", csv_text(), name)
    return new_home(tmp_path / "h", market__source=f"csv:{tmp_path / 'bars'}").root


def ran(root: Path, *words: str) -> CompletedProcess[str]:
    """One command."""
    return stockml("symbols", *words, "--home", str(root))


def test_add_set_and_remove(root: Path) -> None:
    """Each says what it did; the file is as before in the end."""
    before = (root / "stockml.toml").read_text()
    added = ran(root, "add", "IBM", "--company", "Int. Business", "--priority", "high")
    line = len(before.splitlines()) + 2
    assert (added.returncode, added.stdout) == (
        0,
        f"added IBM: Int. Business, unknown, stock, priority high (stockml.toml line {line})\n",
    )
    assert "priority low" in ran(root, "set", "IBM", "priority", "low").stdout
    assert "bars since 2020-01-02" in ran(root, "set", "IBM", "min_date", "2020-01-02").stdout
    assert "since" not in ran(root, "set", "IBM", "min_date", "none").stdout
    asked = ran(root, "remove", "IBM")
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)
    removed = json.loads(ran(root, "remove", "IBM", "--yes", "--json").stdout)
    assert removed == {
        "removed": ["IBM"],
        "backup": None,
        "drop_on": None,
        "holds": [],
        "problems": [],
    }
    assert (root / "stockml.toml").read_text() == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "NOPE"), 4),
        (("add", "NVDA"), 2),
        (("set", "NVDA", "priority", "urgent"), 3),
        (("set", "NVDA", "color", "red"), 2),
        (("set", "NVDA", "priority"), 2),
        (("set", "NVDA"), 2),
        (("set", "NOPE", "priority", "low"), 2),
        (("set", "NVDA", "min_date", "soon"), 2),
        (("remove", "NOPE", "--yes"), 2),
        (("import", "missing.csv"), 2),
    ],
)
def test_a_refusal_writes_nothing(root: Path, words: tuple[str, ...], code: int) -> None:
    """Each with its exit code, and the next step on stderr."""
    before = (root / "stockml.toml").read_text()
    refused = ran(root, *words)

    assert refused.returncode == code
    assert "→" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (root / "stockml.toml").read_text() == before
    assert not (root / "symbols.csv").exists()


def test_import_list_and_show(root: Path, tmp_path: Path) -> None:
    """An imported symbol is listed with its file, and shown by `config show`."""
    file = tmp_path / "list.csv"
    file.write_text("Symbol,Security\nIBM,Int. Business\nQQQ,Invesco\n")
    imported = json.loads(ran(root, "import", str(file), "--priority", "low", "--json").stdout)
    assert [each["symbol"] for each in imported["imported"]] == ["IBM", "QQQ"]

    trees = {
        each["symbol"]: each for each in json.loads(ran(root, "list", "--json").stdout)["symbols"]
    }
    assert trees["IBM"] == {
        "symbol": "IBM",
        "company": "Int. Business",
        "sector": "unknown",
        "kind": "stock",
        "priority": "low",
        "min_date": None,
        "file": str(root / "symbols.csv"),
        "line": 2,
    }
    assert trees["NVDA"]["file"] == str(root / "stockml.toml")
    shown = json.loads(stockml("config", "show", "--json", "--home", str(root)).stdout)["settings"]
    assert shown["symbols.IBM.priority"] == {"value": "low", "origin": "symbols.csv"}


def test_a_symbol_in_both_files_ends_with_3(root: Path) -> None:
    """Every command names both lines."""
    (root / "symbols.csv").write_text("symbol\nNVDA\n")
    refused = stockml("status", "--home", str(root))

    assert refused.returncode == 3
    assert "symbols.csv line 2" in refused.stderr
    line = (root / "stockml.toml").read_text().splitlines().index("[symbols.NVDA]") + 1
    assert f"stockml.toml line {line}" in refused.stderr
