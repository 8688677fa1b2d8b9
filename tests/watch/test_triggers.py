"""The reasons to retrain: each fires beyond its limit, says why, and is not moved by luck or
naive's own faults."""

from dataclasses import replace
from datetime import date

import pytest

from engine.core.records import Metrics
from engine.watch.figure_triggers import beyond_chance, binomial_at_most
from engine.watch.trigger_facts import Live, ModelFile, Signal, SymbolFacts, TriggerVerdict
from engine.watch.triggers import TRIGGERS, verdicts
from tests.watch.replay import packaged

SETTINGS = packaged()
HELD = Metrics(120, 52.0, 2.0, 2.0, 1.0, 90.0)
FINE = SymbolFacts(
    "NVDA",
    age_days=3.0,
    age_sessions=2,
    trained_to="2025-01-03",
    last_bar="2025-01-07",
    heldout=HELD,
)


def lows(*values: float) -> dict[str, object]:
    """Confidences of different last bars, newest first."""
    return {"confidences": tuple((f"d{at}", value) for at, value in enumerate(values))}


def signal(name: str, value: float, limit: float = 1.0) -> tuple[Signal, ...]:
    """One figure of the bars."""
    return (Signal(name, value, limit, 10, "window", "words"),)


def verdict(facts: SymbolFacts, reason: str) -> TriggerVerdict:
    """What one trigger says."""
    return TRIGGERS[reason].judge(facts, SETTINGS)


def test_a_healthy_symbol_fires_nothing_and_every_trigger_speaks() -> None:
    """A verdict comes from every row of the table, named as the row, with words."""
    found = verdicts(FINE, SETTINGS)

    assert list(TRIGGERS) == [each.reason for each in found]
    assert not any(each.fired for each in found)
    assert all(each.text for each in found)


@pytest.mark.parametrize(
    ("reason", "inside", "beyond"),
    [
        ("missing", {}, {"model": ModelFile.NONE}),
        ("missing", {}, {"model": ModelFile.FOREIGN}),
        ("corrupt", {}, {"model": ModelFile.CORRUPT, "problem": "digest"}),
        ("age", {"age_days": 7.0}, {"age_days": 7.01}),
        ("failures", {"failures": 3}, {"failures": 4}),
        (
            "accuracy",
            {"heldout": replace(HELD, direction_accuracy=45.0)},
            {"heldout": replace(HELD, direction_accuracy=44.9)},
        ),
        ("mape", {"heldout": replace(HELD, mape=5.0)}, {"heldout": replace(HELD, mape=5.1)}),
        ("confidence", lows(59.0, 61.0, 59.0), lows(59.0, 59.9, 1.0)),
        ("confidence", lows(50.0, 50.0), lows(50.0, 50.0, 50.0)),
        ("earnings", {"earnings": date(2025, 1, 2)}, {"earnings": date(2025, 1, 3)}),
        ("earnings", {"earnings": date(2025, 1, 7)}, {"earnings": date(2025, 1, 6)}),
        ("volatility", {"volatility": signal("rise", 1.0)}, {"volatility": signal("rise", 1.1)}),
        ("move", {"volatility": signal("rise", 9.0)}, {"volatility": signal("move", 9.0, 7.0)}),
        ("drift", {"drift": signal("returns", 0.2, 0.3)}, {"drift": signal("returns", 0.31, 0.3)}),
    ],
)
def test_each_fires_beyond_its_limit_and_not_at_it(
    reason: str, inside: dict[str, object], beyond: dict[str, object]
) -> None:
    """The guide's limits are kept to the letter: at the limit nothing fires, beyond it that
    trigger alone does."""
    assert not verdict(replace(FINE, **inside), reason).fired  # type: ignore[arg-type]
    assert verdict(replace(FINE, **beyond), reason).fired  # type: ignore[arg-type]


def test_an_outage_is_no_failure_of_the_model() -> None:
    """Failures count only while some other symbol is answered;
    else the verdict says that it is an outage."""
    facts = replace(FINE, failures=9, others_answer=False)

    assert not verdict(facts, "failures").fired
    assert "outage" in verdict(facts, "failures").text


def test_live_figures_come_before_held_out_ones() -> None:
    """From live_min scored sessions on the live average is judged, and the verdict says so with
    n and window."""
    live = Live(130, 6.0, 3.0, (True,) * 50 + (False,) * 80, "2025-01-02", "2025-07-10")
    found = verdict(replace(FINE, live=live), "accuracy")

    assert (found.fired, found.basis, found.n) == (True, "live", 130)
    assert "38.5 % < 45 %" in found.text
    assert "2025-01-02 to 2025-07-10" in found.text
    assert ("live", True) == (
        verdict(replace(FINE, live=live), "mape").basis,
        verdict(replace(FINE, live=live), "mape").fired,
    )
    few = replace(live, n=100, hits=(True,) * 40 + (False,) * 60)
    assert verdict(replace(FINE, live=few), "mape").basis == "held-out"


def test_a_short_record_fires_only_where_luck_is_ruled_out() -> None:
    """Four of ten right is luck; none of ten is not."""
    assert beyond_chance((False,) * 6 + (True,) * 4, 0.45, 0.002) is None
    assert beyond_chance((False,) * 15, 0.45, 0.002) == (0, 15)
    assert beyond_chance((False,) * 9, 0.45, 0.002) is None
    assert binomial_at_most(0, 15, 0.45) == pytest.approx(0.55**15)
    assert binomial_at_most(15, 15, 0.45) == pytest.approx(1.0)


def test_what_naive_breaks_too_is_unfixable() -> None:
    """An error that the naive forecast shows on the same sessions cannot be trained away;
    nor can a low confidence."""
    assert verdict(replace(FINE, heldout=replace(HELD, mape=5.4, naive_mape=5.3)), "mape").unfixable
    assert not verdict(
        replace(FINE, heldout=replace(HELD, mape=5.4, naive_mape=4.9)), "mape"
    ).unfixable
    low = replace(FINE, confidences=(("c", 50.0), ("b", 50.0), ("a", 50.0)))
    assert verdict(replace(low, naive_within=55.0), "confidence").unfixable
    assert not verdict(replace(low, naive_within=80.0), "confidence").unfixable


def test_an_unknown_age_fires() -> None:
    """A model trained ahead of now fires the age trigger, and says so; no model does not."""
    ahead = verdict(replace(FINE, age_days=None, trained_ahead="2028-01-04 17:56"), "age")
    assert ahead.fired
    assert "2028-01-04 17:56" in ahead.text
    assert not verdict(replace(FINE, age_days=None), "age").fired
