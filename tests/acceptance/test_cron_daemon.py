"""The real cron daemon starts our job in its bare environment: log, record, exit code and state
appear."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.audit import ORIGIN
from engine.core.paths import Home
from engine.schedule.record import read_history
from engine.schedule.records import CronRun, JobOutcome, JobTrigger
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, new_home, wait_for
from tests.schedule.realcron import SPOOL, needs_cron, running_daemon, throwaway_user

pytestmark = [needs_cron, needs_tmux, pytest.mark.timeout(600)]

# `stockml` as an installed script; the work itself only tells where it stands and how it ends.
_PROGRAM = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
if sys.argv[1] in ("performance", "clean"):
    import json
    facts = {{"environ": dict(os.environ), "cwd": os.getcwd(), "tty": os.isatty(0),
        "argv": sys.argv[1:]}}
    with open({told!r} + sys.argv[1], "w") as file:
        json.dump(facts, file)
    print("worked on 13 symbols")
    sys.exit(3 if sys.argv[1] == "clean" else 0)
from engine.cli.main import entry
entry()
"""
_PER_MINUTE = "* * * * *"
SECOND = ("worked on 13 symbols", "by cron, due", "failed, exit 3")


class Operator:
    """A throw-away user of the machine with a stockml of their own."""

    def __init__(self, folder: Path, name: str) -> None:
        # Blanks, a quote and a percent sign: what cron and the shell would take apart.
        self.folder, self.name = folder, name
        self.home = new_home(folder / "it's 100% mine")
        self.bin = folder / "bin dir"
        self.bin.mkdir()
        self.program = self.bin / "stockml"
        self.program.write_text(
            _PROGRAM.format(python=sys.executable, root=str(ROOT), told=f"{folder}/told-")
        )
        wrapper = self.bin / "crontab"
        wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/crontab -u {name} "$@"\n')
        for path in (self.program, wrapper):
            path.chmod(0o755)

        self.environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "XDG_STATE_HOME": str(folder / "state"),
            "HOME": str(folder),
        }

    def stockml(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [str(self.program), *words, "--home", str(self.home.root)]
        return subprocess.run(
            line,
            capture_output=True,
            text=True,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )

    def console(self) -> Terminal:
        """The console in a terminal, with the crontab of this user."""
        return Terminal(
            [str(self.program), "--home", str(self.home.root)], 120, 40, TZ="UTC", **self.environ
        )

    def schedule(self, *words: str) -> Any:
        done = self.stockml("schedule", *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def settled(self) -> dict[str, Any] | None:
        """What `schedule show` says of each job, while the two that fire each minute are not at
        it again."""
        shown = {job["job"]: job for job in self.schedule("show")["jobs"]}
        return (
            shown
            if {shown[name]["state"] for name in ("performance", "clean")} == {"Up", "Failed"}
            else None
        )

    def ended(self, job: str) -> CronRun | None:
        runs = read_history(Home(self.home.root), (job,)).runs.get(job, ())
        return next((run for run in runs if run.outcome is not None), None)


def test_a_job_of_every_minute_fires_in_crons_bare_environment(tmp_path: Path) -> None:
    """Installed by our command, started by the real daemon, recorded with its slot, shown by the
    console; a failing one too."""
    root_tab = (SPOOL / "root").read_bytes() if (SPOOL / "root").exists() else None
    tmp_path.chmod(0o755)
    with throwaway_user(tmp_path, root=True) as name, running_daemon():
        operator = Operator(tmp_path, name)
        assert operator.schedule("install", "performance", "clean", "--yes")["changed"]
        # Before they are due each minute: one may begin between any two of the commands that
        # follow.
        before = operator.schedule("show")
        assert before["daemon"]["running"] and {
            job["state"] for job in before["jobs"] if job["installed"]
        } == {"New"}
        for job in ("performance", "clean"):
            assert operator.schedule("set", job, _PER_MINUTE, "--yes")["changed"]
        assert not operator.schedule("install", "--yes")["changed"]
        done = wait_for(lambda: operator.ended("performance"), 100, "the run of performance")
        failed = wait_for(lambda: operator.ended("clean"), what="the run of clean")
        shown = wait_for(operator.settled, what="a minute in which no job is at work")
        _on_the_console(operator)
        assert operator.schedule("remove", "--yes")["changed"]
        # Nothing of ours is left; there was no crontab before.
        assert not (SPOOL / name).exists()

    assert (done.trigger, done.exit_code, done.outcome) == (JobTrigger.CRON, 0, JobOutcome.DONE)
    assert (
        done.slot is not None
        and done.slot.second == 0
        and timedelta() <= done.started - done.slot < timedelta(seconds=30)
    )
    assert abs(datetime.now(UTC) - done.started) < timedelta(minutes=5)
    assert (failed.exit_code, failed.outcome, failed.message) == (
        3,
        JobOutcome.FAILED,
        "worked on 13 symbols",
    )
    assert (shown["performance"]["state"], shown["performance"]["last"]["exit"]) == ("Up", 0)
    assert (shown["clean"]["state"], shown["clean"]["last"]["exit"]) == ("Failed", 3)

    facts = json.loads((tmp_path / "told-performance").read_text())
    environ = facts["environ"]
    # LC_CTYPE is Python's own doing in a C locale, PWD and the like are the shell's; cron-run adds
    # who started the job.
    assert environ.pop(ORIGIN).startswith("cron")
    assert set(environ) - {"LC_CTYPE", "SHLVL", "_", "OLDPWD"} == {
        "HOME",
        "LOGNAME",
        "PATH",
        "PWD",
        "SHELL",
    }
    assert (environ["PATH"], environ["SHELL"], environ["LOGNAME"]) == (
        "/usr/bin:/bin",
        "/bin/sh",
        name,
    )
    assert facts["cwd"] == str(operator.home.root) and not facts["tty"]
    assert facts["argv"] == ["performance", "--home", str(operator.home.root)]

    log = (operator.home.logs / "monitoring" / "cron.log").read_text()
    assert (
        "performance: started by cron, due " in log and "performance: worked on 13 symbols" in log
    )
    assert (
        "(exit 0)" in log
        and "(exit 3)" in (operator.home.logs / "training" / "cron.log").read_text()
    )
    assert root_tab == ((SPOOL / "root").read_bytes() if (SPOOL / "root").exists() else None)


def _on_the_console(operator: Operator) -> None:
    """Screen 5 has state, last run, exit and trigger of what cron ran, screen 3 its log."""
    with operator.console() as terminal:
        terminal.shows("SPY", 40)
        terminal.keys("5")
        terminal.shows("cron runs")
        terminal.keys("j")
        terminal.shows("by cron, due")

        def told() -> bool:
            """Both rows and the words about the first;
            a job that fires again meanwhile is at work for a moment."""
            screen = terminal.screen()
            # From below, so that a job's row counts and not the lines about it further down.
            rows = {
                words[0]: words
                for line in reversed(screen.splitlines())
                if (words := line.lstrip("> ").split())
            }
            # name, state, the five fields, then next run, last run, how long it took, exit
            first, second = rows["performance"], rows["clean"]
            right = first[1:7] == ["Up", *"*****"] and "0" in first[7:] and "done, exit 0" in screen
            return right and second[1:7] == ["Failed", *"*****"] and "3" in second[7:]

        wait_for(told, what="both rows")
        terminal.keys("j", "j")
        wait_for(
            lambda: all(words in terminal.screen() for words in SECOND),
            what="the words about the second",
        )
        terminal.open_log("logs/monitoring/cron.log")
        terminal.shows("performance: started by cron, due ")
        terminal.keys("C-q")
