"""From an empty home to trained models, with real processes and a real terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import h5py
import numpy as np
import pytest

from engine.client.place import find_place
from engine.client.service_client import service_state
from engine.core.paths import Home
from engine.runs.store import RunStore
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, environment, new_home, stockml, wait_for

CONSOLE = (sys.executable, "-m", "engine.cli")


def write_bars(folder: Path, symbol: str, rows: list[str]) -> Path:
    """A csv folder with one symbol."""
    folder.mkdir(exist_ok=True)
    (folder / f"{symbol}.csv").write_text(
        "date,open,high,low,close,volume\n" + "\n".join(rows) + "\n"
    )
    return folder


# The forecaster with its network's numpy pass replaced by Keras, which opens the file by its own
# reader.
BY_KERAS = """
import json, sys
from pathlib import Path
import keras
import numpy as np
from engine.core.clock import SystemClock
from engine.settings.load import load
from engine.core.paths import Home
from engine.forecast.members import lstm
from engine.service.metrics import ServiceMetrics
from engine.service.model_store import ModelStore

home, told, numpy_pass = Home(Path(sys.argv[1])), {}, lstm.forward_stacked
store = ModelStore(home, SystemClock(), ServiceMetrics(), None)
store.refresh(load(home))
for symbol in sys.argv[2:]:
    model = keras.models.load_model(home.model(symbol), compile=False)
    gaps = []
    def by_keras(networks, windows):
        found = [model.predict(np.asarray(each, np.float32), verbose=0)[:, 0] for each in windows]
        own = numpy_pass(networks, windows)
        gaps.extend(float(np.abs(a - b).max()) for a, b in zip(found, own))
        return found
    lstm.forward_stacked = by_keras
    forecast = store.get(symbol).forecast()
    lstm.forward_stacked = numpy_pass
    told[symbol] = {"parameters": model.count_params(), "gaps": gaps,
                    "numbers": [forecast.next_close,
                                forecast.low80, forecast.high95, forecast.p_up]}
print(json.dumps(told))
"""


@contextmanager
def service(home: Home) -> Iterator[tuple[str, int]]:
    """`stockml serve` as a real process, ready; where it listens."""
    line = [
        sys.executable,
        "-m",
        "engine.cli",
        "serve",
        "--home",
        str(home.root),
        "--port",
        "0",
        "--no-fetch",
    ]
    null = subprocess.DEVNULL
    ran = subprocess.Popen(line, stdout=null, stderr=null, env=environment(), cwd=ROOT)
    try:
        wait_for(
            lambda: service_state(home).word == "degraded", 60, "a service that answers two symbols"
        )
        yield find_place(home).address or ("", 0)
    finally:
        ran.terminate()
        assert ran.wait(120) == 0


def numbers(tree: dict[str, Any], scale: float) -> list[float]:
    """Forecast, ends of two intervals, P(up) in percent."""
    interval = tree.get("interval", tree)
    return [
        tree.get("predicted_price", tree.get("next_close")),
        interval["low80"],
        interval["high95"],
        scale * tree["p_up"],
    ]


def test_train_publishes_real_models_that_keras_opens(tmp_path: Path) -> None:
    """`train` with the lstm ends 0, `status --json` tells of both models;
    HTTP, `predict` and Keras forecast the same."""
    home = new_home(tmp_path / "home", training__epochs=2, market__simulated_sessions=520)
    trained = stockml(
        "train", "NVDA", "SPY", "--source", "simulated", "--home", str(home.root), timeout=240
    )
    assert (trained.returncode, "SIMULATED" in trained.stdout + trained.stderr) == (
        0,
        True,
    ), trained.stderr

    told = json.loads(stockml("status", "--json", "--home", str(home.root)).stdout)
    rows = {row["symbol"]: row for row in told["symbols"]}
    assert len(rows) == 13
    for symbol in ("NVDA", "SPY"):
        row = rows[symbol]
        assert (row["model"]["generation"], row["model"]["source"], row["model"]["n_bars"]) == (
            1,
            "simulated",
            520,
        )
        assert row["model"]["n_scored"] >= 40
        forecast = row["forecast"]
        assert (
            forecast["low95"]
            < forecast["low80"]
            < forecast["next_close"]
            < forecast["high80"]
            < forecast["high95"]
        )
        assert row["last_run"]["state"] == "done"
    assert rows["TSLA"]["model"] is None
    with h5py.File(home.model("NVDA")) as file:
        assert "stockml" in file
        assert np.isfinite(file["model_weights"].attrs.get("stockml", 0.0))

    with service(home) as (host, port):
        heard = {
            name: json.load(urlopen(f"http://{host}:{port}/api/v1/predict/{name}"))
            for name in ("NVDA", "SPY")
        }
    predicted = json.loads(
        stockml("predict", "NVDA", "SPY", "--json", "--home", str(home.root)).stdout
    )
    forecasts = {each["symbol"]: each["forecast"] for each in predicted["forecasts"]}
    line = [sys.executable, "-c", BY_KERAS, str(home.root), "NVDA", "SPY"]
    ran = subprocess.run(
        line, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=200, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    by_keras = json.loads(ran.stdout.splitlines()[-1])
    for symbol in ("NVDA", "SPY"):
        assert by_keras[symbol]["parameters"] > 1000
        assert by_keras[symbol]["gaps"], "Keras was not asked"
        assert max(by_keras[symbol]["gaps"]) < 1e-5
        over_http = numbers(heard[symbol], 100.0)
        assert over_http == pytest.approx(numbers(forecasts[symbol], 1.0), rel=1e-9)
        assert over_http == pytest.approx(by_keras[symbol]["numbers"], rel=1e-5)


@needs_tmux
def test_console_trains_all_and_a_new_one_finds_the_same_run(tmp_path: Path) -> None:
    """`A` and `y` train 13 symbols;
    the console killed -9 half-way, another one shows the run going on to its end."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=700,
        training__epochs=2,
    )
    line = [*CONSOLE, "--home", str(home.root)]
    with Terminal(line) as terminal:
        screen = terminal.shows("SPY   NONE", 40)
        assert all(symbol in screen for symbol in ("NVDA", "SMR", "SPY"))
        assert "SIMULATED" in screen
        terminal.keys("A")
        terminal.shows("Train 13 symbols")
        terminal.keys("y")
        terminal.shows("TRAIN", 40)
        run = wait_for(lambda: RunStore(home).live(), 20, "a live run")[0]
        os.kill(terminal.pid(), signal.SIGKILL)
    assert RunStore(home).run(run.id).live
    with Terminal(line) as terminal:
        terminal.shows(run.id, 40)
        ended = wait_for(
            lambda: (found := RunStore(home).run(run.id)).state.ended and found,
            240,
            "the end of the run",
        )
        assert [str(job.state) for job in ended.jobs] == ["done"] * 13
        screen = terminal.shows("DONE", 20)
        assert "NONE" not in wait_for(
            lambda: (shown := terminal.screen()).count("DONE") >= 13 and shown, 20, "13 DONE"
        )
        assert len([text for text in screen.splitlines() if text.strip()]) >= 20
    assert len(list(home.models.glob("*.h5"))) == 13


