"""A morning's work by mouse alone, with models really trained and a crontab really written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.vault.backups import backups_in
from tests.acceptance.mouse import click
from tests.helpers import ROOT, new_home, wait_for
from tests.schedule.fakes import FakeCrontab
from tests.tui.helpers import PtyConsole
from tests.vault.files import read_model

pytestmark = pytest.mark.timeout(600)
TABS, FOOTER = 1, 29
"""Lines of the screen."""
FOREIGN = b"5 4 * * *\techo hi \n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=520,
        training__members=["naive", "enhanced"],
        training__max_workers=1,
    )


@pytest.fixture
def crontab(tmp_path: Path) -> FakeCrontab:
    fake = FakeCrontab(tmp_path / "bin")
    fake.tab = FOREIGN
    return fake


@pytest.fixture
def console(home: Home, crontab: FakeCrontab, tmp_path: Path) -> Iterator[PtyConsole]:
    """The console as it is installed, in a terminal of 120x30."""
    opened = PtyConsole(
        home.root,
        size=(120, 30),
        program=[sys.executable, "-m", "engine.cli", "--home", str(home.root)],
        PATH=f"{crontab.folder}:/usr/bin:/bin",
        XDG_STATE_HOME=str(tmp_path / "state"),
        PYTHONPATH=str(ROOT),
        STOCKML_HOME="",
    )
    try:
        opened.see("A all")
        yield opened
    finally:
        opened.close()


def generation(home: Home, symbol: str) -> int:
    """That of the live model; 0 without one."""
    path = home.model(symbol)
    return read_model(path).manifest.generation if path.exists() else 0


def test_a_morning_by_mouse(console: PtyConsole, home: Home, crontab: FakeCrontab) -> None:
    """Retrain a row, read its page, verify a backup, install the jobs, and leave."""
    click(console, "TSLA")
    console.see("> TSLA")
    click(console, "r retrain", FOOTER)
    click(console, "Retrain 1    y")
    wait_for(lambda: generation(home, "TSLA") == 1, 120, "the published model")
    console.see("last run DONE")

    click(console, "TSLA", times=2)
    console.see("Symbol  TSLA")
    click(console, "esc back", FOOTER)

    click(console, "4 Backup", TABS)
    click(console, "b back up", FOOTER)
    wait_for(lambda: backups_in(home.models), 60, "a backup")
    console.see("> backup_")
    click(console, "v verify", FOOTER)
    console.see("every file is as it was backed up")

    click(console, "5 Sched", TABS)
    click(console, "n add", FOOTER)
    console.see("the standard jobs are added")
    click(console, "w write", FOOTER)
    console.see("Write this to your crontab?")
    click(console, "[Cancel]")
    assert crontab.tab == FOREIGN
    click(console, "w write", FOOTER)
    click(console, "Write    y")
    wait_for(lambda: crontab.tab != FOREIGN, 60, "the written crontab")
    assert (crontab.tab or b"").startswith(FOREIGN)
    console.see("written; u takes it back")

    click(console, "1 Dash", TABS)
    click(console, "q quit", FOOTER)
    assert console.wait() == 0
