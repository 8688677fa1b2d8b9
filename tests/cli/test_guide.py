"""The guide's three scripts: every line of the README's table that stands for one of theirs is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine.api import Engine
from engine.cli import auto_train, main, train
from engine.core.clock import FakeClock
from engine.core.paths import Home
from engine.core.records import Job, JobState, Run, Started, TrainRequest
from tests.helpers import ROOT
from tests.watch.homes import SUNDAY, Trainer, simulated_home

TABLE = (ROOT / "README.md").read_text().partition("### The guide's scripts")[2].partition("\n\n`")[0]
LINES = re.findall(r"^\| .* \| `stockml ([^`]+)` \|$", TABLE, re.M)
# Run by tests of their own: they need a crontab, a service, a worker with bars.
ELSEWHERE = ("schedule", "test-symbol", "evaluate")
HERE = sorted({line for line in LINES if line.split()[0] not in ELSEWHERE})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with models of NVDA and SPY, whose runs are small fits in this process that end at once."""
    home = simulated_home(tmp_path / "home")
    clock = FakeClock(SUNDAY)
    trainer, made = Trainer(home, clock), Engine.__init__
    runs: dict[str, Run] = {}
    for symbol in ("NVDA", "SPY"):
        trainer.train(symbol)

    def init(self: Engine, *words: object, **more: object) -> None:
        made(self, *words, **{**more, "clock": clock})  # type: ignore[arg-type]

    def start(_: Engine, request: TrainRequest) -> Started:
        started = trainer(request)
        jobs = tuple(Job(symbol, JobState.DONE, exit_code=0) for symbol in started.symbols)
        runs[started.run_id] = Run(started.run_id, "train", request.reason, "simulated", SUNDAY, "me", JobState.DONE, jobs)
        return started

    monkeypatch.setattr(Engine, "__init__", init)
    monkeypatch.setattr(Engine, "start_training", start)
    monkeypatch.setattr(Engine, "monitor", lambda *_, **__: None)
    for module in (auto_train, train):
        monkeypatch.setattr(module, "follow", lambda _, run_id, *__: runs[run_id])
    return home


def test_the_table_names_every_script() -> None:
    """All scripts of the guide and every verb of theirs have a line."""
    for script in (
        "manage_ml_models.sh",
        "enhanced_training.sh",
        "monitor_performance.sh",
        "setup_cron_jobs.sh",
        "dashboard.sh",
    ):
        assert script in TABLE
    verbs = {line.split()[0] for line in LINES}
    assert {"train", "evaluate", "status", "test-symbol", "train-all", "quick-train", "performance", "auto-train"} <= verbs
    assert {"backup", "clean", "dashboard", "health", "schedule"} <= verbs


@pytest.mark.parametrize("line", HERE)
def test_every_line_runs(home: Home, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It does its work and ends with 0; the daily health check ends with 1 where something is critical."""
    code = main.main([*shlex.split(line), "--home", str(home.root)])
    shown = capsys.readouterr()

    assert code == 0 or (line.startswith("health") and code == 1), shown.err
    assert shown.out
    if line.startswith(("train-all", "auto-train --force")):
        assert all(home.model(symbol).exists() for symbol in ("NVDA", "TSLA", "SMR"))
