"""Champion and challenger with real processes: refused, seen everywhere, overridden on record,
never skipped.

The champion's file is rewritten so that its held-out record shows somebody who knew a fifth of
every move: no honest challenger comes near it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.api import Engine
from engine.core.paths import Home
from engine.core.records import SymbolState
from engine.vault.backups import list_backups
from tests.helpers import new_home, stockml
from tests.tui.helpers import screen_text, until
from tests.vault.files import read_model, write_model
from tui.app import StockmlApp

FORESIGHT = 0.2


def run(home: Home, *words: str) -> Any:
    return stockml(*words, "--home", str(home.root), timeout=200)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home whose live NVDA model cannot be beaten."""
    home = new_home(
        tmp_path_factory.mktemp("champion") / "home",
        market__source="simulated",
        market__simulated_sessions=460,
        training__holdout_sessions=60,
        training__sequence_length=20,
        training__worker_memory_mb=0,
    )
    home.settings.write_text(
        home.settings.read_text().replace(
            '"naive", "enhanced", "sklearn", "lstm"', '"naive", "enhanced"'
        )
    )
    trained = run(home, "train", "NVDA")
    assert trained.returncode == 0, trained.stderr
    stored = read_model(home.model("NVDA"))
    better = {**stored.arrays, "record/forecast": FORESIGHT * stored.arrays["record/target"]}
    write_model(home.model("NVDA"), stored.manifest, stored.layers, better)
    Engine(home).models.refresh_status()
    yield home


@pytest.fixture(scope="module")
def refused(home: Home) -> Iterator[str]:
    """The id of the run whose challenger was refused."""
    before = home.model("NVDA").read_bytes()
    done = run(home, "train", "NVDA")
    assert done.returncode == 5, done.stderr
    assert "worse by more than 2 %" in done.stdout
    assert "stockml train NVDA --accept-worse" in done.stderr
    assert home.model("NVDA").read_bytes() == before
    assert list_backups(home.models) == ()
    yield Engine(home).runs.recent()[0].id


def test_status_tells_the_figures_of_both(home: Home, refused: str) -> None:
    """`status --json`: state REFUSED, last_run refused with challenger and champion on the same
    sessions beside naive."""
    told = json.loads(run(home, "status", "--json").stdout)
    row = next(each for each in told["symbols"] if each["symbol"] == "NVDA")
    last = row["last_run"]
    assert (row["state"], last["state"], last["id"]) == ("REFUSED", "refused", refused)
    assert row["model"]["generation"] == 1
    ours, theirs = last["metrics"], last["champion"]
    assert ours["n_scored"] == theirs["n_scored"] == 60
    assert ours["naive_mape"] == theirs["naive_mape"] > 0
    assert theirs["mase"] == pytest.approx(1.0 - FORESIGHT, abs=0.01)
    assert ours["mase"] > 1.02 * theirs["mase"]
    for mase in (ours["mase"], theirs["mase"]):
        assert f"{mase:.3f}" in last["message"]
    assert last["message"] in row["note"]
    table = run(home, "status").stdout
    assert "REFUSED" in next(line for line in table.splitlines() if line.startswith("NVDA"))


def test_the_list_of_runs_says_refused(home: Home, refused: str) -> None:
    """`runs list` and `runs show` name the run as refused, and show tells why."""
    listed = run(home, "runs", "list").stdout
    assert "refused" in next(line for line in listed.splitlines() if refused in line)
    assert "worse by more than 2 %" in run(home, "runs", "show", refused).stdout


@pytest.mark.parametrize("size", [(80, 24), (160, 40)])
async def test_the_console_says_refused_with_the_figures(
    home: Home, refused: str, size: tuple[int, int]
) -> None:
    """Row REFUSED, the run line REFUSED, and the detail line of the row with both models'
    figures."""
    app = StockmlApp(Engine(home), read_only=True)
    async with app.run_test(size=size) as pilot:
        row = await until(
            pilot, lambda: app.main.snapshot and app.main.snapshot.row("NVDA"), "the row of NVDA"
        )
        assert row.state is SymbolState.REFUSED
        ours, theirs = row.last_job.metrics, row.last_job.champion
        figures = f"MASE {ours.mase:.3f} against the live model's {theirs.mase:.3f}"
        shown = await until(
            pilot, lambda: figures in (text := screen_text(app)) and text, "the figures"
        )
        assert "REFUSED" in next(line for line in shown.splitlines() if "NVDA" in line)
        assert any(refused in line and "REFUSED" in line for line in shown.splitlines())


def test_force_skips_the_triggers_never_the_guard(home: Home, refused: str) -> None:
    """`auto-train --force` trains, is refused as everybody else, and leaves the champion byte
    for byte."""
    before = home.model("NVDA").read_bytes()
    done = run(home, "auto-train", "--force", "--skip-market-hours", "--symbols", "NVDA")
    assert done.returncode == 0, done.stderr
    newest = Engine(home).runs.recent()[0]
    job = newest.job("NVDA")
    assert job is not None
    assert (newest.id != refused, str(job.state)) == (True, "refused")
    assert home.model("NVDA").read_bytes() == before
    assert run(home, "auto-train", "--force", "--accept-worse").returncode == 2


def test_a_person_may_accept_the_worse_one_on_record(home: Home, refused: str) -> None:
    """`--accept-worse` publishes;
    the manifest keeps the override and both figures, a backup keeps the champion."""
    champion = read_model(home.model("NVDA")).manifest
    done = run(home, "train", "NVDA", "--accept-worse")
    assert done.returncode == 0, done.stderr
    manifest = read_model(home.model("NVDA")).manifest
    assert (manifest.generation, manifest.accept_worse) == (2, True)
    assert manifest.champion is not None
    assert manifest.champion["ratio"] > 1.02
    assert manifest.champion["metrics"]["mase"] == pytest.approx(1.0 - FORESIGHT, abs=0.01)
    assert manifest.parent is not None
    assert manifest.parent.digest == champion.digest
    (backup,) = list_backups(home.models)
    assert [read_model(path).manifest.digest for path in backup.path.glob("*.h5")] == [
        champion.digest
    ]
