"""Real supervisors and real workers: how jobs end, and that nothing of them is left."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from engine.core.files import FileLock, lock_holder
from engine.core.records import JobState
from engine.runs.result import read_result
from engine.runs.spec import Limits
from engine.runs.worker_log import last_lines
from tests.helpers import wait_for
from tests.runs.conftest import QUICK, Bench

DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED


def quick(**more: float) -> Limits:
    """QUICK with other limits;
    three seconds are enough for a job that works, on a machine that is slow too."""
    return msgspec.structs.replace(QUICK, **more)


def test_a_run_of_several_symbols_ends_with_their_results(bench: Bench) -> None:
    """Each symbol ends as its work did, in one worker, and nothing of the run is alive after its
    result."""
    bench.do(TSLA="fail", AAPL="refuse", MSFT="nodata", SPY="crash", MP="quiet")
    started = bench.start("NVDA", "TSLA", "AAPL", "MSFT", "SPY", "MP")
    run = bench.ended(started)
    assert not bench.left()
    words = {job.symbol: (str(job.state), job.exit_code) for job in run.jobs}
    assert words == {
        "NVDA": ("done", 0),
        "TSLA": ("failed", 1),
        "AAPL": ("refused", 5),
        "MSFT": ("failed", 4),
        "SPY": ("failed", 1),
        "MP": ("failed", 1),
    }
    messages = {job.symbol: job.message for job in run.jobs}
    assert messages["TSLA"] == "it did not work"
    assert messages["SPY"] == "ZeroDivisionError: a bug in two lines"
    assert messages["MP"] == "the work ended without a result"
    assert (run.state, run.skipped_lines) == (FAILED, 0)
    nvda = run.job("NVDA")
    assert nvda is not None
    assert [loss.epoch for loss in nvda.losses] == [1, 2, 3]
    assert any(
        "ZeroDivisionError" in line for line in last_lines(bench.folder(started).worker_log(1), 50)
    )


def test_result_and_journal_agree(bench: Bench) -> None:
    """A finished run read from result.json is the run folded from its journal, without the
    losses."""
    started = bench.start("NVDA", "TSLA")
    run = bench.ended(started)
    brief = bench.store.recent(1)[0]
    assert read_result(bench.folder(started)) == brief
    assert [job.state for job in brief.jobs] == [job.state for job in run.jobs]
    assert all(not job.losses for job in brief.jobs)
    assert brief.ended_at == run.ended_at


def test_training_log_has_the_guides_lines(bench: Bench) -> None:
    """What happened stands in training.log in the guide's grammar, without colour codes."""
    bench.do(TSLA="fail")
    bench.ended(bench.start("NVDA", "TSLA"))
    lines = bench.home.training_log.read_text().splitlines()
    assert all(
        re.fullmatch(r"\[(INFO|SUCCESS|WARNING|ERROR)\] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d - .+", line)
        for line in lines
    )
    assert any(
        line.startswith("[SUCCESS]") and "NVDA: published generation 1" in line for line in lines
    )
    assert any(
        line.startswith("[ERROR]") and "TSLA: failed: it did not work (try again)" in line
        for line in lines
    )


def test_two_workers_share_the_symbols(bench: Bench) -> None:
    """With two workers two symbols train at once, and each is done once."""
    bench.do(NVDA="wait", TSLA="wait")
    started = bench.start("NVDA", "TSLA", "AAPL", limits=quick(workers=2))
    bench.phase(started, "NVDA", "wait")
    bench.phase(started, "TSLA", "wait")
    (bench.home.root / "go").touch()
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [DONE] * 3


@pytest.mark.parametrize("word", ["segv", "segv 9", "segv 6"])
def test_a_worker_that_dies_of_a_signal_is_tried_once_more(bench: Bench, word: str) -> None:
    """A signal costs one retry in a fresh worker, then the job has failed, with the cause named;
    the next one goes on."""
    bench.do(NVDA=word)
    run = bench.ended(bench.start("NVDA", "TSLA"))
    nvda, tsla = run.jobs
    assert (nvda.state, tsla.state) == (FAILED, DONE)
    assert {"segv": "SIGSEGV", "segv 9": "killed", "segv 6": "SIGABRT"}[word] in nvda.message
    assert len(list(bench.home.runs.glob("*/worker-*.log"))) == 3


def test_a_retry_can_succeed(bench: Bench) -> None:
    """A job whose worker died once and then worked is done."""
    bench.do(NVDA="segv-once 9")
    started = bench.start("NVDA")
    assert bench.ended(started).state is DONE
    # Which of the two words it is depends on whether the machine killed anybody for memory at that
    # time.
    assert re.search(
        r"killed(:| \()[^;\"]*memory[^;\"]*; tried once more",
        bench.folder(started).events.read_text(),
    )


def test_a_worker_that_exits_is_not_tried_again(bench: Bench) -> None:
    """An exit code is the program's own decision: no retry."""
    bench.do(NVDA="exit 3")
    run = bench.ended(bench.start("NVDA", "TSLA"))
    assert [job.state for job in run.jobs] == [FAILED, DONE]
    assert run.jobs[0].message == "the worker ended with code 3"
    assert len(list(bench.home.runs.glob("*/worker-*.log"))) == 2


