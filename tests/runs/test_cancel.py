"""Cancelling real runs: by file, by signal, against workers that do not want to go."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from engine.core.errors import UsageError
from engine.core.files import lock_holder
from engine.core.records import JobState
from engine.runs import cancel
from engine.runs.cancel import cancel_run
from tests.fake_clock import FakeClock
from tests.helpers import wait_for
from tests.runs.conftest import QUICK, Bench

CANCELLED, LOST = JobState.CANCELLED, JobState.LOST


def test_cancel_is_honoured_at_the_next_batch(bench: Bench) -> None:
    """The running job ends by itself, the queued ones do not begin, those done stay done."""
    bench.do(AAPL="wait")
    started = bench.start("NVDA", "AAPL", "TSLA", limits=msgspec.structs.replace(QUICK, grace_s=30))
    bench.phase(started, "AAPL", "wait")
    cancel_run(bench.home, started.run_id, "the operator")
    run = bench.ended(started)
    assert [str(job.state) for job in run.jobs] == ["done", "cancelled", "cancelled"]
    aapl = run.job("AAPL")
    assert aapl is not None
    assert (aapl.message, aapl.exit_code, run.state) == ("cancelled at a batch", 130, CANCELLED)
    assert '"by":"the operator at ' in bench.folder(started).events.read_text()
    assert not bench.left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_supervisor_cancels(bench: Bench, number: int) -> None:
    """SIGTERM means the same as the cancel file; SIGHUP means nothing."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA", "TSLA")
    bench.phase(started, "NVDA", "wait")
    (supervisor,) = bench.pids("supervisor")
    os.kill(supervisor, signal.SIGHUP)
    os.kill(supervisor, number)
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [CANCELLED, CANCELLED]


def test_a_worker_that_ignores_everything_is_killed_with_its_tree(bench: Bench) -> None:
    """SIGTERM is ignored by 50 children, a setsid child and a daemon too: all are gone when the
    result is there."""
    bench.do(NVDA="tree 50")
    started = bench.start("NVDA")
    wait_for((bench.home.root / "stubborn").exists, what="the stubborn worker")
    # 50 children, the setsid child, the daemon and the worker
    wait_for(lambda: len(bench.left()) == 53, what="the tree")
    cancel_run(bench.home, started.run_id)
    run = bench.ended(started)
    assert run.state is CANCELLED
    assert not bench.left()


def test_a_stopped_worker_is_ended(bench: Bench) -> None:
    """A worker under SIGSTOP takes no SIGTERM; it is killed all the same."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA")
    bench.phase(started, "NVDA", "wait")
    (worker,) = bench.pids("worker")
    bench.stop(worker)
    cancel_run(bench.home, started.run_id)
    assert bench.ended(started).state is CANCELLED
    assert not bench.left()


def test_a_run_that_waits_for_memory_can_be_cancelled(bench: Bench) -> None:
    """Cancelling needs no worker."""
    started = bench.start(
        "NVDA", limits=msgspec.structs.replace(QUICK, memory_mb=10**8, memory_wait_s=600)
    )
    cancel_run(bench.home, started.run_id)
    assert bench.ended(started).state is CANCELLED


def test_a_full_disk_does_not_stop_a_cancel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the file, a signal to the supervisor, identified by its start time, says
    the same."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA")
    bench.phase(started, "NVDA", "wait")

    def full(*arguments: object, **names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cancel, "write_atomic", full)
    cancel_run(bench.home, started.run_id)
    assert bench.ended(started).state is CANCELLED
    assert not bench.folder(started).cancel.exists()


def test_cancel_of_an_ended_run_changes_nothing(bench: Bench) -> None:
    """A run that has ended keeps its word; an id that does not exist is named."""
    started = bench.start("NVDA")
    before = bench.ended(started)
    cancel_run(bench.home, started.run_id)
    assert bench.run(started) == before
    assert not bench.folder(started).cancel.exists()
    with pytest.raises(UsageError, match="no run '20000101-000000-000000'"):
        cancel_run(bench.home, "20000101-000000-000000")


def test_a_stopped_supervisor_is_killed_when_asked_again_later(bench: Bench) -> None:
    """The first cancel is a file;
    asked again much later, the supervisor is killed, and its worker dies with it."""
    bench.do(NVDA="stubborn")
    started = bench.start("NVDA")
    wait_for((bench.home.root / "stubborn").exists, what="the stubborn worker")
    (supervisor,) = bench.pids("supervisor")
    bench.stop(supervisor)
    cancel_run(bench.home, started.run_id)
    cancel_run(bench.home, started.run_id)
    assert bench.run(started).state is JobState.RUNNING
    assert bench.run(started).cancelling
    # By the file's own time: the disk's clock need not be the machine's.
    first_asked = datetime.fromtimestamp(bench.folder(started).cancel.stat().st_mtime, UTC)
    later = FakeClock(first_asked + timedelta(seconds=60))
    cancel_run(bench.home, started.run_id, clock=later)
    assert bench.ended(started, 10).state is LOST
    wait_for(lambda: not bench.alive(), 10, "the end of every process")


def test_a_stopped_worker_of_a_lost_run_is_killed_between_two_symbols_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds no lock then; the journal says which process it is, and cancel ends it."""
    monkeypatch.setenv("STOCKML_FAILPOINTS", "supervisor.handed=pause")
    bench.do(NVDA="ok")
    started = bench.start(
        "NVDA"
    )  # the supervisor pauses, so the worker waits for more when NVDA is done
    monkeypatch.delenv("STOCKML_FAILPOINTS")
    (worker,) = wait_for(lambda: bench.pids("worker"), 20, "the worker")
    wait_for(
        lambda: bench.home.lock("NVDA").exists() and lock_holder(bench.home.lock("NVDA")) is None,
        20,
        "the end of NVDA",
    )
    os.kill(worker, signal.SIGSTOP)
    wait_for(
        lambda: Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "T",
        20,
        "the stop",
    )
    for pid in bench.pids("supervisor"):
        os.kill(pid, signal.SIGKILL)
    assert bench.ended(started).state is JobState.LOST
    assert bench.pids("worker") == [worker]
    cancel_run(bench.home, started.run_id)
    wait_for(lambda: not bench.pids("worker"), 10, "the end of the worker")


def test_a_stopped_worker_of_a_lost_run_holds_its_symbol_until_it_is_cancelled(
    bench: Bench,
) -> None:
    """Supervisor killed and worker stopped: the lock stays held and says by whom, nobody else
    starts, cancel frees it."""
    from engine.core.errors import BusyError

    bench.do(NVDA="wait")
    started = bench.start("NVDA")
    bench.phase(started, "NVDA", "wait")
    (supervisor,), (worker,) = bench.pids("supervisor"), bench.pids("worker")
    bench.stop(worker)
    os.kill(supervisor, signal.SIGKILL)
    assert bench.ended(started).state is LOST
    lock = bench.home.lock("NVDA")
    assert f"worker pid {worker} " in (lock_holder(lock) or "")
    with pytest.raises(BusyError, match=f"worker pid {worker}"):
        bench.start("NVDA")
    cancel_run(bench.home, started.run_id)
    wait_for(lambda: lock_holder(lock) is None, 10, "the symbol's lock to be free")
    wait_for(lambda: not bench.alive(), 10, "the end of every process")
