"""What outlives what: kill -9 of the starter, the supervisor and the worker in every state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from engine.core.files import lock_holder
from engine.core.records import JobState, StartedRun
from engine.runs.store import RunStore
from tests.helpers import wait_for
from tests.runs.conftest import Bench

DONE, LOST = JobState.DONE, JobState.LOST
_STARTER = """
import sys, time
from engine.settings.load import load
from engine.core.paths import Home
from engine.core.records import TrainRequest
from engine.runs.start import start_run
from pathlib import Path
home = Home(Path(sys.argv[1]))
request = TrainRequest(("NVDA", "TSLA"), starter="a console")
print(start_run(home, load(home), request, None).run_id, flush=True)
time.sleep(600)
"""


def starter(bench: Bench, **environment: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", _STARTER, str(bench.home.root)]
    return subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def test_a_run_outlives_whoever_started_it(bench: Bench) -> None:
    """The starter's whole process group is killed; the run goes on to its end, with its history."""
    bench.do(NVDA="wait")
    process = starter(bench)
    assert process.stdout is not None
    started = StartedRun(process.stdout.readline().strip(), ())
    bench.phase(started, "NVDA", "wait")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (bench.home.root / "go").touch()
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [DONE, DONE]
    assert run.starter == "a console"


def test_a_run_outlives_the_thread_that_started_it(bench: Bench) -> None:
    """A console starts runs from threads that end at once (a parent-death signal would kill the
    run then)."""
    found: list[StartedRun] = []
    thread = threading.Thread(target=lambda: found.append(bench.start("NVDA", "TSLA")))
    thread.start()
    thread.join()
    assert bench.ended(found[0]).state is DONE


@pytest.mark.parametrize("state", ["wait", "stubborn", "tree"])
def test_workers_die_with_their_supervisor(bench: Bench, state: str) -> None:
    """kill -9 of the supervisor: the worker is gone at once, the lock is free, the run is lost,
    the symbol can start."""
    bench.do(NVDA="wait" if state == "wait" else "stubborn")
    started = bench.start("NVDA", "TSLA")
    bench.phase(started, "NVDA", "wait" if state == "wait" else "stubborn")
    (supervisor,) = bench.pids("supervisor")
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: not bench.pids("worker"), 5, "the end of the worker")
    run = bench.ended(started, 5)
    assert run.state is LOST
    assert [job.state for job in run.jobs] == [LOST, LOST]
    wait_for(
        lambda: lock_holder(bench.home.lock("NVDA")) is None, 5, "the symbol's lock to be free"
    )
    assert not bench.folder(started).result.exists()
    bench.do(NVDA="ok")
    assert bench.ended(bench.start("NVDA", "TSLA")).state is DONE


