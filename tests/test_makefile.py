"""The interpreter that `make` takes, and what it says where none serves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
TOOLS = ("make", "sh", "touch")
UNFIT = "#!/bin/sh\nexit 1\n"
"""A Python of a version that no wheel of TensorFlow is for."""


def install(folder: Path, **pythons: str) -> subprocess.CompletedProcess[str]:
    """`make install` where only these interpreters are on the path, into a prepared folder."""
    programs = folder / "bin"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool) or "")
    for name, script in pythons.items():
        _program(programs / name.replace("_", "."), script)
    venv = folder / "venv"
    (venv / "bin").mkdir(parents=True)
    _program(venv / "bin" / "python", "#!/bin/sh\nexit 0\n")  # pip, which has nothing to do
    return subprocess.run(
        ["make", "install", f"VENV={venv}"],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )


def _program(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


def test_an_interpreter_that_serves_is_taken_and_named(tmp_path: Path) -> None:
    """`python3` is too new, `python3.12` serves."""
    fit = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    ran = install(tmp_path, python3=UNFIT, python3_12=fit)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "using python3.12" in ran.stdout


def test_without_an_interpreter_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    """Nothing is installed, and pip does not get the word."""
    ran = install(tmp_path, python3=UNFIT)
    assert ran.returncode != 0
    assert "stockml needs Python 3.11, 3.12 or 3.13" in ran.stdout
    assert not (tmp_path / "venv" / ".installed").exists()
