"""`stockml completion` and what the shells get from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.completion import SHELLS
from tests.helpers import ROOT, new_home, stockml


def completed(words: str, position: int) -> list[str]:
    """What stockml answers to the question of bash for word number `position`."""
    ran = subprocess.run(
        [sys.executable, "-m", "engine.cli"],
        env={
            **os.environ,
            "_STOCKML_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(position),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line]


def test_commands_and_options_are_completed() -> None:
    """A beginning of a command, a verb of a group, an option and one of its choices."""
    assert completed("stockml tra", 1) == ["train", "train-all"]
    assert completed("stockml runs sh", 2) == ["show"]
    assert "--accept-rebase" in completed("stockml train --acc", 2)
    assert completed("stockml --link f", 2) == ["fast"]


def test_symbols_are_those_of_the_home(tmp_path: Path) -> None:
    """The configured symbols, in any case of letters; nothing where the settings are broken."""
    home = new_home(tmp_path / "h")
    assert completed(f"stockml train --home {home.root} n", 4) == ["NVDA"]
    home.settings.write_text("broken =")
    assert completed(f"stockml train --home {home.root} n", 4) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_reads(shell: str, tmp_path: Path) -> None:
    """Each shell that is installed parses its script."""
    ran = stockml("completion", shell)
    assert ran.returncode == 0
    assert "_STOCKML_COMPLETE" in ran.stdout
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(ran.stdout)
    subprocess.run([program, "-n", str(script)], check=True, capture_output=True)


def test_another_shell_is_refused() -> None:
    """With the shells that there are."""
    ran = stockml("completion", "tcsh")
    assert ran.returncode == 2
    assert "one of bash zsh fish" in ran.stderr
