"""A run as a race."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.records import Job, JobState, Metrics, Run
from tests.tui.scenes import NOW, ended_run, live_run, training_job
from tui.look.glyphs import ASCII, UNICODE
from tui.runs.race import comparison, lane, race_lines, total_line
from tui.widgets.lines import plain


def scored(new: float, old: float | None, state: JobState = JobState.DONE) -> Job:
    champion = Metrics(100, 50.0, 2.0, 2.0, old) if old is not None else None
    return Job(
        "NVDA", state, metrics=Metrics(100, 50.0, 2.0, 2.0, new), champion=champion, generation=7
    )


@pytest.mark.parametrize(
    ("job", "word"),
    [
        (scored(0.95, 0.99), "better"),
        (scored(0.991, 0.99), "same"),
        (scored(1.03, 0.99), "published"),
        (scored(1.03, 0.99, JobState.REFUSED), "refused"),
        (scored(0.95, None), "new"),
    ],
)
def test_a_result_stands_against_the_champion(job: Job, word: str) -> None:
    """Better and same are apart by more than noise."""
    assert comparison(job, UNICODE)[1] == word
    assert word in plain(lane(job, 80, NOW, UNICODE))


def test_a_lane_that_runs_has_phases_epochs_loss_and_time_left() -> None:
    """In ASCII too, and within its width."""
    text = plain(lane(training_job("AMZN"), 70, NOW, UNICODE))

    assert text.startswith("AMZN  ▪▪▪·· [")
    assert "23/50" in text
    assert text.endswith("0.012 ETA 3m 07s")
    assert plain(lane(training_job("AMZN"), 70, NOW, ASCII)).isascii()
    assert all(
        len(plain(lane(training_job("AMZN"), width, NOW, UNICODE))) <= 80 for width in (20, 40)
    )
    assert plain(lane(Job("MP"), 70, NOW, UNICODE)) == "MP    queued"


def test_running_lanes_come_first_and_the_rest_is_counted() -> None:
    """Those that run, then the waiting ones; what has no room is a number."""
    lines = [plain(spans) for spans in race_lines(live_run(), 80, 6, NOW, UNICODE)]

    assert [line[:5].strip() for line in lines[1:3]] == ["AMZN", "AUR"]
    assert lines[-1].endswith("more")
    assert len(lines) == 6
    assert "5/13" in lines[0]


def test_at_the_end_the_outcomes_are_counted() -> None:
    """Better, same, refused, failed in one line."""
    jobs = (
        scored(0.9, 1.0),
        scored(1.0, 1.0),
        scored(1.1, 1.0, JobState.REFUSED),
        Job("X", JobState.FAILED),
    )
    run: Run = replace(ended_run(), jobs=jobs)
    text = plain(total_line(run, NOW, UNICODE))

    assert text.startswith("4 symbols in ")
    for word in ("1 better", "1 same", "1 refused", "1 failed"):
        assert word in text
