"""Real supervisors and real workers."""

from __future__ import annotations

from engine.core.records import JobState
from tests.runs.conftest import Bench


def test_a_run_of_several_symbols_ends_with_their_results(bench: Bench) -> None:
    """Each symbol ends as its work did, and nothing of the run is alive after its result."""
    bench.do(NVDA="ok", TSLA="fail", AAPL="refuse", MSFT="nodata", SPY="crash", MP="quiet")
    started = bench.start("NVDA", "TSLA", "AAPL", "MSFT", "SPY", "MP")
    run = bench.ended(started)
    states = {job.symbol: job.state for job in run.jobs}
    failed = JobState.FAILED
    assert states == {
        "NVDA": JobState.DONE,
        "TSLA": failed,
        "AAPL": JobState.REFUSED,
        "MSFT": failed,
        "SPY": failed,
        "MP": failed,
    }
    assert {job.symbol: job.exit_code for job in run.jobs} == {"NVDA": 0, "TSLA": 1, "AAPL": 5, "MSFT": 4, "SPY": 1, "MP": 1}
    assert run.state is JobState.FAILED
    job = run.job("NVDA")
    assert job is not None
    assert [loss.epoch for loss in job.losses] == [1, 2, 3]
    assert job.metrics is not None
    assert job.metrics.mape == 1.5
    assert not bench.alive()
