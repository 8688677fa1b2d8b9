"""A job started by hand gets what cron would give it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import StockmlError, UsageError
from engine.schedule.start_now import start_now
from tests.helpers import new_home, wait_for


def test_the_job_gets_crons_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The absolute command of the crontab line, five variables, a session of its own, recorded
    as started by hand."""
    home = new_home(tmp_path / "home")
    program = tmp_path / "stockml"
    lines = (
        "#!/bin/sh",
        f'env >"{tmp_path}/env"',
        f'echo "$@" >"{tmp_path}/new"',
        f'mv "{tmp_path}/new" "{tmp_path}/called"',
    )
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    pid = start_now(home, "clean", program)
    wait_for(lambda: (tmp_path / "called").exists(), 20, "the job")

    assert (tmp_path / "called").read_text().split()[:6] == [
        "cron-run",
        "clean",
        "--home",
        str(home.root),
        "--trigger",
        "manual",
    ]
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert (
        {"HOME", "LOGNAME", "PATH", "SHELL"}
        <= names
        <= {"HOME", "LOGNAME", "PATH", "PWD", "SHELL", "_", "OLDPWD", "SHLVL"}
    )
    assert pid > 0


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    """An unknown job is a usage error; a program that is gone is named."""
    home = new_home(tmp_path / "home")
    with pytest.raises(UsageError, match="weekli"):
        start_now(home, "weekli", tmp_path / "stockml")
    with pytest.raises(StockmlError, match="cannot start"):
        start_now(home, "clean", tmp_path / "gone")
