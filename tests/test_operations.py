"""The steps of docs/operations.md, run from top to bottom on a simulated home."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine.core.paths import Home
from tests.helpers import ROOT, new_home, stockml

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```bash\n(.*?)^```", PAGE, re.M | re.S)
    for line in block.splitlines()
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two trained models and no schedule."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=450,
        training__holdout_sessions=60,
        training__worker_memory_mb=0,
    )
    ran = stockml("train", "NVDA", "SPY", "--members", "naive", "--home", str(home.root))
    assert ran.returncode == 0, ran.stderr
    return home


def test_every_step_ends_well(home: Home, tmp_path: Path) -> None:
    """In the order of the page, each with exit code 0; health may warn."""
    assert len(LINES) > 10
    (tmp_path / "other").mkdir()
    for line in LINES:
        newest = sorted(path.name for path in home.models.glob("backup_*"))[-1:]
        words = shlex.split(line.replace("/mnt/other", str(tmp_path / "other")))
        words = [re.sub(r"backup_\d+_\d+", "".join(newest), word) for word in words]
        ran = stockml(*words[1:], "--home", str(home.root))
        assert ran.returncode == 0, f"{line}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
