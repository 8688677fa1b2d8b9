"""The backtest as processes: broken off and gone on with, parallel and serial, and what it says
when it cannot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.cli.backtest import lines_of
from engine.core.clock import SystemClock
from engine.core.errors import BusyError
from engine.core.paths import Home
from engine.forecast.backtest import BacktestRequest, backtest, folds_of
from engine.forecast.backtest_data import load_symbol
from engine.forecast.members.base import FitOptions
from engine.forecast.scoreboard import scoreboard
from engine.forecast.walk import join, walk_fold
from engine.market.bars import day
from engine.market.fetch import stored_bars
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.forecast.samples import write_csv
from tests.helpers import ROOT, environment, new_home, quiet_settling, stockml, wait_for

pytestmark = pytest.mark.timeout(900)
SYMBOLS, MEMBERS = ("NVDA", "SPY"), ("naive", "enhanced", "sklearn")
SESSIONS = 8
FOLDS = len(SYMBOLS) * SESSIONS
"""With a refit every session: enough of them that a kill after the first few always finds some
missing."""


def home_in(folder: Path, **more: Any) -> Home:
    small = {
        "market__simulated_sessions": 420,
        "training__holdout_sessions": 40,
        "training__sequence_length": 10,
    }
    calm = {"market__source": "simulated", "market__settle_minutes": quiet_settling()}
    return new_home(folder, **{**small, **calm, "training__max_workers": 2, **more})


def target_sessions(home: Home, count: int = SESSIONS) -> tuple[date, date]:
    """The first and the last of the newest `count` sessions."""
    bars = stored_bars(home, load(home, {}), "simulated", "NVDA", SystemClock())
    return day(bars.dates[-count]), day(bars.dates[-1])


def words(
    home: Home, every: int = 1, count: int = SESSIONS, members: tuple[str, ...] = MEMBERS
) -> list[str]:
    first, last = target_sessions(home, count)
    options = ("--members", ",".join(members), "--json", "--home", str(home.root))
    return [
        "backtest",
        *SYMBOLS,
        "--from",
        str(first),
        "--to",
        str(last),
        "--retrain-every",
        str(every),
        *options,
    ]


def request(home: Home, every: int) -> BacktestRequest:
    first, last = target_sessions(home)
    return BacktestRequest(
        symbols=SYMBOLS,
        source="simulated",
        first=first,
        last=last,
        retrain_every=every,
        members=MEMBERS,
        epochs=load(home, {}).training.epochs,
    )


def kept(home: Home) -> list[Path]:
    """The folds on disk."""
    return sorted(home.evaluations.glob(".backtest-*/*.npz"))


def started(home: Home, tries: int = 5) -> subprocess.Popen[str]:
    """A backtest as a process of its own, once it has kept its first folds and goes on."""
    line = [sys.executable, "-m", "engine.cli", *words(home)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        line, **pipes, text=True, env=environment(), cwd=ROOT, start_new_session=True
    )  # type: ignore[call-overload]
    try:
        wait_for(lambda: len(kept(home)) >= 3 or process.poll() is not None, 240, "the first folds")
    except AssertionError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if (
        process.poll() is not None
    ):  # this test was put aside for as long as all folds took: another one
        assert (process.returncode, tries > 1) == (0, True), process.communicate()
        return started(home, tries - 1)
    found: subprocess.Popen[str] = process
    return found


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What an undisturbed run prints."""
    home = home_in(tmp_path_factory.mktemp("whole") / "home")
    done = stockml(*words(home), timeout=600)
    assert done.returncode == 0, done.stderr
    assert kept(home) == []
    assert len(list(home.evaluations.glob("backtest_*.json"))) == 1
    yield json.loads(done.stdout)


def test_a_killed_backtest_resumes_with_the_missing_folds(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    """kill -9 half-way: its processes follow it, the next run fits the missing folds alone and
    prints the same JSON."""
    home = home_in(tmp_path / "home")
    process = started(home)
    workers = children(process)
    process.kill()
    process.communicate()
    wait_for(lambda: gone(workers), 60, "the end of its processes")
    there = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in kept(home)}
    assert 3 <= len(there) < FOLDS

    told: list[tuple[str, int, int]] = []

    def progress(*what: Any) -> None:
        told.append(what)
        assert all(
            (path.stat().st_ino, path.stat().st_mtime_ns) == key for path, key in there.items()
        )

    again = backtest(home, load(home, {}), request(home, 1), SystemClock(), progress)
    assert told[0] == ("", len(there), FOLDS)
    assert [done for _, done, _ in told[1:]] == list(range(len(there) + 1, FOLDS + 1))
    assert json.loads(json.dumps(again)) == whole
    assert kept(home) == []


