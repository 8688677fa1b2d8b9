"""The console's sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.records import Job, JobState, PlanItem, SymbolState
from tests.tui.scenes import (
    NOW,
    RUN_ID,
    empty_home,
    empty_row,
    ended_run,
    live_run,
    model,
    row,
    snapshot,
    trained_home,
    training_home,
)
from tui.dashboard.text import (
    detail,
    leaving,
    next_steps,
    plan_lines,
    run_lines,
    run_spans,
)
from tui.look.glyphs import ASCII
from tui.widgets.lines import plain


def test_empty_home_says_what_to_do_in_three_lines() -> None:
    """The first start names the key, and each line fits 80 columns."""
    lines = next_steps(empty_home(), read_only=False)

    assert len(lines) == 3
    assert "Press A" in lines[0]
    assert all(len(text) <= 80 for text in lines)


def test_read_only_empty_home_does_not_promise_a_key() -> None:
    """A read-only console says how to get one that trains."""
    assert "Press A" not in "".join(next_steps(empty_home(), read_only=True))


def test_next_steps_go_once_something_happened() -> None:
    """A live run, a model or a failed row ends the beginner's lines."""
    failed = snapshot((empty_row("NVDA", state=SymbolState.FAILED),))

    assert [next_steps(found, False) for found in (training_home(), trained_home(), failed)] == [
        (),
        (),
        (),
    ]
    assert next_steps(snapshot((empty_row("NVDA", state=SymbolState.CANCELLED),)), False), (
        "a cancelled first training is no model"
    )


def test_plan_names_what_is_replaced() -> None:
    """Generation, size, date and age of the live model; a busy holder; a symbol without a model."""
    items = (
        PlanItem("NVDA", model("NVDA"), SymbolState.FRESH),
        PlanItem("TSLA", None, SymbolState.NONE),
        PlanItem("AAPL", model("AAPL", 2), SymbolState.TRAIN, "run 1 (cron)"),
        PlanItem("MP", None, SymbolState.FOREIGN),
        PlanItem("SMR", model("SMR", source="simulated"), SymbolState.FRESH),
        PlanItem("SPY", None, SymbolState.CORRUPT),
        PlanItem("TSM", None, SymbolState.FRESH),
    )
    texts = [plain(found) for found in plan_lines(items, NOW, "yahoo")]

    assert "NVDA" in texts[0]
    assert "replaces gen 1, 412 kB, trained 2026-10-21" in texts[0]
    assert "no model yet" in texts[1]
    assert "BUSY left out, trained by run 1 (cron)" in texts[2]
    assert "FOREIGN" in texts[3]
    assert "REFUSED its model is of simulated bars" in texts[4], (
        "the guard of sources would refuse it, nothing is replaced"
    )
    assert "stockml train SMR --source yahoo --replace-source" in texts[4]
    assert "replaces SIMULATED gen 1" in plain(plan_lines(items[4:5], NOW, "simulated")[0])
    assert "CORRUPT" in texts[5]
    assert "no model yet" not in texts[6], (
        "a model file stands there, only its manifest was not read"
    )


def test_run_line_counts_the_jobs() -> None:
    """A live run says who started it and how its jobs stand; a cancelled one says so."""
    text = plain(run_spans(live_run(), NOW))

    assert text.startswith(f"RUN {RUN_ID} 3m 10s: 2 running, 6 queued, 4 done, 1 failed")
    assert text.endswith("by cron")
    assert plain(run_spans(replace(live_run(), cancelling=True), NOW)).startswith("CANCELLING")
    assert "DONE" in plain(run_spans(ended_run(), NOW))
    assert "1h ago" in plain(run_spans(ended_run(), NOW))


def test_run_lines_use_the_room_they_have() -> None:
    """One line names the run; more room adds its running jobs; many runs are counted."""
    found = training_home()

    assert len(run_lines(found, 80, 1, ASCII)) == 1
    assert ["RUN", "AMZN", "AUR"] == [
        plain(line).split()[0] for line in run_lines(found, 80, 3, ASCII)
    ]
    three = replace(found, runs=(live_run(), live_run(), live_run()))
    assert "2 more" in plain(run_lines(three, 80, 2, ASCII)[1])
    assert plain(run_lines(empty_home(), 80, 1, ASCII)[0]) == "no run yet"


def test_detail_gives_the_reason_first() -> None:
    """Why a row is bad stands before its figures."""
    text = plain(detail(row("NVDA", state=SymbolState.FAILED, note="line 33 is impossible"), 200))

    assert text.index("line 33") < text.index("80%")
    assert "SIMULATED" in plain(detail(row("NVDA", model=model("NVDA", source="simulated")), 100))


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_detail_keeps_whole_figures(width: int) -> None:
    """Where room is short figures go from the end, none is cut in its middle."""
    text = plain(detail(row("NVDA"), width))

    assert text.endswith(("10-21", "53%", "n 118", "yahoo", "2026-10-20"))
    assert width < 80 or len(text) <= width


def test_leaving_names_what_goes_on() -> None:
    """Live runs and those just started are named; else it says that nothing runs."""
    assert RUN_ID in leaving(training_home(), [], "/srv")
    assert "--home /srv" in leaving(training_home(), [], "/srv")
    assert "new-run  just started" in leaving(trained_home(), ["new-run"], "/srv")
    assert "no training is running" in leaving(trained_home(), [ended_run().id], "/srv")
    assert leaving(None, [], "/srv")


def test_a_warning_of_the_training_stands_with_the_row() -> None:
    """What the live model's training warned of is said;
    that of a training which left another model is not."""
    warned = Job("NVDA", JobState.DONE, warnings=("bars stored 449 days ago are used", "another"))
    found = row("NVDA", run_id=RUN_ID, last_job=warned)

    assert "warning: bars stored 449 days ago are used" in plain(detail(found, 200))
    assert "another" not in plain(detail(found, 200))
    assert "warning" not in plain(detail(replace(found, run_id="another run"), 200))
