"""Why a symbol is or is not retrained."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from engine.api import Engine
from engine.core.symbol_details import EarningsReport
from engine.market.report_lookup import LookedUpDate, ReportAnswer, keep_lookups, merge
from engine.market.reports import ReportTime
from engine.watch.explain import _verdict, explain_retraining
from engine.watch.reason_history import ReasonHistory
from engine.watch.triggers import TRIGGERS
from tests.fake_clock import FakeClock
from tests.watch.homes import SUNDAY, Trainer, simulated_home


def test_why_a_symbol_will_or_will_not_be_retrained(tmp_path: Path) -> None:
    """Every trigger has its words, signals their limits, a hold its end;
    asking writes nothing down."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    trainer, engine = Trainer(home, clock), Engine(home, clock)
    trainer.train("NVDA")
    clock.advance(timedelta(days=8))
    engine.watch.hold("NVDA", "audit", (SUNDAY + timedelta(days=20)).date())
    before = home.history.read_bytes()
    explanation = engine.watch.explain("NVDA")

    assert list(TRIGGERS) == [verdict.reason for verdict in explanation.verdicts]
    assert all(verdict.text for verdict in explanation.verdicts)
    assert ("held", "age") == (explanation.action, explanation.reason)
    assert "8.0 days old" in explanation.text
    assert explanation.hold is not None
    assert ("audit", "2025-08-30") == (explanation.hold.reason, explanation.hold.until)
    assert {"volatility", "drift"} <= {signal.reason for signal in explanation.signals}
    assert all(
        ("≤" in signal.text) != signal.fired
        for signal in explanation.signals
        if signal.reason == "drift"
    )
    assert explanation.checked_at is None
    assert before == home.history.read_bytes()


def test_releases_are_told_with_their_age_for_yahoo_alone(tmp_path: Path) -> None:
    """The newest and the coming release stand with the moment they were looked up;
    simulated bars have none."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine = Engine(home, clock)
    days = (date(2025, 5, 28), date(2025, 8, 27))
    answer = ReportAnswer(tuple(LookedUpDate(day, ReportTime.AFTER) for day in days))
    keep_lookups(home, {"NVDA": merge(None, answer, SUNDAY)})

    assert not engine.watch.explain("NVDA").earnings.covered
    explanation = explain_retraining(home, engine.settings.current, "NVDA", "yahoo", clock)
    assert explanation.earnings == EarningsReport(
        covered=True, newest="2025-05-28", coming="2025-08-27", fetched_at=SUNDAY, origin="Yahoo"
    )


def test_a_chronic_reason_says_why(tmp_path: Path) -> None:
    """What became of a reason stands beside its verdict."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine = Engine(home, clock)
    plan = engine.watch.auto_plan(["NVDA"], fetch=False)
    found = plan.assessments["NVDA"]
    found.histories["missing"] = ReasonHistory(
        2, SUNDAY, "2025-08-08", chronic="2 trainings did not help"
    )

    report = _verdict(found.verdicts[0], found)
    assert (2, SUNDAY, "2 trainings did not help") == (
        report.trainings,
        report.trained_at,
        report.chronic,
    )
