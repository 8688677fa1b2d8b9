"""Doubtful and old bars through the commands, on a home with a real model of a folder's bars."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.api import Engine
from engine.cli.main import cli
from engine.cli.session import Session
from engine.core.audit_log import read_entries
from engine.core.errors import UsageError
from engine.core.history import reading
from engine.core.paths import Home
from engine.market.bars import Bars
from engine.market.calendar import sessions_between
from engine.market.store import csv_bytes
from engine.watch.schema import SCHEMA
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market.walks import scaled, standing_still, taken, walk
from tests.watch.homes import Trainer

DAYS = sessions_between(date(2023, 1, 3), date(2025, 12, 31))
NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
"""Friday before the open: the last complete session is the last of DAYS."""
LATE = datetime(2026, 7, 7, 12, 0, tzinfo=UTC)
"""126 complete sessions later."""


@dataclass
class Folder:
    """A home whose symbol MP was trained on a folder of good bars."""

    home: Home
    bars: Path
    clock: FakeClock

    def write(self, bars: Bars) -> None:
        (self.bars / "MP.csv").write_bytes(csv_bytes(bars))

    @property
    def source(self) -> str:
        return f"csv:{self.bars}"

    def run(self, *words: str) -> Result:
        """The command line on this home, by this clock."""

        def make(home: Home, source: str | None) -> Engine:
            return Engine(home, self.clock, source)

        session = Session(make_engine=make)
        words = (*words, "--home", str(self.home.root))
        return CliRunner().invoke(cli, words, obj=session, standalone_mode=False)

    def tree(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    root = tmp_path_factory.mktemp("doubts")
    (root / "bars").mkdir()
    home = new_home(
        root / "home",
        market__source=f"csv:{root / 'bars'}",
        training__holdout_sessions=60,
    )
    folder = Folder(home, root / "bars", FakeClock(NOW))
    folder.write(walk(DAYS))
    (root / "bars" / "SPY.csv").write_bytes(csv_bytes(walk(DAYS, seed=2)))
    Trainer(home, folder.clock).train("MP", source=folder.source)
    yield folder


@pytest.fixture
def folder(trained: Folder) -> Iterator[Folder]:
    """The trained home with good bars and an empty record, at NOW."""
    trained.write(walk(DAYS))
    trained.clock = FakeClock(NOW)
    settings = trained.home.settings.read_bytes()
    yield trained
    trained.home.settings.write_bytes(settings)
    trained.home.history.unlink(missing_ok=True)
    shutil.rmtree(trained.home.status("MP").parent, ignore_errors=True)


def kept(folder: Folder) -> list[str]:
    """The doubts of every forecast in the ledger."""
    with reading(folder.home, SCHEMA) as connection:
        if connection is None:
            return []
        return [doubts for (doubts,) in connection.execute("SELECT doubts FROM watch_predictions")]


WITHHELD: dict[str, tuple[Callable[[Bars], Bars], str]] = {
    "unadjusted-jump": (lambda bars: scaled(bars, slice(-1, None), 100.0), "times the one before"),
    "flat-tail": (lambda bars: standing_still(bars, 20, 0.0), "stands still since"),
    "weekly-spacing": (lambda bars: taken(bars, list(range(0, len(bars), 5))), "weekly bars?"),
}


@pytest.mark.parametrize("kind", WITHHELD)
def test_a_meaningless_forecast_is_withheld(folder: Folder, kind: str) -> None:
    """`-` with the reason, null in JSON, 5 for one symbol, nothing in the ledger; a note in the
    row; automatic training leaves the symbol out and says why."""
    spoil, words = WITHHELD[kind]
    folder.write(spoil(walk(DAYS)))
    ran = folder.run("predict", "MP")
    (row,) = [line.split() for line in ran.stdout.splitlines() if line.startswith("MP  ")]
    assert (ran.return_value, set(row)) == (5, {"MP", "-", "csv"})
    assert words in ran.stdout
    (answer,) = folder.tree("predict", "MP")["forecasts"]
    assert answer["forecast"] is None
    assert words in answer["withheld"]
    assert [doubt["kind"] for doubt in answer["doubts"]] == [kind]
    status = next(each for each in folder.tree("status")["symbols"] if each["symbol"] == "MP")
    assert status["forecast"] is None
    assert (status["withheld"], status["doubts"]) == (answer["withheld"], answer["doubts"])
    assert f"withheld: {answer['withheld']}" in status["note"]
    assert kept(folder) == []
    for force in ((), ("--force",)):
        planned = folder.run("auto-train", "--dry-run", "--symbols", "MP", *force)
        assert planned.return_value == 0
        assert "MP      doubt" in planned.stdout
        assert answer["withheld"] in planned.stdout
    assert kept(folder) == []


def test_one_call_can_accept_doubts(folder: Folder) -> None:
    """--accept-doubts forecasts with the doubt beside it, and leaves row and ledger as they are."""
    folder.write(standing_still(walk(DAYS), 20, 0.0))
    assert folder.run("predict", "MP").return_value == 5
    ran = folder.run("predict", "MP", "--accept-doubts")
    assert (ran.return_value, "doubt: the feed stands still" in ran.stdout) == (0, True)
    assert kept(folder) == []
    assert folder.run("predict", "MP").return_value == 5


def test_a_doubt_goes_with_its_forecast(folder: Folder) -> None:
    """A doubt that leaves the forecast its meaning stands beside it: in the table, in JSON, in the
    row, in the ledger."""
    folder.write(scaled(walk(DAYS), slice(0, 300), 2.0, 0.5))
    ran = folder.run("predict", "MP")
    day = str(DAYS[300])
    assert (ran.return_value, f"(unadjusted-jump {day})" in ran.stdout) == (0, True)
    (answer,) = folder.tree("predict", "MP")["forecasts"]
    (doubt,) = answer["doubts"]
    assert (doubt["kind"], doubt["date"], answer["withheld"]) == ("unadjusted-jump", day, None)
    assert answer["forecast"]["doubts"] == answer["doubts"]
    status = next(each for each in folder.tree("status")["symbols"] if each["symbol"] == "MP")
    assert status["doubts"] == answer["doubts"]
    assert f"doubt: {doubt['text']}" in status["note"]
    assert [text.startswith(f"unadjusted-jump {day}: ") for text in kept(folder)] == [True]


def test_a_doubt_about_the_market_names_it(folder: Folder) -> None:
    """SPY's bars are in every forecast: what is doubted there is said, and withholds nothing."""
    good = (folder.bars / "SPY.csv").read_bytes()
    (folder.bars / "SPY.csv").write_bytes(csv_bytes(standing_still(walk(DAYS, seed=2), 20, 0.0)))
    try:
        (answer,) = folder.tree("predict", "MP")["forecasts"]
    finally:
        (folder.bars / "SPY.csv").write_bytes(good)
    assert answer["forecast"] is not None
    assert [doubt["text"][:25] for doubt in answer["doubts"]] == ["SPY: the feed stands stil"]


