"""Starting runs: who gets a symbol when several ask at once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import msgspec
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import BusyError, StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.core.records import JobState, StartedRun, TrainRequest
from engine.core.workers import WorkerCount
from engine.runs import start
from engine.runs.spec import RunFolder, read_spec, run_folder
from engine.runs.start import begin, plan, start_run
from engine.runs.store import RunStore
from engine.settings.load import load
from tests.helpers import new_home
from tests.runs.conftest import Bench

SPAWN = multiprocessing.get_context("spawn")
STARTERS, ROUNDS = 4, 200


def test_the_plan_puts_priorities_first_and_names_the_source(bench: Bench, tmp_path: Path) -> None:
    """High priority trains first, a csv folder gets its full name, limits come from the
    settings."""
    request = TrainRequest(
        ("SPY", "NVDA", "MSFT", "SPY"), source=f"csv:{tmp_path}/x/..", starter="\x1b[31mme"
    )
    spec = plan(load(bench.home, {}), request, SystemClock())
    assert spec.symbols == ("NVDA", "MSFT", "SPY")
    assert spec.source == f"csv:{tmp_path}"
    assert (spec.limits.wall_s, spec.limits.stall_s, spec.starter) == (1800, 300, "me")


def test_a_relative_csv_folder_of_the_settings_belongs_to_the_home(bench: Bench) -> None:
    """Cron starts in another folder than the operator: both read the bars beside the settings."""
    settings = load(bench.home, {})
    settings = msgspec.structs.replace(
        settings, market=msgspec.structs.replace(settings.market, source="csv:bars")
    )
    spec = plan(
        settings, TrainRequest(("NVDA",), starter="a test"), SystemClock(), str(bench.home.root)
    )
    assert spec.source == f"csv:{bench.home.root / 'bars'}"


def test_a_busy_symbol_is_left_out_with_its_holder(bench: Bench) -> None:
    """Queued or running in a live run, or locked by hand: the rest is started, those are listed."""
    bench.do(NVDA="wait")
    first = bench.start("NVDA", "TSLA")
    with FileLock(bench.home.lock("AAPL")) as lock:
        lock.acquire("somebody by hand")
        second = bench.start("NVDA", "TSLA", "AAPL", "MSFT")
        assert second.symbols == ("MSFT",)
        holder = f"run {first.run_id} (a test)"
        assert dict(second.busy) == {"NVDA": holder, "TSLA": holder, "AAPL": "somebody by hand"}
        assert read_spec(bench.folder(second)).busy == second.busy
        with pytest.raises(BusyError, match=first.run_id) as caught:
            bench.start("TSLA")
        assert (caught.value.exit_code, caught.value.holder) == (75, holder)
    (bench.home.root / "go").touch()
    assert bench.ended(first).state is JobState.DONE
    assert bench.ended(second).state is JobState.DONE


def test_a_full_disk_is_reported_before_anything_is_written(bench: Bench) -> None:
    """Too little free space ends the start with both figures, and no run appears."""
    settings = load(bench.home, {})
    full = msgspec.structs.replace(
        settings, training=msgspec.structs.replace(settings.training, free_disk_mb=10_000_000)
    )
    with pytest.raises(StockmlError, match="10000000 MB needed"):
        start_run(bench.home, full, TrainRequest(("NVDA",)), no_cluster)
    assert bench.store.ids() == ()


def test_a_disk_that_fills_up_at_the_start_is_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec that cannot be written is no run, and the message says what to look at."""

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(start, "write_spec", full)
    with pytest.raises(StockmlError, match=r"cannot start a run in .*: No space left on device"):
        bench.start("NVDA")
    assert bench.store.recent() == ()


def test_runs_on_a_disk_that_is_not_mounted_are_reported(bench: Bench) -> None:
    """Where the folder of runs is a link that leads nowhere the start ends with a word;
    it once tried for ever."""
    bench.home.data.mkdir(exist_ok=True)
    bench.home.runs.symlink_to(bench.home.root / "not-mounted")
    with pytest.raises(StockmlError, match=r"cannot start a run in .*: File exists"):
        bench.start("NVDA")


def test_a_supervisor_that_cannot_start_is_reported_with_its_last_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The starter says what the supervisor said, and the run is lost."""
    shadow = bench.home.root / "shadow"
    shadow.mkdir()
    (shadow / "selectors.py").write_text("raise ImportError('no selectors here')")
    monkeypatch.setenv("PYTHONPATH", f"{shadow}:{os.environ['PYTHONPATH']}")
    monkeypatch.setattr(start, "_FIRST_EVENT_WAIT_S", 60.0)
    with pytest.raises(StockmlError, match="could not start: ImportError: no selectors here"):
        bench.start("NVDA")
    assert bench.store.recent()[0].state is JobState.LOST


def test_a_start_that_does_not_end_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the starting lock too long is told to the others, who do not wait for ever."""
    monkeypatch.setattr(start, "_START_LOCK_WAIT_S", 0.1)
    with FileLock(bench.home.locks / start.STARTING) as lock:
        lock.acquire("a start by somebody, pid 1")
        with pytest.raises(BusyError, match="a start by somebody, pid 1 has not ended"):
            bench.start("NVDA")


