"""Which symbols are trained, in which order, and what keeps one from being trained for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.core.snapshot import PlannedAction
from engine.core.symbols import Priority
from engine.watch.planner import YEAR, PlanningContext, TrainingCandidate, decide, decide_all
from engine.watch.reason_history import ReasonHistory, after_check, after_training, cooldown
from engine.watch.trigger_facts import TriggerVerdict
from engine.watch.triggers import TRIGGERS
from tests.watch.replay import packaged

SETTINGS = packaged()
NOW = datetime(2025, 8, 10, 6, 0, tzinfo=UTC)
AT = PlanningContext(NOW)


def fired(reason: str, severity: float = 1.0, **more: object) -> TriggerVerdict:
    """A verdict that fires."""
    return replace(TriggerVerdict(reason, f"{reason} fires", fired=True, severity=severity), **more)  # type: ignore[arg-type]


def candidate(symbol: str = "NVDA", *verdicts: TriggerVerdict, **more: object) -> TrainingCandidate:
    """A symbol with fresh bars and these verdicts."""
    base = TrainingCandidate(
        symbol,
        Priority.HIGH,
        verdicts,
        {},
        age_days=3.0,
        trained_to="2025-08-07",
        last_bar="2025-08-08",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def test_priority_first_then_the_worst() -> None:
    """High before medium before low;
    inside a priority the missing model, then the greatest excess."""
    found = decide_all(
        [
            candidate("SPY", fired("missing", 1e6), priority=Priority.LOW),
            candidate("MSFT", fired("mape", 1.2), priority=Priority.MEDIUM),
            candidate("TSLA", fired("mape", 1.1)),
            candidate("AAPL", fired("mape", 2.0)),
            candidate("NVDA"),
        ],
        AT,
        SETTINGS,
    )

    assert ["AAPL", "TSLA", "MSFT", "SPY", "NVDA"] == [each.symbol for each in found]
    assert [PlannedAction.TRAIN] * 4 + [PlannedAction.FINE] == [each.action for each in found]


def test_what_stands_in_the_way() -> None:
    """A hold, old or missing bars, another process and an open market keep a fired symbol from
    training, in words."""
    old = fired("age")
    opened = replace(AT, market_open=True, closes_at=NOW + timedelta(hours=4))
    cases = [
        (candidate("NVDA", old, hold="audit"), AT, PlannedAction.HELD, "audit"),
        (
            candidate("NVDA", old, bars_fault="Yahoo is down"),
            AT,
            PlannedAction.NO_BARS,
            "Yahoo is down",
        ),
        (candidate("NVDA", old, lag_sessions=2), AT, PlannedAction.NO_BARS, "2 sessions behind"),
        (
            candidate("NVDA", old, trained_to="2025-08-08"),
            AT,
            PlannedAction.NO_NEW_BARS,
            "no bar since",
        ),
        (candidate("NVDA", old, holder="run 7"), AT, PlannedAction.BUSY, "run 7"),
        (candidate("NVDA", old), opened, PlannedAction.WAITS, "the market is open"),
        (candidate("NVDA", old), replace(AT, outage=True), PlannedAction.OUTAGE, "outage"),
        (candidate("NVDA", old, lag_sessions=1), AT, PlannedAction.TRAIN, "age fires"),
        (
            candidate("NVDA", old),
            replace(opened, skip_market_hours=True),
            PlannedAction.TRAIN,
            "age fires",
        ),
    ]

    for each, context, action, words in cases:
        found = decide(each, context, SETTINGS)
        assert (found.action, True) == (action, words in found.text), found


def test_force_takes_all_but_not_old_bars_of_a_network() -> None:
    """--force trains a symbol that nothing fires for;
    on bars a fetch could not bring up to date it trains only a folder's."""
    forced = replace(AT, force=True)

    assert decide(candidate(), forced, SETTINGS).action is PlannedAction.TRAIN
    assert decide(candidate(lag_sessions=9), forced, SETTINGS).action is PlannedAction.NO_BARS
    assert (
        decide(candidate(lag_sessions=9, local=True), forced, SETTINGS).action
        is PlannedAction.TRAIN
    )
    assert decide(candidate(hold="audit"), forced, SETTINGS).action is PlannedAction.HELD


