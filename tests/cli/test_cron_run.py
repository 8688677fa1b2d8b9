"""`cron-run JOB`: what cron starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.paths import Home
from engine.schedule.record import read_history
from engine.schedule.records import JobOutcome, JobTrigger
from tests.helpers import ROOT, new_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    code = "import sys; print('worked', *sys.argv[1:]); sys.exit(int(sys.argv[1] == 'monthly'))"
    monkeypatch.setattr(
        "engine.schedule.cron_run.child_argv",
        lambda home, verb: [sys.executable, "-c", code, *verb],
    )
    return new_home(tmp_path / "home")


def test_a_run_is_silent_and_recorded(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, no word, the verb of the job was started."""
    assert main(["cron-run", "monthly", "--home", str(home.root)]) == 0
    assert capsys.readouterr() == ("", "")
    assert "worked auto-train --force" in (home.logs / "training" / "cron.log").read_text()
    assert read_history(home, ("monthly",)).runs["monthly"][0].outcome is JobOutcome.DONE


def test_who_started_it_can_be_said(home: Home) -> None:
    """The console's own start is a run by hand."""
    assert main(["cron-run", "weekly", "--trigger", "manual", "--home", str(home.root)]) == 0
    assert read_history(home, ("weekly",)).runs["weekly"][0].trigger is JobTrigger.MANUAL


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("weakly",), 2, "unknown job 'weakly' (did you mean weekly?)"),
        (("weekly", "--home", "/nowhere/home"), 3, "is its disk mounted?"),
    ],
)
def test_every_fault_is_one_line(
    words: tuple[str, ...], code: int, says: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """cron mails each line; a home that is gone is not made anew."""
    line = (
        ["cron-run", *words]
        if "--home" in words
        else ["cron-run", *words, "--home", str(home.root)]
    )
    assert main(line) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and says in err
    assert not Path("/nowhere").exists()


def test_it_needs_nothing_from_the_environment(tmp_path: Path) -> None:
    """With an empty environment and another working directory the job runs, and its fault is one
    line."""
    home = new_home(tmp_path / "home")
    program = tmp_path / "stockml"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "if sys.argv[1] == 'health':\n    sys.exit('the disk is full')\n"
        "from engine.cli.main import entry\nentry()\n"
    )
    program.chmod(0o755)
    line = [str(program), "cron-run", "health", "--home", str(home.root)]
    done = subprocess.run(
        line,
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "health failed" in done.stderr and "the disk is full" in done.stderr
    assert read_history(home, ("health",)).runs["health"][0].exit_code == 1


def test_it_loads_neither_numpy_nor_textual() -> None:
    """A job of every few minutes pays for its work only."""
    heavy = "{'numpy', 'pandas', 'textual', 'crontab'}"
    code = (
        f"import engine.cli.cron_run, engine.cli.schedule, sys; print(*({heavy} &"
        " set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=dict(os.environ),
    )
    assert done.stdout.strip() == ""
