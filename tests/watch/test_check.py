"""The performance check on a real home: written three times, kept before outcomes, training what
fires."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.snapshot import PlannedAction
from engine.watch import auto_train, ledger
from engine.watch.alerts import alert_list
from engine.watch.auto_train import plan_trainings, planning_context
from engine.watch.check import check
from engine.watch.check_log import home_bytes
from engine.watch.check_report import CheckReport
from engine.watch.console_summary import SummaryReader
from engine.watch.holds import hold, holds, unhold
from engine.watch.report import history_path, last_checks, recent_lines
from tests.fake_clock import FakeClock
from tests.vault.samples import made_newer
from tests.watch.homes import PAIR, SUNDAY, Trainer, simulated_home


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SUNDAY)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return simulated_home(tmp_path / "home")


@pytest.fixture
def trainer(home: Home, clock: FakeClock) -> Trainer:
    return Trainer(home, clock)


def run(trainer: Trainer, *, train: bool = True) -> CheckReport:
    """One check of the pair at the clock's time."""
    return check(
        trainer.home, trainer.settings, PAIR, None, trainer.clock, begin=trainer if train else None
    )


def actions(report: CheckReport) -> dict[str, PlannedAction]:
    """What was decided."""
    return {each.symbol: each.action for each in report.plan.decisions}


def test_missing_models_are_trained_and_a_healthy_pair_is_left_alone(trainer: Trainer) -> None:
    """The first check trains what has no model, with a reason a symbol;
    the second one, an hour later, trains nothing."""
    first = run(trainer)
    assert dict.fromkeys(PAIR, PlannedAction.TRAIN) == actions(first)
    assert {"NVDA": "missing: no model yet", "SPY": "missing: no model yet"} == dict(
        trainer.requests[0].reasons
    )
    trainer.clock.advance(timedelta(hours=1))
    second = run(trainer)
    assert 1 == len(trainer.requests)
    assert all(each.probe.forecast is not None for each in second.checks)


def test_it_is_written_three_times_and_every_line_is_json(trainer: Trainer) -> None:
    """History, log and database tell the same;
    every line of the history parses and has the promised keys."""
    run(trainer)
    trainer.clock.advance(timedelta(hours=1))
    report = run(trainer)
    lines = [json.loads(line) for line in history_path(trainer.home).read_text().splitlines()]
    promised = {
        "timestamp",
        "symbol",
        "response_time",
        "confidence",
        "status",
        "direction_accuracy",
        "mape",
        "age_days",
    }

    assert 4 == len(lines)
    assert all(promised | {"via", "generation"} <= set(line) for line in lines)
    assert ["failed", "failed"] == [line["status"] for line in lines[:2]]
    assert recent_lines(trainer.home, 2) == tuple(lines[2:])
    assert 4 == len(trainer.home.monitoring_log.read_text().splitlines())
    stored = last_checks(trainer.home)
    assert set(PAIR) == set(stored)
    assert stored["NVDA"].confidence == pytest.approx(report.checks[0].probe.confidence)


def test_forecasts_are_kept_and_scored_by_the_next_bar(trainer: Trainer) -> None:
    """A forecast made on Sunday is scored by the first check after Monday's close, and by that
    bar alone."""
    run(trainer)
    run(trainer)
    assert 1 == ledger.waiting(trainer.home, "NVDA", "simulated")
    trainer.clock.advance(timedelta(days=2))
    run(trainer)
    (found,) = ledger.scored(trainer.home, "NVDA", "simulated")

    assert "2025-08-11" == found.target
    assert 1 == ledger.waiting(trainer.home, "NVDA", "simulated")


def test_an_open_market_waits_for_the_close(trainer: Trainer) -> None:
    """What fires at noon in New York is not trained; the check after the close trains it."""
    trainer.clock.advance(timedelta(days=1, hours=10))
    assert dict.fromkeys(PAIR, PlannedAction.WAITS) == actions(run(trainer))
    trainer.clock.advance(timedelta(hours=6))
    assert dict.fromkeys(PAIR, PlannedAction.TRAIN) == actions(run(trainer))


def test_no_train_tells_and_trains_nothing(trainer: Trainer) -> None:
    """--no-train decides, writes the decision down and starts nothing."""
    report = run(trainer, train=False)

    assert dict.fromkeys(PAIR, PlannedAction.TRAIN) == actions(report)
    assert [] == trainer.requests
    assert "missing" in SummaryReader(trainer.home, trainer.clock).read().retrain["NVDA"].reason


def test_a_broken_model_rings_and_is_trained_once_a_retry_time(trainer: Trainer) -> None:
    """A corrupt file is an alert and a training; while it stays broken the retry time is kept."""
    run(trainer)
    trainer.home.model("NVDA").write_bytes(b"not a model")
    trainer.clock.advance(timedelta(hours=1))
    report = run(trainer, train=False)
    assert "corrupt" == next(each.reason for each in report.plan.decisions if each.symbol == "NVDA")
    assert ("corrupt", "NVDA") in {
        (alert.rule, alert.symbol) for alert in alert_list(trainer.home, SUNDAY)
    }
    run(trainer)
    assert "ok" == next(
        each.assessment.facts.model for each in run(trainer).checks if each.symbol == "NVDA"
    )
    trainer.home.model("NVDA").write_bytes(b"broken again")
    trainer.clock.advance(timedelta(hours=2))
    assert PlannedAction.COOLDOWN is actions(run(trainer))["NVDA"]