def test_a_model_too_old_before_the_next_weekly_training_is_taken_now() -> None:
    """A model of Sunday 02:05 is 6.997 days old on the next Sunday at 02:00: taken then, not a
    day later by itself."""
    age = 7 - 5 / 1440
    young = TriggerVerdict("age", "6.997 days old")

    assert decide(candidate("NVDA", young, age_days=age), AT, SETTINGS).action is PlannedAction.FINE
    ahead = replace(AT, next_auto_train=NOW + timedelta(days=7))
    assert (
        decide(candidate("NVDA", young, age_days=age), ahead, SETTINGS).action
        is PlannedAction.TRAIN
    )
    # For its age above all: what fires beside it is no training beyond the age rule.
    assert (
        decide(candidate("NVDA", young, fired("drift"), age_days=age), ahead, SETTINGS).reason
        == "age"
    )
    assert (
        decide(
            candidate("NVDA", young, age_days=age), replace(AT, next_auto_train=NOW), SETTINGS
        ).action
        is PlannedAction.FINE
    )


def test_the_same_reason_cools_down_and_needs_new_sessions() -> None:
    """Within the cooldown, and before 20 newly scored sessions, a performance reason does not
    count; a new reason does."""
    history = ReasonHistory(1, NOW - timedelta(days=5), "2025-08-01", sessions=30)

    assert "again from" in cooldown("accuracy", history, NOW, SETTINGS)
    assert "19 of 20" in cooldown(
        "accuracy", replace(history, trained_at=NOW - timedelta(days=8), sessions=19), NOW, SETTINGS
    )
    assert (
        cooldown(
            "accuracy",
            replace(history, trained_at=NOW - timedelta(days=8), sessions=20),
            NOW,
            SETTINGS,
        )
        == ""
    )
    held = candidate("NVDA", fired("accuracy"), histories={"accuracy": history})
    assert decide(held, AT, SETTINGS).action is PlannedAction.COOLDOWN
    assert (
        decide(replace(held, verdicts=(fired("accuracy"), fired("mape"))), AT, SETTINGS).reason
        == "mape"
    )


def test_a_live_run_is_named_rather_than_the_cooldown_it_began() -> None:
    """While the run that a reason started is at it, the decision names that run;
    once it has ended, the cooldown."""
    history = {"drift": ReasonHistory(1, NOW - timedelta(minutes=5), "2025-08-08")}
    waiting = candidate("NVDA", fired("drift"), histories=history)
    busy = decide(replace(waiting, holder="run 7 (cron)"), AT, SETTINGS)

    assert (PlannedAction.BUSY, "drift", "run 7 (cron) trains it; drift fires") == (
        busy.action,
        busy.reason,
        busy.text,
    )
    assert PlannedAction.COOLDOWN is decide(waiting, AT, SETTINGS).action


def test_a_failed_training_is_tried_again_sooner() -> None:
    """After a training that failed the retry time counts, not the cooldown, and no new sessions
    are needed."""
    history = ReasonHistory(1, NOW - timedelta(hours=19), "2025-08-01", failed=True)

    assert cooldown("accuracy", history, NOW, SETTINGS)
    assert (
        cooldown("accuracy", replace(history, trained_at=NOW - timedelta(hours=21)), NOW, SETTINGS)
        == ""
    )


def test_a_renewed_model_may_be_taken_for_its_age() -> None:
    """The cooldown of age holds back a model that a training did not renew, not one that it did."""
    histories = {"age": ReasonHistory(1, NOW - timedelta(days=5), "2025-08-01")}

    assert (
        decide(
            candidate("NVDA", fired("age"), age_days=9.0, histories=histories), AT, SETTINGS
        ).action
        is PlannedAction.COOLDOWN
    )
    ahead = replace(AT, next_auto_train=NOW + timedelta(days=7))
    assert (
        decide(candidate("NVDA", age_days=4.9, histories=histories), ahead, SETTINGS).action
        is PlannedAction.TRAIN
    )


