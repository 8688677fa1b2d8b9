"""The dashboard's verbs that watch: check, automatic training by its plan, what happened while
it was not open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.children.messages import (
    CheckedModel,
    CheckModels,
    ModelsChecked,
    PlannedSymbol,
    PlanTrainings,
    StartTrainings,
    TrainingsPlanned,
    TrainingsStarted,
)
from engine.core.errors import StockmlError
from engine.core.progress import ProgressStep
from engine.core.records import Level
from engine.core.snapshot import Away, PlannedAction
from engine.core.symbol_details import (
    EarningsReport,
    RetrainExplanation,
    SignalReport,
    StandingHold,
    TriggerReport,
)
from engine.words.triggers import retrain_sentence
from tests.tui.fake import FakeEngine
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NAMES, NOW, clock, row, trained_home, watched_home
from tui.app import StockmlApp
from tui.dashboard.away_screen import AwayScreen, away_page
from tui.dashboard.check_verbs import begun_notice, check_notice, plan_question
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.symbol.retrain_text import earnings_words, retrain_lines
from tui.widgets.lines import plain
from tui.widgets.notice import notice_lines

RUN = "20261021-143711-ffffff"
AWAY = Away(
    NOW - timedelta(days=2),
    (
        "Oct 19 18:05 run 20261019-180000-aabbcc done, drift: 1 done",
        "Oct 20 02:00 missed: performance, 3 times (cron was down)",
        "Oct 21 06:00 alert firing: a symbol cannot be forecast (1: TSLA)",
        "Oct 21 06:10 run 20261021-060000-aabbcd failed, age: 12 done, 1 failed (SMR)",
    ),
)


Decided = tuple[PlannedAction, str, str]


def decided(**changed: Decided) -> tuple[PlannedSymbol, ...]:
    """The plan's decisions: every symbol fine but those named."""
    fine = (PlannedAction.FINE, "", "3.0 days old")
    return tuple(PlannedSymbol(name, *changed.get(name, fine)) for name in NAMES)


DRIFT = (PlannedAction.TRAIN, "drift", "KS 0.337 > 0.313 (n=60)")
CHRONIC = (PlannedAction.CHRONIC, "mape", "chronic, left to the age limit")


def models(status: str, **more: Any) -> tuple[CheckedModel, ...]:
    """Every model with this status."""
    return (CheckedModel(status=status, **more),) * len(NAMES)


def report(**more: Any) -> ModelsChecked:
    """What a check answers."""
    checked = (*models("ok")[1:], CheckedModel(status="warning"))
    return ModelsChecked(
        **{"models": checked, "decisions": decided(NVDA=DRIFT, SMR=CHRONIC), **more}
    )


async def planned(app: StockmlApp, pilot: Pilot[Any]) -> None:
    """Wait until the plan stands there, drawn."""
    await until(
        pilot,
        lambda: (
            isinstance(app.screen, ConfirmScreen) and "esc" in screen_text(app).splitlines()[-1]
        ),
        "the plan",
    )


async def test_p_checks_in_a_child_and_tells_what_it_found(tmp_path: Path) -> None:
    """While it goes on the screen says so for as long as it takes;
    then how the models answered and what wants a training."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.answers[CheckModels] = report()
        engine.gate.clear()
        await pilot.press("p")
        await until(pilot, lambda: "checking every model" in screen_text(app), "the progress")
        await pilot.press("p")
        await until(
            pilot,
            lambda: "check: the engine is still at it" in screen_text(app),
            "the second one refused",
        )
        engine.gate.set()
        await until(
            pilot,
            lambda: "1 to retrain: NVDA drift" in " ".join(screen_text(app).split()),
            "the result",
        )
        text = " ".join(screen_text(app).split())
        assert "13 checked in 0 s: 12 ok, 1 warning, 1 chronic" in text
        assert "not trained: SMR chronic" in text
        assert engine.asked("child") == [CheckModels()]


async def test_a_check_shows_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    """n of m with the time left, kept out of the messages; `x` ends it, and that is no error."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.answers[CheckModels] = report()
        engine.gate.clear()
        await pilot.press("p")
        await until(pilot, lambda: "checking every model" in screen_text(app), "the begin")
        watch = engine.watch_of_child
        assert watch is not None
        watch.step = ProgressStep(4, 13, "MSFT")
        await until(pilot, lambda: "check: 4 of 13, MSFT" in screen_text(app), "the progress")
        assert "left (x cancels it)" in screen_text(app)
        kept = [notice.text for _, notice in app.messages]
        assert not any("4 of 13" in text for text in kept)
        await pilot.press("x")
        await until(pilot, lambda: watch.cancelled, "the cancellation")
        engine.gate.set()
        await until(pilot, lambda: "WARN: check cancelled" in screen_text(app), "the end")