def test_a_second_one_is_busy_and_ctrl_c_ends_the_first(tmp_path: Path) -> None:
    """The second would take the folds from under the first: it names who holds them.

    Ctrl-C ends command and its max_workers workers, keeps the folds, and says that the same
    command goes on.
    """
    home = home_in(tmp_path / "home")
    process = started(home)
    workers = children(process)
    try:
        with pytest.raises(BusyError, match="runs already") as caught:
            backtest(home, load(home, {}), request(home, 1), SystemClock(), lambda *_: None)
        fitting = [worker for worker in workers if "spawn_main" in " ".join(worker.cmdline())]
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=240)
    assert f"process {process.pid}" in caught.value.hint
    assert len(fitting) == load(home, {}).training.max_workers == 2
    assert (process.returncode, output) == (130, "")
    assert "rerun the same command to resume" in errors
    assert "Traceback" not in errors
    wait_for(lambda: gone(workers), 60, "the end of its processes")
    assert len(kept(home)) >= 3


def test_a_killed_worker_is_reported_and_the_same_command_resumes(tmp_path: Path) -> None:
    """Memory ran out: one fault in words, no traceback, the folds so far are kept."""
    home = home_in(tmp_path / "home")
    process = started(home)
    next(each for each in children(process) if "spawn_main" in " ".join(each.cmdline())).kill()
    output, errors = process.communicate(timeout=240)
    assert (process.returncode, output) == (1, "")
    assert (
        "was killed" in errors
        and "rerun the same command to resume" in errors
        and "Traceback" not in errors
    )
    assert len(kept(home)) >= 3


def test_the_table_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    """The table does not depend on how many symbols were fitted at once."""
    tables = []
    for workers in (1, 2):
        home = home_in(tmp_path / f"home{workers}", training__max_workers=workers)
        tables.append(
            backtest(home, load(home, {}), request(home, 6), SystemClock(), lambda *_: None)
        )
    assert tables[0] == tables[1]


def test_every_process_walks_the_bars_of_the_given_moment(tmp_path: Path) -> None:
    """Under a clock of two years ago the table is that of the bars of then."""
    home, clock = home_in(tmp_path / "home"), FakeClock(datetime(2024, 11, 5, tzinfo=UTC))
    bars = stored_bars(home, load(home, {}), "simulated", "NVDA", clock)
    walked = BacktestRequest(
        symbols=("NVDA",),
        source="simulated",
        first=day(bars.dates[-4]),
        last=day(bars.dates[-1]),
        retrain_every=4,
        members=("naive", "enhanced"),
        epochs=1,
    )
    settings = load(home, {})
    table = backtest(home, settings, walked, clock, lambda *_: None)
    data = load_symbol(home, settings, "simulated", "NVDA", clock).data
    (fold,) = folds_of(data, walked)
    options = FitOptions.of(settings.training, walked.epochs)
    fitted = walk_fold(data, fold, walked.members, settings, options)
    tolerance = settings.thresholds.max_mape / 100.0
    expected = scoreboard([join(data, [(fold, fitted)], 0, tolerance)], tolerance)
    assert table["pooled"] == expected["pooled"]


def test_the_json_has_the_promised_shape(whole: dict[str, Any]) -> None:
    """Pooled and a symbol: n, and under rows every member, ensemble, naive, drift and always_up
    with all their figures."""
    figures = {
        "mape",
        "mase",
        "direction",
        "direction_low",
        "direction_high",
        "coverage80",
        "coverage95",
        "width80",
        "ece",
        *("crps", "interval_score80", "interval_score95", "report_days"),
    }
    assert [entry["symbol"] for entry in whole["symbols"]] == list(SYMBOLS)
    for entry in (whole["pooled"], *whole["symbols"]):
        assert entry["n"] == (FOLDS if entry is whole["pooled"] else SESSIONS)
        baselines = {"range_ewma", "constant"}
        assert set(entry["rows"]) == {"ensemble", "drift", "always_up", *MEMBERS, *baselines}
        assert all(figures <= set(row) for row in entry["rows"].values())
        ours, up = entry["rows"]["ensemble"], entry["rows"]["always_up"]
        assert entry["rows"]["naive"]["mase"] == 1.0
        assert ours["direction_low"] < ours["direction"] < ours["direction_high"]
        assert 0 <= ours["coverage80"] <= ours["coverage95"] <= 100
        assert 0 <= ours["ece"] <= 1
        assert sum(each["n"] for each in entry["reliability"]) == entry["n"]
        assert up["mape"] is None
        week = entry["week"]
        assert (week["horizon"], set(week["rows"])) == (5, {"ensemble", *baselines})
        assert 0 < week["n"] < entry["n"], "a week begins on each session but the last four"
        assert week["crps"] > ours["crps"]
        assert up["direction"] > 0
    assert whole["request"]["source"] == "simulated"
    assert lines_of(whole)[0] == "SIMULATED: not real prices"
    assert lines_of({**whole, "request": {**whole["request"], "source": "yahoo"}})[0].startswith(
        "pooled, n="
    )