def test_a_run_starts_in_the_bare_environment_of_cron(bench: Bench) -> None:
    """No HOME, no PATH, no terminal, the root folder as working directory, and a mask that takes
    nothing away."""
    program = "import os; os.umask(0); from tests.runs.test_start import from_cron; from_cron()"
    kept = {
        name: os.environ[name]
        for name in ("STOCKML_TEST", "STOCKML_TEST_WORK", "STOCKML_TEST_MARK", "PYTHONPATH")
    }
    line = [sys.executable, "-c", program]
    found = subprocess.run(
        line,
        env={**kept, "H": str(bench.home.root)},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    run = bench.ended(StartedRun(found.stdout.strip(), ()))
    assert run.state is JobState.DONE
    folder = run_folder(bench.home, run.id).path
    modes = {
        path.name: path.stat().st_mode & 0o022
        for path in (folder, *folder.rglob("*"), bench.home.training_log)
    }
    assert [name for name, mode in modes.items() if mode] == []


def no_cluster() -> WorkerCount:
    """The cluster of a home that has none."""
    raise AssertionError("nobody asked for a cluster")


def from_cron() -> None:
    """What cron's job does: start and leave."""
    home = Home(Path(os.environ["H"]))
    print(start_run(home, load(home), TrainRequest(("NVDA",), starter="cron"), no_cluster).run_id)  # noqa: T201


# -- contention: many starters, one symbol ------------------------------------------------------


def _rounds(folder: str, barrier: Barrier, won: Queue[list[str]], rounds: int, fair: bool) -> None:
    """One starter: in each round ask for NVDA with everybody else, keep the run's lock if it was
    got, then let go."""
    home = Home(Path(folder))
    spec = plan(
        load(home, {}), TrainRequest(("NVDA",), starter=f"pid {os.getpid()}"), SystemClock()
    )
    held: list[int] = []

    def hold(_: RunFolder, lock: FileLock) -> None:
        held.append(os.dup(lock.fileno()))

    if not fair:
        start.start_lock = _nobody_alone
    outcomes = []
    for _ in range(rounds):
        barrier.wait(200)
        try:
            outcomes.append(begin(home, spec, hold).run_id)
        except BusyError as error:
            outcomes.append(f"busy {error.holder}")
        barrier.wait(200)
        while held:
            os.close(held.pop())
        barrier.wait(200)
    won.put(outcomes)


@contextmanager
def _nobody_alone(home: Home, starter: str) -> Iterator[None]:
    yield


def _compete(target: Callable[..., None], *arguments: object) -> list[list[str]]:
    """The outcomes of STARTERS processes that run `target(barrier, queue, …)` at once."""
    barrier, outcomes = SPAWN.Barrier(STARTERS), SPAWN.Queue()
    processes = [
        SPAWN.Process(target=target, args=(arguments[0], barrier, outcomes, *arguments[1:]))
        for _ in range(STARTERS)
    ]
    for process in processes:
        process.start()
    found = [outcomes.get(timeout=270) for _ in processes]
    for process in processes:
        process.join(30)
    return found


def test_of_four_starters_exactly_one_gets_the_symbol_in_each_of_200_rounds(tmp_path: Path) -> None:
    """One winner a round, and each loser is told that winner's run."""
    home = new_home(tmp_path / "home")
    outcomes = _compete(_rounds, str(home.root), ROUNDS, True)
    for told in zip(*outcomes, strict=True):
        (winner,) = [word for word in told if not word.startswith("busy")]
        assert [word for word in told if word != winner] == [
            f"busy run {winner} ({_starter(home, winner)})"
        ] * (STARTERS - 1)
    assert RunStore(home).live() == ()


def _starter(home: Home, run_id: str) -> str:
    return read_spec(run_folder(home, run_id)).starter


def test_without_the_starting_lock_the_same_rounds_have_several_winners(tmp_path: Path) -> None:
    """The negative control: the rounds above can fail, and do when the look and the start are
    not one step."""
    home = new_home(tmp_path / "home")
    outcomes = _compete(_rounds, str(home.root), 60, False)
    winners = [
        sum(not word.startswith("busy") for word in told) for told in zip(*outcomes, strict=True)
    ]
    assert max(winners) > 1


class UnlinkingLock(FileLock):
    """A lock with a bug once seen in the field: it removes its file when it is released."""

    def release(self) -> None:
        if self.held:
            self.path.unlink(missing_ok=True)
        super().release()


def _inside(folder: str, barrier: Barrier, seen: Queue[list[str]], kind: str) -> None:
    """One contender: enter again and again, and look each time whether somebody else is inside."""
    lock = (UnlinkingLock if kind == "unlinking" else FileLock)(Path(folder) / "lock")
    marker, together = Path(folder) / "inside", 0
    barrier.wait(200)
    for _ in range(ROUNDS):
        end = time.monotonic() + 200
        while not lock.acquire(str(os.getpid())):
            assert time.monotonic() < end
            time.sleep(0)
        with lock:
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                together += 1
            time.sleep(0.0005)
            marker.unlink(missing_ok=True)
    seen.put([str(together)])


def test_the_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    """Four processes, 200 entries each: never two inside."""
    assert _compete(_inside, str(tmp_path), "file") == [["0"]] * STARTERS


def test_a_lock_that_unlinks_its_file_lets_two_in(tmp_path: Path) -> None:
    """The negative control: the test above finds a lock that is none."""
    assert sum(int(count) for (count,) in _compete(_inside, str(tmp_path), "unlinking")) > 0