def test_a_worker_that_cannot_start_fails_the_run(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation ends the run with the worker's own last words, not in workers
    started for ever."""
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "queue.py").write_text("raise ImportError('no queue here')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'shadow'}:{os.environ['PYTHONPATH']}")
    run = bench.ended(bench.start("NVDA", "TSLA"))
    assert [job.state for job in run.jobs] == [FAILED, FAILED]
    assert run.jobs[0].message == "no worker can start: ImportError: no queue here"


def test_settings_broken_after_the_start_fail_the_job(bench: Bench) -> None:
    """A job whose settings cannot be read says so, with the exit code of bad configuration."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA", "TSLA")
    bench.phase(started, "NVDA", "wait")
    bench.home.settings.write_text("[training\n")
    (bench.home.root / "go").touch()
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [DONE, FAILED]
    assert "not valid TOML" in run.jobs[1].message
    assert run.jobs[1].exit_code == 3


def test_the_wall_limit_ends_a_job_that_still_speaks(bench: Bench) -> None:
    """Progress does not save a job from the wall limit; the others go on in a fresh worker."""
    bench.do(NVDA="chatter")
    run = bench.ended(bench.start("NVDA", "TSLA", limits=quick(wall_s=3.0)))
    assert [job.state for job in run.jobs] == [FAILED, DONE]
    assert run.jobs[0].message == "took longer than 3 s (training.wall_limit_min)"


def test_the_stall_limit_ends_a_job_that_says_nothing(bench: Bench) -> None:
    """No progress for longer than the limit ends a job, even one that sleeps for ever."""
    bench.do(NVDA="hang")
    run = bench.ended(bench.start("NVDA", "TSLA", limits=quick(stall_s=3.0)))
    assert [job.state for job in run.jobs] == [FAILED, DONE]
    assert run.jobs[0].message == "no progress for 3 s (training.stall_limit_min)"


def test_a_stopped_worker_makes_no_progress(bench: Bench) -> None:
    """A worker under SIGSTOP is ended by the stall limit, and its symbol is free again."""
    bench.do(NVDA="chatter")
    started = bench.start("NVDA", "TSLA", limits=quick(stall_s=3.0))
    bench.phase(started, "NVDA", "chatter")
    (worker,) = bench.pids("worker")
    bench.stop(worker)
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [FAILED, DONE]
    assert "no progress" in run.jobs[0].message


def test_the_memory_guard_starts_no_worker_without_room(bench: Bench) -> None:
    """With less memory than a worker needs, the jobs fail with both figures, and no worker was
    started."""
    run = bench.ended(bench.start("NVDA", limits=quick(memory_mb=100_000_000)))
    assert run.state is FAILED
    assert "100000000 MB needed (training.worker_memory_mb)" in run.jobs[0].message
    assert "[WARNING]" in bench.home.training_log.read_text()
    assert not list(bench.home.runs.glob("*/worker-*.log"))


def test_a_worker_that_prints_200_mb_is_bounded_and_its_end_kept(bench: Bench) -> None:
    """Output is drained always and kept bounded: first and last megabytes, the dropped ones
    counted."""
    bench.do(NVDA="print 200")
    started = bench.start("NVDA")
    run = bench.ended(started, 60)
    assert run.state is DONE
    folder = bench.folder(started)
    size = sum(path.stat().st_size for path in folder.path.glob("worker-1.log*"))
    assert size <= 5 * 2**20
    dropped = msgspec.json.decode(folder.result.read_bytes())["dropped_log_bytes"]
    assert size + dropped == 200 * 2**20 + len(b"the true end\n")
    assert last_lines(folder.worker_log(1), 1) == ("the true end",)


def test_processes_that_a_worker_leaves_behind_are_killed(bench: Bench) -> None:
    """A setsid child that outlives its job is gone when the result is there."""
    bench.do(NVDA="litter")
    run = bench.ended(bench.start("NVDA"))
    assert run.state is DONE
    assert not bench.left()


def test_a_symbol_locked_by_somebody_else_fails_as_busy(bench: Bench) -> None:
    """The trainer itself holds the lock: a symbol taken meanwhile fails with the holder's name,
    exit code 75."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA", "TSLA")
    bench.phase(started, "NVDA", "wait")
    with FileLock(bench.home.lock("TSLA")) as lock:
        assert lock.acquire("somebody by hand [1.2.3]")
        assert "worker pid" in (lock_holder(bench.home.lock("NVDA")) or "")
        (bench.home.root / "go").touch()
        run = bench.ended(started)
    assert (run.jobs[1].state, run.jobs[1].exit_code, run.jobs[1].message) == (
        FAILED,
        75,
        "busy: somebody by hand",
    )
    wait_for(
        lambda: lock_holder(bench.home.lock("NVDA")) is None, what="the symbol's lock to be free"
    )
