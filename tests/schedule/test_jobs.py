"""The table of jobs and the command of each."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.errors import StockmlError, UsageError
from engine.core.paths import Home
from engine.core.symbols import SYMBOL
from engine.schedule.expression import parse
from engine.schedule.jobs import (
    JOBS,
    STANDARD_JOBS,
    CronCommand,
    child_argv,
    find_program,
    job_named,
    parse_command,
    shell_command,
)


def test_the_guides_defaults() -> None:
    """Names, times and what each starts."""
    assert {job.name: (job.expression, " ".join(job.verb)) for job in JOBS.values()} == {
        "weekly": ("0 2 * * 0", "auto-train"),
        "performance": ("0 6,12,18 * * 1-5", "performance"),
        "monthly": ("0 1 1 * *", "auto-train --force"),
        "clean": ("0 3 * * *", "clean --yes"),
        "health": ("30 7 * * *", "health --append"),
        "serve": ("@reboot", "serve"),
    }
    assert STANDARD_JOBS == ("weekly", "performance", "monthly", "clean")
    assert all(parse(job.expression, reboot=job.reboot) for job in JOBS.values())


def test_no_jobs_lock_has_a_symbols_name() -> None:
    """Symbols are upper case."""
    home = Home(Path("/h"))
    assert not any(SYMBOL.fullmatch(job.lock_path(home).stem) for job in JOBS.values())


def test_an_unknown_name_suggests_the_nearest() -> None:
    """A typo is seen through."""
    with pytest.raises(UsageError, match="did you mean weekly"):
        job_named("weekyl")


@pytest.mark.parametrize(
    "root", ["/home/op/stocks", "/home/o p/100% it's", "/home/é/$HOME;`x`", "/home/~/*?[a]"]
)
def test_a_command_is_read_back_by_any_shell(root: str) -> None:
    """Quoted so that /bin/sh gives the very words to the program."""
    home = Home(Path(root))
    command = shell_command(Path("/opt/my bin/stockml"), "weekly", home)
    assert parse_command(command) == CronCommand("weekly", Path("/opt/my bin/stockml"), home.root)
    shown = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines() == [
        "/opt/my bin/stockml",
        "cron-run",
        "weekly",
        "--home",
        root,
    ]


@pytest.mark.parametrize(
    "command",
    ["echo hi", "/opt/stockml cron-run weekly", "/opt/stockml train weekly --home /h", "'unclosed"],
)
def test_foreign_commands_are_no_jobs_of_ours(command: str) -> None:
    """Only the exact shape is."""
    assert parse_command(command) is None


def test_the_program_is_found_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was started, else the one beside the interpreter, else the one on the PATH;
    else it is told."""
    program = tmp_path / "stockml"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert find_program() == program and child_argv(Home(Path("/h")), ("clean", "--yes")) == [
        str(program),
        "clean",
        "--yes",
        "--home",
        "/h",
    ]
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert find_program() == program
    assert (
        shlex.join(child_argv(Home(Path("/h")), ("serve",)))
        == f"{tmp_path}/python3 -P -m engine.cli serve --home /h"
    )
    program.chmod(0o644)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StockmlError, match="no stockml command") as caught:
        find_program()
    assert "--program" in caught.value.hint


def test_a_home_that_history_cannot_open_is_refused_before_the_write() -> None:
    """A path with a byte that is not UTF-8."""
    with pytest.raises(UsageError, match="not UTF-8"):
        shell_command(Path("/bin/true"), "weekly", Home(Path("/home/op/lat\udce9n")))