async def test_a_sticky_notice_outlives_another_verb(tmp_path: Path) -> None:
    """What ends meanwhile does not take the words of the check away."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.answers[CheckModels] = report()
        engine.gate.clear()
        await pilot.press("p")
        await until(pilot, lambda: "checking every model" in screen_text(app), "the progress")
        done: list[int] = []
        app.ask("other", lambda: 1, done.append)
        await until(pilot, lambda: done, "the other verb")
        assert app.main.notice is not None
        assert app.main.notice.sticky
        engine.gate.set()
        await until(pilot, lambda: app.main.notice and not app.main.notice.sticky, "the result")


async def test_a_shows_the_plan_and_trains_what_it_listed(tmp_path: Path) -> None:
    """Symbol, decision and reason of all; Cancel is chosen first;
    only what the plan listed is trained."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        decisions = decided(NVDA=DRIFT, SMR=CHRONIC)
        engine.answers[PlanTrainings] = TrainingsPlanned(decisions)
        await pilot.press("a")
        await planned(app, pilot)
        text = screen_text(app)
        assert "Auto-train: train 1 of 13 symbols?" in text
        assert "NVDA  train       drift: KS 0.337 > 0.313" in text
        assert "SMR   chronic     mape: chronic, left to the age limit" in text
        assert "[Cancel]" in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert engine.asked("child") == [PlanTrainings()]
        await pilot.press("a")
        await planned(app, pilot)
        engine.answers[StartTrainings] = TrainingsStarted(decisions, (RUN,))
        await pilot.press("y")
        await until(pilot, lambda: f"run {RUN} started: NVDA" in screen_text(app), "the run")
        assert engine.asked("child")[2:] == [StartTrainings(("NVDA",))]
        assert app.started == [RUN]


async def test_a_plan_offers_itself_to_who_looks_elsewhere(tmp_path: Path) -> None:
    """It opens over nothing; back on the dashboard the key shows it without asking again."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        engine.answers[PlanTrainings] = TrainingsPlanned(decided(NVDA=DRIFT))
        engine.gate.clear()
        await pilot.press("a", "2")
        await until(pilot, lambda: app.screen is not app.main, "the runs")
        engine.gate.set()
        await until(pilot, lambda: "the plan is ready: 1 to train" in screen_text(app), "the offer")
        await pilot.press("1", "a")
        await planned(app, pilot)
        assert "Auto-train: train 1 of 13 symbols?" in screen_text(app)
        assert engine.asked("child") == [PlanTrainings()]


async def test_an_open_market_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    """What waits for the close is shown with that choice first;
    training all the same is a deliberate second one."""
    waits = (PlannedAction.WAITS, "age", "the market is open until 16:00; 8.1 days old")
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        engine.answers[PlanTrainings] = TrainingsPlanned(decided(TSLA=waits))
        engine.answers[StartTrainings] = TrainingsStarted((), (RUN,))
        await pilot.press("a")
        await planned(app, pilot)
        text = " ".join(screen_text(app).split())
        assert "1 symbol would be trained, but the market is open" in text
        assert "the market is open until 16:00; 8.1 days old" in text
        assert "[Wait for the close]" in text
        await pilot.press("y")
        await until(pilot, lambda: len(engine.asked("child")) == 2, "the start")
        assert engine.asked("child")[1] == StartTrainings(("TSLA",), skip_market_hours=True)


async def test_a_refusal_is_told_with_the_next_step(tmp_path: Path) -> None:
    """A market that opened after the plan refuses; its words and what to do are shown."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        engine.answers[PlanTrainings] = TrainingsPlanned(decided(NVDA=DRIFT))
        await pilot.press("a")
        await planned(app, pilot)
        engine.error = StockmlError(
            "the market is open until 16:00", "wait for the close, or --skip-market-hours"
        )
        await pilot.press("y")
        await until(
            pilot,
            lambda: "the market is open until 16:00 (wait for the close" in screen_text(app),
            "the words",
        )