@pytest.mark.parametrize(
    "point",
    [
        "supervisor.locked",
        "supervisor.opened",
        "supervisor.spawned",
        "supervisor.handed",
        "supervisor.swept",
    ],
)
def test_a_supervisor_killed_at_any_point_leaves_a_lost_run(
    bench: Bench, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it dies: no process left, no lock held, the run lost, and the next run succeeds."""
    from engine.core.errors import StockmlError

    monkeypatch.setenv("STOCKML_FAILPOINTS", f"{point}=kill")
    try:
        started = bench.start("NVDA")
    except StockmlError:  # it died before it spoke, and the starter says so
        started = StartedRun(RunStore(bench.home).ids()[0], ())
    monkeypatch.delenv("STOCKML_FAILPOINTS")
    wait_for(lambda: not bench.alive(), 10, "the end of every process")
    run = bench.ended(started)
    assert run.state is LOST
    assert [job.state for job in run.jobs] == [DONE if point == "supervisor.swept" else LOST]
    assert bench.ended(bench.start("NVDA")).state is DONE


@pytest.mark.parametrize(
    "point",
    [
        "supervisor.finished",
        "result.written",
        "result.synced",
        "result.renamed",
        "supervisor.closed",
    ],
)
def test_a_supervisor_killed_after_its_last_word_has_ended_its_run(
    bench: Bench, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once `finished` stands in the journal the run has ended, with or without a result."""
    monkeypatch.setenv("STOCKML_FAILPOINTS", f"{point}=kill")
    started = bench.start("NVDA")
    wait_for(lambda: not bench.alive(), 10, "the end of every process")
    assert bench.ended(started).state is DONE
    assert bench.store.recent(5)[0].state is DONE


@pytest.mark.parametrize("point", ["run.folder", "spec.written", "spec.renamed", "run.launched"])
def test_a_starter_killed_at_any_point_blocks_nobody(bench: Bench, point: str) -> None:
    """A start that dies leaves nothing, a lost run or a running one, and never a symbol that
    cannot be trained."""
    process = starter(bench, STOCKML_FAILPOINTS=f"{point}=kill")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_for(lambda: not bench.store.live(), 20, "the end of the run, if there is one")
    words = [str(run.state) for run in bench.store.recent(5)]
    assert (
        words
        == {
            "run.folder": [],
            "spec.written": [],
            "spec.renamed": ["lost"],
            "run.launched": ["done"],
        }[point]
    )
    assert bench.ended(bench.start("NVDA")).state is DONE


def test_a_worker_killed_in_a_job_is_replaced(bench: Bench) -> None:
    """kill -9 of a worker in a job is a retry; the run ends as if nothing had been."""
    bench.do(NVDA="wait")
    started = bench.start("NVDA", "TSLA")
    bench.phase(started, "NVDA", "wait")
    (worker,) = bench.pids("worker")
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: bench.pids("worker") not in ([], [worker]), what="a fresh worker")
    (bench.home.root / "go").touch()
    run = bench.ended(started)
    assert [job.state for job in run.jobs] == [DONE, DONE]


def test_a_full_disk_at_the_result_is_waited_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where result.json cannot be written, the journal's last word stands and the run is not
    lost."""
    monkeypatch.setenv("STOCKML_FAILPOINTS", "result.begin=enospc")
    started = bench.start("NVDA")
    run = bench.ended(started)
    wait_for(lambda: not bench.alive(), 10, "the end of every process")
    assert (run.state, bench.run(started).state) == (DONE, DONE)
    assert not bench.folder(started).result.exists()
    assert "could not be written" in bench.folder(started).supervisor_log.read_text()


def test_a_full_disk_at_every_event_does_not_stop_the_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor knows what happened from the workers themselves: the result is whole
    without one journal line."""
    monkeypatch.setenv("STOCKML_FAILPOINTS", "journal.write=enospc")
    bench.do(TSLA="fail")
    started = bench.start("NVDA", "TSLA")
    wait_for(bench.folder(started).result.exists, 20, "the result")
    wait_for(lambda: not bench.alive(), 10, "the end of every process")
    assert bench.folder(started).events.stat().st_size == 0
    assert {job.symbol: str(job.state) for job in bench.run(started).jobs} == {
        "NVDA": "done",
        "TSLA": "failed",
    }


def _open_files(pid: int) -> list[str]:
    """What stands behind the descriptors of a process; one that is closed while we look is none."""
    found = []
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(fd.readlink()))
    return found


def test_no_descriptor_of_the_starter_reaches_the_run(bench: Bench, tmp_path: Path) -> None:
    """The supervisor has the run's lock, its own log and pipes;
    nothing of a console, and no terminal."""
    bench.do(NVDA="wait")
    secret = (tmp_path / "open-in-the-starter").open("w")
    os.set_inheritable(secret.fileno(), True)
    started = bench.start("NVDA")
    bench.phase(started, "NVDA", "wait")
    secret.close()
    for program in ("supervisor", "worker"):
        (pid,) = bench.pids(program)
        files = _open_files(pid)
        assert not [
            name
            for name in files
            if "open-in-the-starter" in name or "/pts/" in name or "tty" in name
        ]
        assert ("lock" in {Path(name).name for name in files}) == (program == "supervisor")
    (bench.home.root / "go").touch()
    bench.ended(started)