def test_two_trainings_that_did_not_help_make_a_reason_chronic() -> None:
    """Chronic is shown and not trained for;
    it ends when new sessions pass without it, and never holds back the age."""
    verdict, history = fired("accuracy"), ReasonHistory()
    for week in (4, 8):
        history = after_training(history, NOW - timedelta(weeks=12 - week), "2025-06-01")
        history = replace(
            after_check(replace(history, sessions=25), verdict, SETTINGS), sessions=25
        )
    assert "2 trainings did not help" == history.chronic
    assert (
        decide(candidate("NVDA", verdict, histories={"accuracy": history}), AT, SETTINGS).action
        is PlannedAction.CHRONIC
    )
    with_age = candidate("NVDA", verdict, fired("age"), histories={"accuracy": history})
    assert (PlannedAction.TRAIN, "age") == (
        decide(with_age, AT, SETTINGS).action,
        decide(with_age, AT, SETTINGS).reason,
    )
    assert after_check(history, replace(verdict, fired=False), SETTINGS).chronic == ""
    assert after_check(
        replace(history, sessions=3), replace(verdict, fired=False), SETTINGS
    ).chronic


def test_unfixable_is_chronic_at_once() -> None:
    """What the naive forecast breaks too is never trained for."""
    verdict = fired("mape", unfixable=True)

    assert decide(candidate("SMR", verdict), AT, SETTINGS).action is PlannedAction.CHRONIC
    assert "naive" in after_check(ReasonHistory(), verdict, SETTINGS).chronic


def test_a_figure_that_hovers_about_its_limit_has_not_got_well() -> None:
    """A reason is forgotten after 20 sessions without it, not at the first check without it."""
    verdict, history = (
        fired("accuracy"),
        ReasonHistory(2, NOW - timedelta(days=60), "2025-06-01", sessions=40),
    )
    history = after_check(history, verdict, SETTINGS, "2025-08-01")
    assert ("2 trainings did not help", "2025-08-01", 0) == (
        history.chronic,
        history.fired_bar,
        history.quiet,
    )
    calm = replace(verdict, fired=False)
    assert after_check(replace(history, quiet=19), calm, SETTINGS, "2025-08-08").chronic
    assert ReasonHistory(
        0, history.trained_at, "2025-06-01", sessions=40, fired_bar="2025-08-01", quiet=20
    ) == after_check(replace(history, quiet=20), calm, SETTINGS, "2025-08-08")


def test_a_chronic_reason_stands_while_it_hovers() -> None:
    """It does not fire now and is not forgotten either, so that its alert does not come and go
    with every look."""
    calm = replace(fired("accuracy"), fired=False)
    history = ReasonHistory(
        2,
        NOW - timedelta(days=60),
        "2025-06-01",
        fired_bar="2025-08-07",
        quiet=1,
        chronic="2 trainings did not help",
    )
    seen = candidate("NVDA", calm, histories={"accuracy": history})
    hovering = replace(history, chronic="")

    assert ("accuracy",) == decide(seen, AT, SETTINGS).standing
    assert ("accuracy",) == decide(
        replace(seen, histories={"accuracy": hovering}, spent=2), AT, SETTINGS
    ).standing
    assert (
        ()
        == decide(replace(seen, histories={"accuracy": hovering}, spent=1), AT, SETTINGS).standing
    )
    assert (
        ()
        == decide(
            replace(seen, histories={"accuracy": replace(hovering, quiet=20)}, spent=2),
            AT,
            SETTINGS,
        ).standing
    )
    assert () == decide(replace(seen, verdicts=(fired("accuracy"),)), AT, SETTINGS).standing


