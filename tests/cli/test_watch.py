"""The watching commands as processes and on a real home: auto-train, hold, performance,
accuracy, alerts, health."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.api import Engine
from engine.cli import main
from engine.cli.alerts import tries
from engine.core.errors import ExitCode, StockmlError
from engine.core.paths import Home
from engine.core.records import TrainRequest
from engine.market.fetch import stored_bars
from engine.runs.facade import RunsFacade
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home, stockml
from tests.watch.homes import SUNDAY, Trainer, simulated_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose engine lives on a Sunday and trains small models in this process."""
    home = simulated_home(tmp_path / "home")
    clock = FakeClock(SUNDAY)
    trainer = Trainer(home, clock)
    made = Engine.__init__

    def init(self: Engine, *words: object, **more: object) -> None:
        made(self, *words, **{**more, "clock": clock})  # type: ignore[arg-type]

    def start(_: RunsFacade, request: TrainRequest) -> object:
        return trainer(request)

    monkeypatch.setattr(Engine, "__init__", init)
    monkeypatch.setattr(RunsFacade, "start", start)
    return home


def ran(home: Home, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    code = main.main([*words, "--home", str(home.root)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_auto_train_tells_decides_and_trains(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """--dry-run prints symbol, decision, reason and trains nothing; then it trains;
    then there is nothing to train."""
    pair = ("--symbols", "NVDA SPY")
    code, out, _ = ran(home, capsys, "auto-train", *pair, "--dry-run", "--json")
    decided = json.loads(out)["decisions"]
    assert (ExitCode.DONE, [("NVDA", "train", "missing"), ("SPY", "train", "missing")]) == (
        code,
        [(each["symbol"], each["decision"], each["reason"]) for each in decided],
    )
    assert not home.model("NVDA").exists()
    assert ran(home, capsys, "auto-train", *pair, "--dry-run")[1].startswith(
        "SIMULATED: not real prices\n"
    )
    code, out, _ = ran(home, capsys, "auto-train", *pair, "--detach")
    assert (ExitCode.DONE, True) == (code, "trains NVDA SPY" in out)
    code, out, _ = ran(home, capsys, "auto-train", *pair)
    assert (ExitCode.DONE, True) == (code, "nothing to train" in out)


def test_the_open_market_refuses_auto_train(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a Monday noon it ends with 5 and says until when; --dry-run still tells."""
    from datetime import UTC, datetime

    noon = datetime(2025, 8, 11, 16, 0, tzinfo=UTC)
    monkeypatch.setattr(FakeClock, "now", lambda _: noon)
    code, _, err = ran(home, capsys, "auto-train")
    assert (ExitCode.REFUSED, True) == (code, "the market is open until" in err)
    code, out, _ = ran(home, capsys, "auto-train", "--dry-run", "--symbols", "SPY")
    assert (ExitCode.DONE, True) == (code, "the market is open" in out)


def test_hold_and_unhold(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """A held symbol is HELD in the status and held in the plan;
    faults of the command line end with 2."""
    assert (
        ExitCode.DONE
        == ran(home, capsys, "hold", "SPY", "--reason", "audit", "--until", "2099-01-01")[0]
    )
    assert "on hold: audit" in ran(home, capsys, "auto-train", "--dry-run", "--symbols", "SPY")[1]
    assert "HELD" in ran(home, capsys, "status")[1]
    assert ExitCode.DONE == ran(home, capsys, "unhold", "SPY")[0]
    assert ExitCode.USAGE == ran(home, capsys, "unhold", "SPY")[0]
    assert ExitCode.USAGE == ran(home, capsys, "hold", "SPY", "--reason", "x", "--until", "soon")[0]
    assert ExitCode.USAGE == ran(home, capsys, "hold", "SPX", "--reason", "x")[0]


@pytest.mark.parametrize("verb", ["performance", "monitor"])
def test_performance_checks_and_reports(
    home: Home, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """It trains what is missing, then shows a healthy pair;
    --report prints and writes without checking."""
    ran(home, capsys, verb, "--symbols", "NVDA,SPY")
    code, out, _ = ran(home, capsys, verb, "--symbols", "NVDA,SPY", "--json")
    found = json.loads(out)
    assert (ExitCode.DONE, "in process", 2) == (code, found["via"], len(found["checks"]))
    assert all(check["confidence"] > 0 for check in found["checks"])
    lines = (home.logs / "monitoring" / "performance_history.jsonl").read_text().splitlines()
    code, out, _ = ran(home, capsys, verb, "--report")
    assert (ExitCode.DONE, 2) == (code, sum("SIMULATED" in line for line in out.splitlines()))
    assert list(home.evaluations.glob("performance_report_*.json"))
    assert len(lines) == len(
        (home.logs / "monitoring" / "performance_history.jsonl").read_text().splitlines()
    )


def test_what_performance_could_not_do_is_in_its_exit_code(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """4 where a symbol has neither model nor bars to make one of, unless it is held.

    1 where what fires cannot be started.

    The last line tells why, for cron's mail is that line.
    """
    nothing = ("performance", "--symbols", "SPY", "--source", f"csv:{tmp_path}")
    code, _, err = ran(home, capsys, *nothing)
    assert (ExitCode.NO_DATA, True) == (code, err.splitlines()[-1].startswith("no bars: SPY: "))
    code, _, err = ran(home, capsys, "auto-train", *nothing[1:])
    assert (ExitCode.NO_DATA, True) == (
        code,
        err.splitlines()[-1].startswith("not trained: SPY: no fresh bars: "),
    )
    ran(home, capsys, "hold", "SPY", "--reason", "not listed yet")
    assert ExitCode.DONE == ran(home, capsys, *nothing)[0]
    ran(home, capsys, "unhold", "SPY")

    def full(*_: object) -> None:
        raise StockmlError("0 MB free, 128 MB needed")

    monkeypatch.setattr(RunsFacade, "start", full)
    code, _, err = ran(home, capsys, "performance", "--symbols", "SPY")
    assert (ExitCode.FAILED, ["nothing was trained: 0 MB free, 128 MB needed"]) == (
        code,
        err.splitlines()[-1:],
    )
    assert ExitCode.DONE == ran(home, capsys, "performance", "--symbols", "SPY", "--no-train")[0]


def test_a_symbol_left_out_for_want_of_bars_is_told_beside_those_that_train(
    home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """auto-train starts what it can and ends with 4, the symbol without bars in its last line."""
    for name in ("SPY", "NVDA"):
        stored_bars(home, load(home), "simulated", name, FakeClock(SUNDAY))
    bars = home.market / "simulated"
    shutil.copy(bars / "SPY.csv", tmp_path / "SPY.csv")
    words = ("auto-train", "--symbols", "NVDA SPY", "--source", f"csv:{tmp_path}", "--detach")
    code, out, err = ran(home, capsys, *words)
    assert (ExitCode.NO_DATA, True) == (code, "trains SPY" in out)
    assert err.splitlines()[-1].startswith("not trained: NVDA: no fresh bars: ")


def test_accuracy_alerts_and_health(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """They answer on a home that was checked; health appends its page;
    a rule that does not exist ends with 2."""
    ran(home, capsys, "performance", "--symbols", "SPY")
    ran(home, capsys, "performance", "--symbols", "SPY")
    assert (
        1 == json.loads(ran(home, capsys, "accuracy", "SPY", "--json")[1])["symbols"][0]["waiting"]
    )
    out = ran(home, capsys, "accuracy", "SPY")[1]
    assert "wait for their session" in out
    assert out.splitlines()[1].endswith("SIMULATED")
    assert "alerts" in json.loads(ran(home, capsys, "alerts", "list", "--json")[1])
    assert "acknowledged" in ran(home, capsys, "alerts", "ack")[1]
    assert (
        "silent until" in ran(home, capsys, "alerts", "silence", "corrupt", "SPY", "--for", "2h")[1]
    )
    assert ExitCode.USAGE == ran(home, capsys, "alerts", "silence", "corupt", "--for", "2h")[0]
    assert (
        ExitCode.USAGE == ran(home, capsys, "alerts", "silence", "corrupt", "--for", "2 hours")[0]
    )
    assert ExitCode.FAILED == ran(home, capsys, "alerts", "test")[0]
    assert "stockml test (0 tries, not sent)" in ran(home, capsys, "alerts", "list")[1]
    assert "1 try" == tries(1)
    home.model("NVDA").write_bytes(b"broken")
    code, _, err = ran(home, capsys, "health", "--append")
    assert ExitCode.FAILED == code
    assert err.splitlines()[-1].startswith("critical: ")
    assert "1 CORRUPT" in err.splitlines()[-1]
    assert "=== Health check" in (home.logs / "health_check.log").read_text()
    assert "worst" in json.loads(ran(home, capsys, "health", "--json")[1])
    assert "SPY" in ran(home, capsys, "dashboard")[1]


def test_the_doctor_answers(tmp_path: Path) -> None:
    """As a process without a terminal it names Python, packages and the home, and ends with 0 or
    1."""
    ran = stockml("doctor", "--json", "--home", str(tmp_path / "h"))

    assert {"python", "packages", "home", "cron", "network"} <= {
        item["name"] for item in json.loads(ran.stdout)["items"]
    }
    assert ran.returncode in (0, 1)


def test_the_doctor_lists_what_is_wrong_with_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault of stockml.toml is an item, the rest is examined as ever; to mend needs them."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("socket.create_connection", unreachable)
    home = new_home(tmp_path / "h", market__source="simulated", training__epochs=0)
    home.settings.write_text(home.settings.read_text().replace("cpu_warn", "cpu_wran"))

    code, out, _ = ran(home, capsys, "doctor", "--json")
    items = json.loads(out)["items"]
    wrong = [item["text"] for item in items if item["name"] == "settings"]

    assert code == ExitCode.FAILED
    assert "training.epochs" in " ".join(wrong)
    assert "resources.cpu_wran" in " ".join(wrong)
    assert {"python", "packages", "cron"} <= {item["name"] for item in items}
    assert ran(home, capsys, "doctor", "--repair")[0] == ExitCode.CONFIG


def test_the_doctor_examines_a_home_that_the_others_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong folder and model has the command that mends it; `status` refuses with 3."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("socket.create_connection", unreachable)
    home = new_home(tmp_path / "h", market__source="simulated")
    for folder in (home.models, home.locks):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    home.model("NVDA").write_bytes(b"x")
    home.model("NVDA").chmod(0o666)

    refused = ran(home, capsys, "status")
    code, out, _ = ran(home, capsys, "doctor", "--json")
    owners = [item for item in json.loads(out)["items"] if item["name"] == "owners"]

    assert (ExitCode.CONFIG, ExitCode.FAILED) == (refused[0], code)
    assert f"chmod go-w {home.models}" in refused[2]
    assert [(item["level"], item["fix"]) for item in owners] == [
        ("CRIT", f"chmod go-w {home.models}"),
        ("CRIT", f"chmod go-w {home.locks}"),
        ("WARN", f"chmod go-w {home.model('NVDA')}"),
    ]
