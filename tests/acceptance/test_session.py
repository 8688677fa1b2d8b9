"""A whole session of the operator: a real sshd on loopback, tmux as their terminal, models
really trained."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.records import JobState, Run
from engine.runs.store import RunStore
from engine.schedule.records import Daemon
from engine.schedule.scheduler import Scheduler
from engine.vault.backups import backups_in
from tests.acceptance.sshd import consoles, drop, needs_sshd, ssh_line
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, new_home, wait_for
from tests.schedule.fakes import FakeCrontab
from tests.vault.files import read_model

pytestmark = [needs_tmux, needs_sshd, pytest.mark.timeout(600)]
FOREIGN = b"MAILTO=me\n5 4 * * *\techo hi \n"
MARKED = ("NVDA", "TSLA", "AAPL")
_PROGRAM = (
    "#!{python}\nimport sys\nsys.path.insert(0, {root!r})\nfrom engine.cli.main import"
    " entry\nentry()\n"
)


class Operator:
    """Somebody with a home, a crontab of their own and a way in."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        self.home = new_home(
            folder / "home",
            market__source="simulated",
            market__simulated_sessions=520,
            training__epochs=2,
            training__max_workers=1,
        )
        self.fake = FakeCrontab(folder / "bin")
        self.fake.tab = FOREIGN
        self._state, self._words = folder / "state", words
        self._program = folder / "bin" / "stockml"
        self._program.write_text(_PROGRAM.format(python=sys.executable, root=str(ROOT)))
        self._program.chmod(0o755)

    def open(self) -> Terminal:
        """A terminal in which the console runs at the other end of the line."""
        places = {
            "PATH": f"{self.fake.folder}:/usr/bin:/bin",
            "XDG_STATE_HOME": str(self._state),
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }
        given = [f"{name}={value}" for name, value in places.items()]
        return Terminal(
            [
                *self._words,
                shlex.join(["env", *given, str(self._program), "--home", str(self.home.root)]),
            ],
            100,
            30,
        )

    def times(self) -> dict[str, str]:
        """What stands in the crontab."""
        scheduler = Scheduler(
            self.home,
            crontab=self.fake.crontab,
            state=self._state / "stockml",
            daemon=lambda: Daemon(True),
        )
        return {line.job: line.expression for line in scheduler.current().lines}


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with ssh_line(tmp_path) as words:
        yield Operator(tmp_path, words)


def test_a_session_over_ssh(operator: Operator) -> None:
    """Three marked symbols train on while the line drops;
    back, the operator is told, and goes through every screen."""
    home = operator.home
    with operator.open() as terminal:
        run_id = _retrain_marked(terminal, home)
        drop(home.root)
        wait_for(lambda: not consoles(home.root), 30, "the end of the console")
    ended = wait_for(
        lambda: (found := RunStore(home).run(run_id)).state.ended and found,
        120,
        "the end of the run",
    )
    assert [(job.symbol, job.state) for job in ended.jobs] == [
        (name, JobState.DONE) for name in MARKED
    ]

    with operator.open() as terminal:
        terminal.shows("While you were away since", 60)
        terminal.shows(f"run {run_id} done, manual: 3 done")
        terminal.keys("Escape")
        _back_up_and_restore(terminal, home)
        _edit_the_schedule(terminal, operator)
        _read_a_log(terminal)
        terminal.keys("1")
        terminal.shows("  SYM   STATE")
        terminal.keys("q")
        wait_for(lambda: not consoles(home.root), 30, "the end of the console")

    assert not RunStore(home).live()


def _retrain_marked(terminal: Terminal, home: Home) -> str:
    """Open, mark the first three rows, retrain them; the id of the run, while it is live."""
    terminal.shows("SPY   NONE", 60)
    terminal.keys("Space", "Space", "Space")
    terminal.shows("*AAPL")
    terminal.keys("r")
    asked = terminal.shows("Retrain 3 symbols on simulated bars (SIMULATED)?")
    assert all(f"  {name} " in asked for name in MARKED)
    assert "SPY    new" not in asked
    terminal.keys("y")
    run: Run = wait_for(lambda: RunStore(home).live(), 30, "a live run")[0]
    return run.id


def _generation(home: Home, symbol: str) -> int:
    return read_model(home.model(symbol)).manifest.generation


def _back_up_and_restore(terminal: Terminal, home: Home) -> None:
    """A backup, a verify, a restore behind a typed word, and the way back: generations 1, 2 and
    3."""
    terminal.keys("g", "b")
    terminal.shows("read again and hashed")
    assert [entry.symbol for entry in backups_in(home.models)[0].entries] == ["NVDA"]
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
    assert _generation(home, "NVDA") == 2
    terminal.keys("4")  # not esc: that takes the words first, while they stand there
    terminal.shows("before a restore")
    terminal.keys("u")
    terminal.shows("type NVDA to restore")
    terminal.keys("N", "V", "D", "A", "Enter")
    terminal.shows("restored NVDA")
    assert _generation(home, "NVDA") == 3


def _edit_the_schedule(terminal: Terminal, operator: Operator) -> None:
    """The standard jobs, then another time for one of them;
    what else stands in the crontab is as it was."""
    terminal.keys("5")
    terminal.shows("5 4 * * *\\techo hi")
    terminal.keys("n")
    terminal.shows("the standard jobs are added")
    terminal.keys("w")
    terminal.shows("Write this to your crontab?")
    terminal.keys("y")
    wait_for(lambda: len(operator.times()) == 4, 20, "four jobs")
    terminal.shows("written; u takes it back")
    terminal.keys("e")
    terminal.shows("When does weekly run?")
    terminal.keys("Down", "Enter")
    terminal.shows("NOT WRITTEN")
    terminal.keys("w")
    terminal.shows("+0 4 * * 0")
    terminal.keys("y")
    wait_for(lambda: operator.times()["weekly"] == "0 4 * * 0", 20, "the new time")
    assert (operator.fake.tab or b"").startswith(FOREIGN)
    # The words of the first write may still stand there; leaving before the second came back is
    # asked about.
    wait_for(lambda: "NOT WRITTEN" not in terminal.screen(), 20, "the written schedule")
    terminal.shows("written; u takes it back")


def _read_a_log(terminal: Terminal) -> None:
    """The training log, then only its lines with a text."""
    terminal.open_log("logs/training/training.log")
    terminal.shows("NVDA: SIMULATED published generation 1")
    terminal.keys("/")
    terminal.keys(*"AAPL", "Enter")
    terminal.shows("AAPL: SIMULATED published generation 1")
    wait_for(lambda: "NVDA: SIMULATED" not in terminal.screen(), 20, "lines of AAPL alone")