def test_after_two_trainings_in_a_year_only_age_and_events_count() -> None:
    """Performance and drift are then shown as left to the age limit, with the count;
    a great move still trains."""
    spent = candidate("NVDA", fired("accuracy"), fired("drift"), spent=2)
    told = decide(spent, AT, SETTINGS)

    assert (PlannedAction.CHRONIC, "accuracy") == (told.action, told.reason)
    assert "trained 2 times within a year" in told.text
    assert ["accuracy", "drift"] == [each.reason for each in told.chronic]
    assert PlannedAction.TRAIN is decide(replace(spent, spent=1), AT, SETTINGS).action
    just_trained = {
        each: ReasonHistory(1, NOW - timedelta(days=1), "2025-08-07")
        for each in ("accuracy", "drift")
    }
    assert (
        PlannedAction.COOLDOWN
        is decide(replace(spent, histories=just_trained), AT, SETTINGS).action
    )
    for reason in ("age", "move", "volatility", "earnings", "corrupt", "failures"):
        found = decide(replace(spent, verdicts=(fired("drift"), fired(reason))), AT, SETTINGS)
        assert (PlannedAction.TRAIN, reason) == (found.action, found.reason)


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.sets(st.sampled_from(sorted(TRIGGERS)))), max_size=80
    )
)
def test_no_symbol_is_trained_more_than_twice_a_year_for_performance_or_drift(
    steps: list[tuple[int, set[str]]],
) -> None:
    """Whatever fires whenever, and whichever of those reasons come together."""
    now, histories, ours = NOW, dict[str, ReasonHistory](), list[datetime]()
    for hours, reasons in steps:
        now += timedelta(hours=hours)
        verdicts = tuple(fired(reason) for reason in TRIGGERS if reason in reasons)
        histories = {each: replace(history, sessions=99) for each, history in histories.items()}
        spent = sum(now - at < YEAR for at in ours)
        found = decide(
            candidate("NVDA", *verdicts, histories=histories, spent=spent),
            replace(AT, now=now),
            SETTINGS,
        )
        if found.action is PlannedAction.TRAIN:
            ours += [now] if TRIGGERS[found.reason].yearly else []
            histories |= {
                each.reason: after_training(
                    histories.get(each.reason, ReasonHistory()), now, "2025-08-08"
                )
                for each in found.fired
            }
    assert all(later - first >= YEAR for first, later in zip(ours, ours[2:], strict=False))


@given(
    st.sampled_from(sorted(TRIGGERS)),
    st.lists(st.tuples(st.integers(1, 200), st.booleans(), st.booleans()), max_size=60),
)
def test_no_reason_is_ever_trained_twice_within_its_wait(
    reason: str, steps: list[tuple[int, bool, bool]]
) -> None:
    """Whatever fires whenever, and whether trainings fail or not, two trainings for one reason
    lie a retry time apart."""
    now, history, trained = NOW, ReasonHistory(), list[datetime]()
    for hours, fires, fails in steps:
        now += timedelta(hours=hours)
        verdict = replace(fired(reason), fired=fires)
        history = after_check(
            replace(
                history,
                sessions=history.sessions + hours // 24,
                failed=fails and history.trained_at is not None,
            ),
            verdict,
            SETTINGS,
        )
        seen = candidate("NVDA", verdict, histories={reason: history}, age_days=1e6)
        if decide(seen, replace(AT, now=now), SETTINGS).action is PlannedAction.TRAIN:
            trained.append(now)
            history = after_training(history, now, "2025-08-08")
    gaps = [later - earlier for earlier, later in pairwise(trained)]
    assert all(gap >= timedelta(hours=SETTINGS.watch.retry_hours) for gap in gaps)


def test_what_was_trained_ahead_of_now_waits_for_nothing() -> None:
    """Neither a last bar to come nor a cooldown begun ahead of now keeps it from a training."""
    history = {"age": ReasonHistory(1, NOW + timedelta(days=400), "2026-09-11")}
    ahead = candidate(
        "NVDA", fired("age"), histories=history, age_days=None, trained_to="2026-09-11"
    )
    assert PlannedAction.NO_NEW_BARS is decide(ahead, AT, SETTINGS).action
    assert PlannedAction.TRAIN is decide(replace(ahead, trained_ahead=True), AT, SETTINGS).action
    held = replace(ahead, trained_ahead=True, hold="audit")
    assert PlannedAction.HELD is decide(held, AT, SETTINGS).action