def test_data_check_is_a_gate(folder: Folder) -> None:
    """0 without doubts, 5 with an open one, 4 before 5 without usable bars; `fetch` never 5."""
    assert folder.run("data", "check", "MP", "SPY").return_value == 0
    folder.write(taken(walk(DAYS), [*range(100), *range(150, len(DAYS))]))
    ran = folder.run("data", "check", "MP", "SPY")
    assert (ran.return_value, f"(long-hole {DAYS[100]})" in ran.stdout) == (5, True)
    tree = folder.tree("data", "check", "MP")
    assert tree["bars"][0]["doubts"][0]["date"] == str(DAYS[100])
    assert folder.run("data", "check", "MP", "TSM").return_value == 4
    assert folder.run("data", "fetch", "MP").return_value == 0


def test_a_doubt_is_accepted_for_good(folder: Folder) -> None:
    """`data accept` closes it in the settings, with its reason: shown, in the audit, and no longer
    in the way of a forecast."""
    folder.write(standing_still(walk(DAYS), 20, 0.0))
    since = str(DAYS[-21])
    assert folder.run("data", "check", "MP").return_value == 5
    said = folder.run("data", "accept", "MP", "flat-tail", since, "--reason", "a halt")
    assert said.return_value == 0
    checked = folder.run("data", "check", "MP")
    assert (checked.return_value, f"(flat-tail {since}): a halt" in checked.stdout) == (0, True)
    tree = folder.tree("data", "check", "MP")["bars"][0]
    assert (tree["doubts"], tree["accepted"][0]["kind"]) == ([], "flat-tail")
    assert folder.run("predict", "MP").return_value == 0
    assert f'"MP flat-tail {since}" = "a halt"' in folder.home.settings.read_text()
    assert "a halt" in folder.run("config", "show").stdout
    entry = list(read_entries(folder.home))[-1]
    assert (entry.action, entry.details["reason"]) == ("data accept", "a halt")