def test_when_nothing_answers_it_is_an_outage(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that all fail for want of bars are one alert and no training, until a symbol is
    answered."""
    from engine.core.errors import NoDataError
    from engine.market import fetch

    def fail(*_: object) -> None:
        raise NoDataError("the source cannot be reached")

    run(trainer)
    monkeypatch.setattr(fetch, "fetch_bars", fail)
    monkeypatch.setattr(fetch, "stored_bars", fail)
    trainer.clock.advance(timedelta(days=9))
    report = run(trainer)

    assert report.outage
    assert dict.fromkeys(PAIR, PlannedAction.OUTAGE) == actions(report)
    assert ["data", "data"] == [each.probe.fault for each in report.checks]
    firing = {alert.rule for alert in alert_list(trainer.home, SUNDAY) if alert.state == "firing"}
    assert "outage" in firing
    assert not {"prediction", "bars"} & firing

    # A look at one symbol that fails as well knows of no end; one that is answered does.
    for heals in (False, True):
        if heals:
            monkeypatch.undo()
        trainer.clock.advance(timedelta(hours=1))
        check(trainer.home, trainer.settings, ("NVDA",), None, trainer.clock, begin=None)
        firing = {
            alert.rule
            for alert in alert_list(trainer.home, trainer.clock.now())
            if alert.state == "firing"
        }
        assert heals == ("outage" not in firing)


def test_a_training_that_runs_is_never_called_none(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the record of a start is refused, the check tells the run that goes on, and that it
    is not recorded."""

    def refuse(*_: object, **_more: object) -> None:
        raise StockmlError("history.db is locked")

    monkeypatch.setattr(auto_train, "record_training", refuse)
    report = run(trainer)
    assert [PAIR] == [each.symbols for each in report.started]
    assert "the training is not recorded: history.db is locked" == report.unstarted


def test_a_hold_stops_automatic_training_and_ends_by_itself(trainer: Trainer) -> None:
    """A held symbol is not trained up to and including its last day; `unhold` ends it sooner."""
    hold(trainer.home, "NVDA", "audit", date(2025, 8, 11), trainer.clock)
    assert {"NVDA": PlannedAction.HELD, "SPY": PlannedAction.TRAIN} == actions(run(trainer))
    assert {"NVDA": "audit (until 2025-08-11)"} == {
        name: str(each) for name, each in holds(trainer.home, trainer.clock).items()
    }
    trainer.clock.advance(timedelta(days=2))
    assert {} == holds(trainer.home, trainer.clock)
    hold(trainer.home, "SPY", "audit", None, trainer.clock)
    unhold(trainer.home, "SPY", trainer.clock)
    assert {} == holds(trainer.home, trainer.clock)


def test_a_reason_is_kept_short(trainer: Trainer) -> None:
    """A reason of 100 kB with control characters is cut, in history.db and in the record."""
    reason = "audit\x1b[2J\u202e " + "x" * 100_000
    Engine(trainer.home, trainer.clock).watch.hold("NVDA", reason)
    kept = holds(trainer.home, trainer.clock)["NVDA"].reason

    assert kept.startswith("audit x")
    assert len(kept) == 200
    assert len(trainer.home.audit_log.read_bytes()) < 4000


def test_three_weeks_with_the_real_trainer(trainer: Trainer) -> None:
    """Checks day by day with real fits: what is missing is trained at once, and each model again
    for its age every week."""
    for day in range(21):
        trainer.clock.advance(timedelta(days=1) if day else timedelta())
        run(trainer)
    asked = [(dict(request.reasons), request) for request in trainer.requests]
    reasons = [words.partition(":")[0] for each, _ in asked for words in each.values()]

    assert reasons.count("missing") == 2
    assert 4 == reasons.count("age")
    assert all(
        reason in ("missing", "age", "volatility", "move", "accuracy", "drift")
        for reason in reasons
    )
    assert 14 <= len(ledger.scored(trainer.home, "NVDA", "simulated"))
    assert datetime(2025, 8, 30, 6, tzinfo=UTC) == trainer.clock.now()


def test_a_model_of_a_newer_stockml_is_told_and_left_alone(trainer: Trainer) -> None:
    """However old it gets, even by a forced plan, nothing automatic replaces it, and an alert
    says why."""
    run(trainer)
    newer = made_newer(trainer.home.model("NVDA"))
    for _ in range(6):
        trainer.clock.advance(timedelta(days=2))
        report = run(trainer)
        assert actions(report)["NVDA"] is PlannedAction.NEWER
    assessments = [each.assessment for each in report.checks]
    forced = plan_trainings(
        trainer.home,
        trainer.settings,
        assessments,
        planning_context(trainer.clock.now(), force=True),
        trainer.clock,
    )
    told = next(each for each in forced.decisions if each.symbol == "NVDA")

    assert trainer.home.model("NVDA").read_bytes() == newer
    assert (told.action, "was made by a newer stockml" in told.text) == (PlannedAction.NEWER, True)
    assert any(request.symbols == ("SPY",) for request in trainer.requests)
    (alert,) = [
        each for each in alert_list(trainer.home, trainer.clock.now()) if each.rule == "corrupt"
    ]
    assert (alert.symbol, "newer stockml" in alert.text) == ("NVDA", True)


def test_a_folder_that_goes_while_the_home_is_measured_costs_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that gets its name, a run that is cleaned away: what is left is counted, links
    and their targets are not."""
    going, staying = home.root / "going", home.root / "staying"
    for folder in (going, staying):
        folder.mkdir()
        (folder / "file").write_bytes(b"x" * 1000)
    (staying / "link").symlink_to(staying / "file")
    before, look = home_bytes(home), os.scandir

    def scandir(path: str | os.PathLike[str]) -> object:
        if Path(path) == going:
            (going / "file").unlink()
            going.rmdir()
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert before - 1000 == home_bytes(home)