async def test_nothing_to_train_has_one_button(tmp_path: Path) -> None:
    """A plan without a training can be read, and no key of it starts anything."""
    async with opened(tmp_path / "home", trained_home(), (100, 30)) as (app, engine, pilot):
        engine.answers[PlanTrainings] = TrainingsPlanned(decided(SMR=CHRONIC))
        for key in ("y", "enter"):
            await pilot.press("a")
            await planned(app, pilot)
            assert "nothing to train now" in screen_text(app)
            assert "[Close]" in screen_text(app)
            await pilot.press("tab", key)
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert engine.asked("child") == [PlanTrainings()] * 2


async def test_read_only_neither_checks_nor_trains_nor_marks(tmp_path: Path) -> None:
    """p and a are refused, and the console does not note that it was open;
    what happened meanwhile is told all the same."""
    async with opened(tmp_path / "home", trained_home(), read_only=True) as (app, engine, pilot):
        await until(pilot, lambda: app.last_seen.away is not None, "the time away")
        await pilot.press("p", "a")
        app.last_seen.left()
        assert {"child", "open"} & {verb for verb, _ in engine.calls} == set()
        assert "read-only" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (120, 40)])
async def test_while_you_were_away_is_told_at_opening_and_again(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """It stands on the dashboard until esc; w shows all of it at any time;
    the console notes that it is open."""
    calls = []
    async with opened(tmp_path / "home", trained_home(), size) as (app, engine, pilot):
        app.main.away = AWAY
        app.last_seen.away = AWAY
        await until(pilot, lambda: "While you were away" in screen_text(app), "the lines")
        assert "(w all, esc hides)" in screen_text(app)
        assert size[1] < 24 or "12 done, 1 failed" in screen_text(app)
        assert all(f" {name} " in screen_text(app) for name in NAMES[:9])
        await pilot.press("escape")
        await until(
            pilot, lambda: "While you were away" not in screen_text(app), "the dashboard alone"
        )
        await pilot.press("w")
        await until(
            pilot,
            lambda: isinstance(app.screen, AwayScreen) and "3 times (cron was" in screen_text(app),
            "all of it",
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        await until(pilot, lambda: engine.asked("open"), "the mark")
        calls = engine.calls
    app.last_seen.left()
    assert calls.count(("open", None)) == 2


async def test_the_marks_come_behind_the_look_at_what_happened(tmp_path: Path) -> None:
    """What the engine tells of the time away is what is shown;
    a failing one is told in the log and tried again."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await until(pilot, lambda: app.last_seen.away == Away(), "an empty time away")
        app.last_seen.away, engine.away_found = None, AWAY
        app.last_seen.poke()
        await until(pilot, lambda: app.main.away == AWAY, "what happened")
    assert away_page(None, 80)[0][0][0] == "reading what happened"
    assert "not open on this home before" in plain(away_page(Away(), 80)[0])
    assert "nothing ended, fired or was missed" in plain(away_page(replace(AWAY, lines=()), 80)[1])


def test_a_failing_check_is_told_loudly() -> None:
    """Models that did not answer, an outage and what kept the check from its work are named."""
    bad = report(
        models=models("failed"),
        outage=True,
        problems=("earnings could not be looked up",),
        failed=True,
    )
    notice = check_notice(bad, 22.4)

    assert plain(notice_lines(notice, 80)[0]).startswith("ERROR: 13 checked in 22 s: 13 failed")
    assert notice.text.endswith("; an outage: no symbol could be forecast")
    assert notice.hint == "earnings could not be looked up"
    assert check_notice(report(decisions=decided()), 22.4).text.endswith("0 to retrain")
    fresh = check_notice(report(models=models("failed", trained=False)), 22.4)
    assert "13 not trained yet" in fresh.text
    assert fresh.level is not Level.CRIT
    simulated = check_notice(report(models=models("ok", source="simulated")), 22.4)
    assert simulated.text.startswith("SIMULATED: 13 checked in 22 s")


@pytest.mark.parametrize(
    ("statuses", "failed", "weight"),
    [
        (["ok"] * 13, False, "13 checked"),
        (["ok"] * 12 + ["warning"], False, "13 checked"),
        (["ok"] * 12 + ["critical"], False, "WARN: 13 checked"),
        (["ok"] * 12 + ["failed"], True, "WARN: 13 checked"),
        (["failed"] * 13, True, "ERROR: 13 checked"),
    ],
)
def test_a_check_is_told_by_its_weight(statuses: list[str], failed: bool, weight: str) -> None:
    """One model of thirteen that does not answer is a warning;
    only a check in which nothing answered is an error."""
    checked = tuple(CheckedModel(status=status) for status in statuses)
    notice = check_notice(report(models=checked, failed=failed), 22.4)

    assert plain(notice_lines(notice, 80)[0]).startswith(weight)


def test_a_start_that_started_nothing_says_why() -> None:
    """Busy symbols are named with what keeps them; so is a reason that went meanwhile."""
    busy = (PlannedAction.BUSY, "drift", "run 7 trains it")

    notice = begun_notice(TrainingsStarted(decided(NVDA=busy)))
    assert notice.text == "nothing was started: NVDA busy"
    assert "nothing fires any more" in begun_notice(TrainingsStarted(decided())).text
    assert plan_question(decided()).yes == ""
    assert plain(plan_question(decided(), simulated=True).lines[0]) == "SIMULATED bars"


def test_a_hold_hides_no_reason() -> None:
    """The sentence of a symbol on hold has the reason without the hold, which its note has."""
    held = watched_home().rows[3]
    assert retrain_sentence(held) == "otherwise retrained: 8.1 days old, 6 sessions (limit 7 days)"


EXPLANATION = RetrainExplanation(
    action=PlannedAction.CHRONIC,
    reason="mape",
    text=CHRONIC[2],
    hold=StandingHold("audit", "2026-10-20T10:00:00Z", "2026-10-30"),
    verdicts=(
        TriggerReport(
            reason="mape",
            fired=True,
            text="MAPE 6.46 % > 5 % (held-out, n=120)",
            trained_at=NOW - timedelta(days=10),
            chronic="2 trainings did not help",
        ),
        TriggerReport(reason="earnings", fired=False, text="no release known"),
        TriggerReport(reason="drift", fired=False, text="no drift"),
    ),
    signals=(SignalReport("drift", fired=False, text="returns do not differ: KS 0.1 ≤ 0.3"),),
    earnings=EarningsReport(
        covered=True,
        newest="2026-08-27",
        coming="2026-11-19",
        fetched_at=NOW - timedelta(hours=3),
    ),
    next_auto_train=datetime(2026, 10, 25, 6, tzinfo=UTC),
    checked_at=NOW - timedelta(hours=2),
)


def test_the_symbols_page_says_why_it_is_not_retrained() -> None:
    """Decision, hold with its end, next training, each trigger with its figures and what became
    of it, signals, earnings."""
    text = " ".join(
        " ".join(plain(found) for found in retrain_lines(row("SMR"), EXPLANATION, NOW, 100)).split()
    )

    for words in (
        "not retrained: chronic, left to the age limit",
        "on hold since 2026-10-20",
        "up to and including 2026-10-30: audit; `stockml unhold SMR` ends it",
        "next scheduled training 2026-10-25",
        "(2h ago)",
        (
            "FIRES mape MAPE 6.46 % > 5 % (held-out, n=120); chronic: 2 trainings did not help;"
            " trained for it 10d ago"
        ),
        "ok drift no drift",
        "KS 0.1 ≤ 0.3",
        "newest release 2026-08-27, next on 2026-11-19; looked up 3h ago",
    ):
        assert words in text, words


def test_earnings_say_why_they_are_unknown() -> None:
    """Not Yahoo's, and not looked up yet, are two things."""
    assert "Yahoo's symbols alone" in earnings_words(EarningsReport(), NOW)
    assert "not looked up yet" in earnings_words(EarningsReport(covered=True), NOW)


def test_without_the_child_the_newest_decision_stands() -> None:
    """Until the child has answered, or where it fails, the row's own words and hold are shown."""
    text = "\n".join(
        plain(found) for found in retrain_lines(watched_home().rows[3], None, NOW, 100)
    )

    assert "otherwise retrained: 8.1 days old" in text
    assert "on hold: audit" in text
    assert (
        plain(retrain_lines(row("NVDA"), None, NOW, 100)[0]) == "nothing fired at the newest check"
    )


async def test_a_history_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    """It is told once in the console's log, and the next look tries again."""

    engine = FakeEngine(tmp_path / "home", trained_home())
    engine.away_found = StockmlError("history.db: database is locked")
    app = StockmlApp(engine, wall=clock())
    log = engine.home.logs / "console.log"
    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot, lambda: log.exists() and "database is locked" in log.read_text(), "the line"
        )
        assert app.last_seen.away is None
        engine.away_found = AWAY
        app.last_seen.poke()
        await until(pilot, lambda: "While you were away" in screen_text(app), "the lines")
    assert log.read_text().count("action=mark-open") == 1
