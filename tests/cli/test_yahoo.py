"""`data fetch` of several symbols of a Yahoo that misbehaves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.api import Engine
from engine.cli.main import cli
from engine.cli.session import Session
from engine.core.paths import Home
from engine.core.records import TrainRequest
from engine.market import yahoo
from engine.market.rows import Rows
from engine.market.sieve import LeftOut, sieve
from engine.runs.start import plan
from engine.runs.training_bars import bars_of
from engine.runs.work import Task
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market import fake_yahoo as fake

DAYS = fake.sessions(date(2024, 6, 14), 40)
NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)
GOOD = fake.chart(DAYS)


class Desk:
    """A home, a clock and a Yahoo whose answers a test sets."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.clock, self._patch = home, FakeClock(NOW), monkeypatch

    def answers(self, rest: fake.Answer, **of: fake.Answer) -> fake.FakeSession:
        session = fake.FakeSession(fake.by_symbol(of, rest))
        self._patch.setattr(yahoo, "session", lambda: session)
        return session

    def run(self, *words: str) -> Result:
        session = Session(make_engine=lambda home, source: Engine(home, self.clock, source))
        words = (*words, "--home", str(self.home.root))
        return CliRunner().invoke(cli, words, obj=session, standalone_mode=False)

    def bars(self, *words: str) -> dict[str, Any]:
        tree = json.loads(self.run("data", "fetch", *words, "--json").stdout)
        return {bars["symbol"]: bars for bars in tree["bars"]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    home = new_home(
        tmp_path / "home",
        market__request_spacing_s=0,
        market__request_tries=2,
        watch__earnings=False,
    )
    return Desk(home, monkeypatch)


def _milliseconds(tree: dict[str, Any]) -> None:
    result = tree["chart"]["result"][0]
    result["timestamp"] = [stamp * 1000 for stamp in result["timestamp"]]


def test_one_symbols_surprise_costs_no_other(desk: Desk) -> None:
    """Stamps in milliseconds: the symbol is told as unreadable, the two others are fetched."""
    desk.answers(GOOD, NVDA=fake.changed(GOOD, _milliseconds))
    ran = desk.run("data", "fetch", "NVDA", "TSLA", "AAPL")
    assert ran.return_value == 4
    assert "try a newer yfinance" in ran.stderr
    assert [line.split()[0] for line in ran.stdout.splitlines()[1:]] == ["TSLA", "AAPL"]
    assert not list(desk.home.logs.glob("stockml-crash*"))


def test_a_bug_of_ours_costs_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw is one symbol's failure, with its place."""

    def buggy(rows: Rows) -> tuple[Rows, LeftOut]:
        if rows.symbol == "NVDA":
            raise ZeroDivisionError("days")
        return sieve(rows)

    monkeypatch.setattr(yahoo, "sieve", buggy)
    desk.answers(GOOD)
    ran = desk.run("data", "fetch", "NVDA", "TSLA")
    assert ran.return_value == 1
    assert "could not be made out: ZeroDivisionError: days at test_yahoo.py" in ran.stderr
    assert "TSLA" in ran.stdout


def test_delisted_is_said_of_one_alone(desk: Desk) -> None:
    """While others are answered it is; when nobody is, Yahoo refused or changed."""
    desk.answers(GOOD, NVDA=fake.unknown_symbol)
    ran = desk.run("data", "fetch", "NVDA", "TSLA")
    assert "no bars of NVDA, and has those of others: delisted or renamed?" in ran.stderr
    assert "TSLA" in ran.stdout
    desk.answers(fake.unknown_symbol)
    desk.clock.advance(timedelta(hours=1))
    ran = desk.run("data", "fetch", "NVDA", "TSLA")
    assert "delisted" not in ran.stderr
    assert "Yahoo refused or changed; try a newer yfinance" in ran.stderr


def test_the_facts_of_another_symbol_may_be_damaged(desk: Desk) -> None:
    """Yahoo is asked about a symbol with stored bars before one is called delisted."""
    desk.answers(GOOD)
    desk.run("data", "fetch", "TSLA")
    (desk.home.market / "yahoo" / "TSLA.json").write_text("{")
    desk.clock.advance(timedelta(hours=1))
    session = desk.answers(fake.unknown_symbol, TSLA=GOOD)
    ran = desk.run("data", "fetch", "NVDA")
    assert "delisted or renamed?" in ran.stderr
    assert len(session.charts) >= 2


def test_a_rebase_is_taken_by_the_operator_alone(desk: Desk) -> None:
    """The factor and the way out are told every time; the store moves with --accept-rebase."""
    desk.answers(GOOD)
    close = desk.bars("NVDA")["NVDA"]["last_close"]
    desk.clock.advance(timedelta(days=3))
    desk.answers(fake.chart(DAYS, scale=4.0))
    for _ in range(2):
        told = desk.bars("NVDA")["NVDA"]
        assert told["last_close"] == close
        assert "4 times the stored ones" in told["warnings"][0]
        assert "stockml data fetch --accept-rebase NVDA" in told["warnings"][0]
    taken = desk.bars("--accept-rebase", "NVDA")["NVDA"]
    assert taken["last_close"] == pytest.approx(4 * close)
    assert "re-based by 4, as accepted" in taken["warnings"][0]
    assert desk.bars("NVDA")["NVDA"]["warnings"] == taken["warnings"][1:]


@pytest.mark.parametrize("accepted", [True, False])
def test_a_training_takes_a_rebase_when_told_to(desk: Desk, accepted: bool) -> None:
    """Only with the flag in its request, and for its own symbols; else the stored bars serve."""
    desk.answers(GOOD)
    close = desk.bars("NVDA")["NVDA"]["last_close"]
    desk.clock.advance(timedelta(days=3))
    desk.answers(fake.chart(DAYS, scale=4.0))
    settings = load(desk.home, {})
    request = TrainRequest(("NVDA",), source="yahoo", accept_rebase=accepted)
    task = Task(
        home=desk.home,
        settings=settings,
        spec=plan(settings, request, desk.clock),
        symbol="NVDA",
        clock=desk.clock,
        report=lambda kind, data=None: None,
        cancelled=lambda: False,
    )
    assert bars_of(task, "NVDA").close[-1] == pytest.approx(close * (4 if accepted else 1))


def test_a_rebase_is_accepted_by_name(desk: Desk) -> None:
    """Without a symbol it is wrong usage, and nothing is asked."""
    session = desk.answers(GOOD)
    ran = desk.run("data", "fetch", "--accept-rebase")
    assert "--accept-rebase SYM" in str(ran.exception)
    assert session.charts == []