def test_two_starters_never_train_one_symbol(tmp_path: Path) -> None:
    """While one run has a symbol, a second starter gets exit 75 and the holder's name."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=700,
        training__epochs=200,
        training__early_stopping=False,
    )
    first = stockml("train", "NVDA", "--detach", "--home", str(home.root))
    assert first.returncode == 0, first.stderr
    run = RunStore(home).live()[0]
    second = stockml("train", "NVDA", "--home", str(home.root))
    assert (second.returncode, run.id in second.stderr) == (75, True), second.stderr
    cancelled = stockml("runs", "cancel", run.id, "--home", str(home.root))
    assert cancelled.returncode == 0, cancelled.stderr
    assert wait_for(lambda: not RunStore(home).live(), 40, "the end of the cancelled run")


def test_bad_input_is_told_in_one_line(tmp_path: Path) -> None:
    """Unknown symbol 2, broken TOML 3, impossible bars 4: the value, the place and the next
    step, never a traceback."""
    home = new_home(tmp_path / "home")
    unknown = stockml("train", "NVDAA", "--home", str(home.root))
    rows = [f"2024-01-{day:02d},10,11,9,10,100" for day in (2, 3, 4, 5)]
    rows[1] = "2024-01-03,10,11,12,10,100"
    source = f"csv:{write_bars(tmp_path / 'bars', 'NVDA', rows)}"
    impossible = stockml("train", "NVDA", "--source", source, "--home", str(home.root))
    home.settings.write_text("[training]\nepochs = fifty\n")
    broken = stockml("status", "--home", str(home.root))

    assert (2, 4, 3) == (unknown.returncode, impossible.returncode, broken.returncode)
    assert "NVDAA" in unknown.stderr
    assert "did you mean NVDA" in unknown.stderr
    told = impossible.stdout + impossible.stderr
    assert "NVDA.csv" in told
    assert "line 3" in told or ":3" in told
    assert str(home.settings) in broken.stderr
    assert not any("Traceback" in text for text in (unknown.stderr, told, broken.stderr))
    assert not list(home.models.glob("*.h5"))


def test_truncated_model_shows_as_corrupt_and_is_kept(tmp_path: Path) -> None:
    """A truncated model file reads CORRUPT with the next step, and a log full of escape codes
    prints as plain text."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=520,
        training__epochs=1,
    )
    members = ("--members", "naive,enhanced")
    assert stockml("train", "NVDA", *members, "--home", str(home.root)).returncode == 0
    whole = home.model("NVDA").read_bytes()
    home.model("NVDA").write_bytes(whole[: len(whole) // 2])
    with home.training_log.open("a") as log:
        log.write("[INFO] \x1b[2J\x1b]52;c;aGk=\x07bad\x9b31m line\n")
    status = stockml("status", "--home", str(home.root))
    predicted = stockml("predict", "NVDA", "--home", str(home.root))
    dashboard = stockml("dashboard", "--home", str(home.root))

    assert "CORRUPT" in status.stdout
    assert predicted.returncode == 1
    assert "restore" in predicted.stderr
    assert home.model("NVDA").read_bytes() == whole[: len(whole) // 2]
    for text in (status.stdout, predicted.stderr, dashboard.stdout):
        assert not set(text) & {"\x1b", "\x9b", "\x07"}


def test_home_kept_by_another_program_is_never_half_written(tmp_path: Path) -> None:
    """`config set` with a bad value changes nothing and names the key."""
    home = new_home(tmp_path / "home")
    before = home.settings.read_bytes()
    refused = stockml("config", "set", "training.epochs", "many", "--home", str(home.root))

    assert refused.returncode in (2, 3)
    assert "training.epochs" in refused.stderr
    assert Home(home.root).settings.read_bytes() == before


def test_home_made_under_an_open_umask_stays_the_users_own(tmp_path: Path) -> None:
    """Under umask 0, as cron may have it, nothing in a new home becomes writable by others."""
    script = f"umask 0; exec {sys.executable} -m engine.cli status --home {tmp_path / 'home'}"
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not [path for path in (tmp_path / "home").rglob("*") if path.stat().st_mode & 0o022]