@pytest.mark.parametrize(
    "words",
    [
        ("flat-tail", "2025-01-02", "--reason", "R"),
        ("flat-tails", str(DAYS[-21]), "--reason", "R"),
        ("flat-tail", "yesterday", "--reason", "R"),
        ("flat-tail", str(DAYS[-21]), "--reason", "  "),
    ],
)
def test_only_a_doubt_that_is_there_is_accepted(folder: Folder, words: tuple[str, ...]) -> None:
    """Another day, another kind, no day and no reason are wrong usage; nothing is written."""
    folder.write(standing_still(walk(DAYS), 20, 0.0))
    before = folder.home.settings.read_bytes()
    assert isinstance(folder.run("data", "accept", "MP", *words).exception, UsageError)
    assert folder.home.settings.read_bytes() == before


def test_a_row_of_a_day_to_come_is_no_forecast_for_it(folder: Folder) -> None:
    """A slip in the year is left out and doubted; the forecast is for the next session."""
    path = folder.bars / "MP.csv"
    lines = path.read_text().splitlines()
    lines[300] = lines[300].replace(lines[300][:4], "2052", 1)
    path.write_text("\n".join(lines) + "\n")
    (answer,) = folder.tree("predict", "MP")["forecasts"]
    assert answer["forecast"]["target_session"] == "2026-01-02"
    assert [doubt["kind"] for doubt in answer["doubts"]] == ["future-date"]
    assert answer["doubts"][0]["date"].startswith("2052-")


def test_old_bars_say_so_everywhere(folder: Folder) -> None:
    """Bars that end 126 sessions ago: `status` with its header, `predict`, `data check` and
    `health`, for a folder as for any source."""
    folder.clock = FakeClock(LATE)
    said = folder.run("status").stdout
    assert [line.count("bars end 126 sessions ago") for line in said.splitlines()[:1]] == [1]
    (row,) = [line for line in said.splitlines() if line.startswith("MP ")]
    assert "bars end 126 sessions ago" in row
    status = next(each for each in folder.tree("status")["symbols"] if each["symbol"] == "MP")
    assert status["bars_behind"] == 126
    assert "its bars end 126 complete sessions ago" in folder.run("predict", "MP").stdout
    assert folder.tree("predict", "MP")["forecasts"][0]["bars_behind"] == 126
    assert "MP: bars end 126 sessions ago" in folder.run("data", "check", "MP").stderr
    bars = next(item for item in folder.tree("health")["items"] if item["name"] == "bars")
    assert bars["level"] == "WARN"
    assert "bars end 126 sessions ago at most (MP SPY)" in bars["text"]


def test_health_warns_from_one_session_beyond_the_limit(folder: Folder) -> None:
    """Up to bar_lag_sessions the lag is named and well, one more is a warning; no sentence claims
    a session that is not there."""
    limit = folder.run("config", "show").stdout.split("watch.bar_lag_sessions")[1].split()[0]
    for behind, level in ((int(limit), "OK"), (int(limit) + 1, "WARN")):
        folder.write(walk(DAYS).until(DAYS[-1 - behind]))
        folder.run("predict", "MP")
        items = folder.tree("health")["items"]
        bars = next(item for item in items if item["name"] == "bars")
        assert f"bars end {behind} session" in bars["text"]
        # Eleven symbols have no bars here, which warns by itself.
        assert level == "OK" or bars["level"] == level
        assert "all symbols up to" not in bars["text"]


def test_a_file_that_is_refused_is_no_session(folder: Folder) -> None:
    """A folder's file that cannot be read leaves `health` without the words that all is well."""
    path = folder.bars / "MP.csv"
    folder.run("predict", "MP")
    path.write_text(path.read_text().replace(",", ",x", 50))
    bars = next(item for item in folder.tree("health")["items"] if item["name"] == "bars")
    assert (bars["level"], "no forecast from those of MP" in bars["text"]) == ("WARN", True)


def test_a_check_alerts_of_old_and_of_doubted_bars(folder: Folder) -> None:
    """The performance check raises `bars` for old bars though nothing fires, and `prediction` for
    a withheld forecast; both resolve."""
    folder.clock = FakeClock(LATE)
    folder.run("performance", "--symbols", "MP", "--no-train")
    (alert,) = [each for each in folder.tree("alerts", "list")["alerts"] if each["rule"] == "bars"]
    assert (alert["symbol"], alert["state"]) == ("MP", "firing")
    assert "126 sessions" in alert["text"]
    folder.clock = FakeClock(LATE + timedelta(minutes=5))
    folder.write(standing_still(walk(DAYS), 20, 0.0))
    for _ in range(2):
        folder.run("performance", "--symbols", "MP", "--no-train")
    alerts = {each["rule"]: each for each in folder.tree("alerts", "list")["alerts"]}
    assert "withheld: the feed stands still" in alerts["prediction"]["text"]
    assert kept(folder) == [] or all("stands still" not in text for text in kept(folder))
