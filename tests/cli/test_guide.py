"""The guide's three scripts: every line of docs/guide.md that stands for one of theirs is run."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from engine.api import Engine
from engine.cli import auto_train, main, train
from engine.core.paths import Home
from engine.core.records import Job, JobState, Run, StartedRun, TrainRequest
from engine.runs.facade import RunsFacade
from engine.watch.facade import WatchFacade
from tests.fake_clock import FakeClock
from tests.helpers import ROOT, new_home
from tests.schedule.fakes import FakeCrontab
from tests.service.homes import build_home, serving
from tests.watch.homes import SUNDAY, Trainer, simulated_home

TABLE = (ROOT / "docs" / "guide.md").read_text().partition("## What is not taken")[0]
LINES = re.findall(r"^\| .* \| `stockml ([^`]+)` \|$", TABLE, re.M)
# Run by tests of their own below: they need a crontab of the test's, and a service.
ELSEWHERE = ("schedule install", "test-symbol")
HERE = sorted({line for line in LINES if not line.startswith(ELSEWHERE)})
SCHEDULE = sorted({line for line in LINES if line.startswith("schedule install")})
ASKING = sorted({line for line in LINES if line.startswith("test-symbol")})
# The guide's default cron schedule.
TIMES = {
    "weekly": "0 2 * * 0",
    "performance": "0 6,12,18 * * 1-5",
    "monthly": "0 1 1 * *",
    "clean": "0 3 * * *",
}


class Yes(io.StringIO):
    """A terminal at which somebody answers every question with yes."""

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:  # type: ignore[override]
        return "y\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with models of NVDA and SPY, whose runs are small fits in this process that end at
    once."""
    home = simulated_home(tmp_path / "home")
    clock = FakeClock(SUNDAY)
    trainer, made = Trainer(home, clock), Engine.__init__
    runs: dict[str, Run] = {}
    for symbol in ("NVDA", "SPY"):
        trainer.train(symbol)

    def init(self: Engine, *words: object, **more: object) -> None:
        made(self, *words, **{**more, "clock": clock})  # type: ignore[arg-type]

    def start(_: RunsFacade, request: TrainRequest) -> StartedRun:
        started = trainer(request)
        jobs = tuple(Job(symbol, JobState.DONE, exit_code=0) for symbol in started.symbols)
        runs[started.run_id] = Run(
            started.run_id, "train", request.reason, "simulated", SUNDAY, "me", JobState.DONE, jobs
        )
        return started

    monkeypatch.setattr(Engine, "__init__", init)
    monkeypatch.setattr(RunsFacade, "start", start)
    monkeypatch.setattr(WatchFacade, "monitor", lambda *_, **__: None)
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
    assert {
        "train",
        "evaluate",
        "status",
        "test-symbol",
        "train-all",
        "quick-train",
        "performance",
        "auto-train",
    } <= verbs
    assert {"backup", "clean", "dashboard", "health", "schedule"} <= verbs


@pytest.mark.parametrize("line", HERE)
def test_every_line_runs(home: Home, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It does its work and ends with 0;
    the daily health check ends with 1 where something is critical."""
    code = main.main([*shlex.split(line), "--home", str(home.root)])
    shown = capsys.readouterr()

    assert code == 0 or (line.startswith("health") and code == 1), shown.err
    assert shown.out
    if line.startswith(("train-all", "auto-train --force")):
        assert all(home.model(symbol).exists() for symbol in ("NVDA", "TSLA", "SMR"))
    if line.startswith("evaluate"):
        (folder,) = [path for path in home.evaluations.iterdir() if path.is_dir()]
        assert [
            each["symbol"]
            for each in json.loads((folder / "evaluation.json").read_text())["symbols"]
        ] == ["NVDA"]


@pytest.mark.parametrize("line", SCHEDULE)
def test_the_setup_script_has_its_line(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a yes the guide's four jobs stand at the guide's times, in the crontab beside what
    stood there or as timers."""
    from engine.schedule import systemd

    monkeypatch.setattr(systemd, "_systemctl", lambda *words: None)
    monkeypatch.setattr(systemd.Systemd, "bus", lambda self: False)
    monkeypatch.setattr(systemd, "verify", lambda files: ())
    monkeypatch.setattr(sys, "stdin", Yes())
    fake, home = FakeCrontab(tmp_path / "fake"), new_home(tmp_path / "home")
    fake.tab = b"5 4 * * * echo hi\n"
    monkeypatch.setenv("PATH", f"{fake.folder}:/usr/bin:/bin")
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    code = main.main([*shlex.split(line), "--program", "/bin/true", "--home", str(home.root)])
    shown = capsys.readouterr()

    assert code == 0, shown.err
    tab = fake.tab.decode()
    timers = {path.name for path in (tmp_path / "config").rglob("*.timer")}
    assert tab.startswith("5 4 * * * echo hi\n")
    assert main.main(["schedule", "show", "--json", "--home", str(home.root)]) == 0
    jobs = {
        each["job"]: each["expression"]
        for each in json.loads(capsys.readouterr().out)["jobs"]
        if each["installed"]
    }
    assert jobs == TIMES
    if "--systemd" in line:
        assert (len(timers), tab.count("cron-run")) == (4, 0)
    else:
        assert (len(timers), [each in tab for each in TIMES.values()]) == (0, [True] * 4)


@pytest.mark.parametrize("line", ASKING)
def test_the_api_test_asks_the_running_service(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service of the home, on loopback, answers the one question: verdict, status and the
    forecast it gave."""
    with serving(build_home(tmp_path / "home")) as served:
        code = main.main([*shlex.split(line), "--home", str(served.home.root)])
        shown = capsys.readouterr()
        told = served.get("/api/v1/predict/NVDA")

    assert code == 0, shown.err
    assert shown.out.startswith("NVDA OK · HTTP 200 in ")
    assert f"{told['current_price']:.2f} → {told['predicted_price']:.2f}" in shown.out


def test_every_line_is_run_by_one_of_these() -> None:
    """The three tests together run the whole table."""
    assert {*HERE, *SCHEDULE, *ASKING} == set(LINES)
    assert len(SCHEDULE) == 2
    assert ASKING
