"""The console's screens in a real terminal over the real engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine.schedule.records import Daemon
from engine.schedule.scheduler import Scheduler
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import new_home, stockml, wait_for
from tests.schedule.fakes import FakeCrontab

CONSOLE = (sys.executable, "-m", "engine.cli")
FOREIGN = b"MAILTO=me\n5 4 * * *\techo hi \n"


@needs_tmux
def test_schedule_is_installed_edited_and_left(tmp_path: Path) -> None:
    """`5`, `n`, `w`, `y` install the standard jobs below foreign lines; an edit is written;
    a run by hand is recorded."""
    home = new_home(tmp_path / "home", market__source="simulated")
    fake = FakeCrontab(tmp_path / "bin")
    fake.tab = FOREIGN
    program = tmp_path / "bin" / "stockml"
    program.write_text(
        f'#!/bin/sh\necho "$@" >"{tmp_path}/called"\nenv >"{tmp_path}/environment"\n'
    )
    program.chmod(0o755)
    # The console takes the program it was started as for the jobs' lines, before one beside the
    # interpreter.
    start = (
        f"import sys; sys.argv[0] = {str(program)!r}; from engine.cli.main import entry; entry()"
    )
    places = {"PATH": f"{fake.folder}:/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path / "state")}
    scheduler = Scheduler(
        home,
        crontab=fake.crontab,
        state=tmp_path / "state" / "stockml",
        daemon=lambda: Daemon(True),
    )

    def times() -> dict[str, str]:
        return {line.job: line.expression for line in scheduler.current().lines}

    with Terminal(
        [sys.executable, "-c", start, "--home", str(home.root)], 80, 24, **places
    ) as terminal:
        terminal.shows("NONE", 40)
        terminal.keys("5")
        terminal.shows("5 4 * * *\\techo hi")
        assert fake.writes == []
        terminal.keys("n")
        terminal.shows("the standard jobs are added")
        terminal.keys("w")
        terminal.shows("Write this to your crontab?")
        terminal.keys("y")
        wait_for(lambda: len(times()) == 4, 20, "four jobs")
        terminal.shows("written; u takes it back")
        terminal.keys("e")
        terminal.shows("When does weekly run?")
        terminal.keys("Down", "Enter")
        terminal.shows("NOT WRITTEN")
        terminal.keys("w")
        terminal.shows("+0 4 * * 0")
        terminal.keys("y")
        wait_for(lambda: times()["weekly"] == "0 4 * * 0", 20, "the new time")
        # Leaving before the write came back is asked about.
        wait_for(lambda: "NOT WRITTEN" not in terminal.screen(), 20, "the written schedule")
        terminal.keys("T")
        terminal.shows("Run weekly now")
        terminal.keys("y")
        wait_for(lambda: (tmp_path / "environment").exists(), 20, "the run")
        terminal.keys("Escape")
        terminal.keys("Escape")
        terminal.shows("A all")
        terminal.keys("q")

    assert (fake.tab or b"").startswith(FOREIGN)
    assert (tmp_path / "called").read_text().split() == [
        "cron-run",
        "weekly",
        "--home",
        str(home.root),
        "--trigger",
        "manual",
    ]
    assert "VIRTUAL_ENV" not in (tmp_path / "environment").read_text()
    assert "PATH=/usr/bin:/bin" in (tmp_path / "environment").read_text()


@needs_tmux
def test_broken_settings_open_the_console_where_they_are_mended(tmp_path: Path) -> None:
    """The fault and its line stand there; mended, the console is as ever."""
    home = new_home(tmp_path / "home", market__source="simulated", training__epochs=0)
    with Terminal([*CONSOLE, "--home", str(home.root)], 100, 24, TZ="UTC") as terminal:
        terminal.shows("1 problem; e mends its line", 40)
        terminal.shows("training.epochs: 0")
        terminal.keys("e")
        terminal.shows("Mend a line")
        terminal.keys("C-u", "epochs = 3", "Enter")
        terminal.shows("written (the file before is .stockml.toml.previous)")
        terminal.keys("1")
        terminal.shows("SPY   NONE")


@needs_tmux
def test_backup_restore_and_undo(tmp_path: Path) -> None:
    """`b` backs a real model up, a typed symbol restores it as a new generation, `u` takes that
    back: generation 3."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=520,
        training__epochs=1,
    )
    members = ("--members", "naive,enhanced")
    assert stockml("train", "NVDA", *members, "--home", str(home.root)).returncode == 0
    backups = {"TZ": "UTC"}

    def generation() -> int:
        rows = json.loads(stockml("status", "--json", "--home", str(home.root)).stdout)["symbols"]
        return int(next(row for row in rows if row["symbol"] == "NVDA")["model"]["generation"])

    with Terminal([*CONSOLE, "--home", str(home.root)], 100, 24, **backups) as terminal:
        terminal.shows("NONE", 40)
        terminal.keys("g", "Enter")
        terminal.shows("● 1")  # the chart, and below it why the model is kept
        terminal.keys("]", "]")
        terminal.shows("corrupt     the model file reads well")
        terminal.keys("2")
        terminal.shows("1 done")
        terminal.keys("Enter")
        terminal.shows("published generation 1")
        terminal.keys("3")
        terminal.shows("training/training.log")
        terminal.keys("1")
        terminal.shows("A all")
        terminal.keys("b")
        terminal.shows("read again and hashed")
        terminal.keys("4")
        terminal.shows("> backup_")
        terminal.keys("v")
        terminal.shows("every file is as it was backed up")
        terminal.keys("Enter")
        terminal.shows("LIVE NOW")
        terminal.keys("r")
        terminal.shows("type NVDA to restore")
        terminal.keys("N", "V", "D", "A", "Enter")
        terminal.shows("restored NVDA")
        assert generation() == 2
        terminal.keys("4")  # not esc: that takes the words first, while they stand there
        terminal.shows("before a restore")
        terminal.keys("u")
        terminal.shows("type NVDA to restore")
        terminal.keys("N", "V", "D", "A", "Enter")
        terminal.shows("restored NVDA")
        assert generation() == 3
        terminal.keys("C-q")