def test_sessions_without_enough_history_are_left_out_and_counted(tmp_path: Path) -> None:
    """Folds too early in the bars are named with their number; the rest is scored."""
    home = home_in(tmp_path / "home")
    done = stockml(*words(home, every=60, count=180, members=MEMBERS[:2]), timeout=600)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["pooled"]["n"] + sum(entry["skipped"] for entry in found["symbols"]) == 2 * 180
    assert all(entry["skipped"] == 60 for entry in found["symbols"])
    assert (
        "NVDA: 60 sessions are left out, the history before them is too short to train on: "
        in done.stderr
    )
    assert " bars, 280 are needed (80 for features" in done.stderr
    assert found["notes"] == [line for line in done.stderr.splitlines() if "left out" in line]


@pytest.mark.parametrize("named", [True, False])
def test_symbols_without_enough_bars_are_reported_and_the_rest_scored(
    tmp_path: Path, named: bool
) -> None:
    """A folder without SPY and TSLA, a symbol of 50 bars, sessions after the last bar: each in
    words, NVDA scored."""
    home, folder = home_in(tmp_path / "home"), tmp_path / "bars"
    bars = stored_bars(home, load(home, {}), "simulated", "NVDA", SystemClock())
    write_csv(folder, bars)
    write_csv(folder, bars.tail(50), "AUR")
    last = bars.dates[-1]
    dates = (
        "--from",
        str(bars.dates[-4]),
        "--to",
        str(last + 400),
        "--members",
        "naive,enhanced",
        "--json",
    )
    symbols = ("NVDA", "AUR", "TSLA") if named else ()
    done = stockml(
        "backtest", *symbols, *dates, "--source", f"csv:{folder}", "--home", str(home.root)
    )
    found = json.loads(done.stdout)
    assert (done.returncode, found["pooled"]["n"]) == (4 if named else 0, 4), done.stderr
    assert found["notes"] == [
        f"NVDA: walked without the context of SPY: no SPY.csv in {folder}",
        f"NVDA: sessions after {last} are left out: bars end there",
    ]
    problems = {each["symbol"]: each["message"] for each in found["problems"]}
    assert problems["AUR"].startswith("AUR: 50 bars, 280 are needed")
    assert problems["TSLA"] == f"no TSLA.csv in {folder}"
    assert all(message in done.stderr for message in (*problems.values(), *found["notes"]))


@pytest.mark.parametrize(
    ("first", "last", "code", "told"),
    [
        (
            "2091-01-02",
            "2091-02-01",
            4,
            "no session from 2091-01-02 to 2091-02-01 can be forecast: bars go from",
        ),
        (
            "1951-01-02",
            "1951-02-01",
            4,
            "no session from 1951-01-02 to 1951-02-01 can be forecast: bars go from",
        ),
        ("2026-02-30", "2026-03-01", 2, "--from '2026-02-30' is not a date"),
        ("2026-02-01", "x", 2, "--to 'x' is not a date"),
        ("2026-03-02", "2026-03-01", 2, "lies after --to"),
    ],
)
def test_dates_that_cannot_be(tmp_path: Path, first: str, last: str, code: int, told: str) -> None:
    """Sessions outside the bars are no data;
    a date that is none, or a backward range, is wrong usage."""
    done = stockml(
        "backtest",
        "NVDA",
        "--from",
        first,
        "--to",
        last,
        "--home",
        str(home_in(tmp_path / "home").root),
    )
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_with_no_fold_long_enough_there_is_no_table(tmp_path: Path) -> None:
    """Every fold too early: exit 4, and the sentence says why."""
    home = home_in(tmp_path / "home", market__simulated_sessions=260)
    done = stockml(*words(home, every=40))
    assert done.returncode == 4, done.stderr
    assert "too short to train on" in done.stderr
