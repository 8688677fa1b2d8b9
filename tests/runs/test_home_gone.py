"""A home that is renamed or unmounted in the middle of a run: words, and no second home."""

from pathlib import Path

import pytest

from engine.core.anchor import GONE
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import JobState
from engine.runs.store import RunStore
from tests.helpers import wait_for
from tests.runs.conftest import Bench


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_jobs_end_in_words_and_no_home_is_made(bench: Bench, tmp_path: Path, left: str) -> None:
    """The job at work and those that wait fail in words; nothing stands under the old name."""
    bench.do(NVDA="keep")
    started = bench.start("NVDA", "TSLA", "AAPL")
    bench.phase(started, "NVDA", "keep")
    moved = Home(tmp_path / "moved")
    bench.home.root.rename(moved.root)
    if left == "an empty folder":
        bench.home.root.mkdir()

    wait_for(lambda: not RunStore(moved).run(started.run_id).live, 30, "the end of the run")
    run = RunStore(moved).run(started.run_id)

    assert [job.state for job in run.jobs] == [JobState.FAILED] * 3
    assert [job.message for job in run.jobs] == [f"{bench.home.root}: {GONE}"] * 3
    with pytest.raises(StockmlError, match=GONE):
        RunStore(bench.home).run(started.run_id)
    wait_for(lambda: not bench.alive(), 30, "the end of every process")
    assert not any(bench.home.root.glob("*"))
