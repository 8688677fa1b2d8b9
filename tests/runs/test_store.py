"""Runs as readers see them, thousands of them too."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import UsageError
from engine.core.events import Event, encode
from engine.core.files import FileLock, write_atomic
from engine.core.paths import Home
from engine.core.records import Job, JobState, Run
from engine.runs.result import read_result, reserve_room, write_result
from engine.runs.spec import RunFolder, RunSpec, new_run_id, run_folder, write_spec
from engine.runs.store import RunStore

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def make(home: Home, at: datetime = NOW, *, result: bool = True, events: bytes = b"") -> RunFolder:
    """A run's folder, as a supervisor leaves it."""
    folder = run_folder(home, new_run_id(at))
    folder.path.mkdir(parents=True)
    folder.lock.touch()
    write_spec(
        folder,
        RunSpec(id=folder.id, created_at=at, symbols=("NVDA",), source="simulated", starter="me"),
    )
    folder.events.write_bytes(events)
    if result:
        jobs = (Job("NVDA", JobState.DONE, exit_code=0, ended_at=at),)
        run = Run(
            folder.id, "train", "manual", "simulated", at, "me", JobState.DONE, jobs, ended_at=at
        )
        assert write_result(folder, run, {}, pause=lambda: None)
    return folder


def event(folder: RunFolder, seq: int, kind: str, **data: Any) -> bytes:
    return encode(Event(seq, NOW, float(seq), folder.id, "worker-1", "NVDA", kind, data))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_an_empty_home_has_no_runs(home: Home) -> None:
    """No folder is no run, not an error."""
    store = RunStore(home)
    assert (store.ids(), store.recent(), store.live(), store.problems()) == ((), (), (), ())


def test_runs_are_listed_newest_first_and_other_names_ignored(home: Home) -> None:
    """The id sorts by time; what is no run id is not looked into."""
    old, new = make(home, NOW), make(home, NOW + timedelta(hours=1))
    (home.runs / "notes").mkdir()
    assert RunStore(home).ids() == (new.id, old.id)
    assert [run.id for run in RunStore(home).recent(1)] == [new.id]


def test_a_new_run_is_listed_at_the_next_call(home: Home) -> None:
    """Listing is remembered only while the folder did not change."""
    store = RunStore(home)
    first = make(home)
    assert store.ids() == (first.id,)
    settled = datetime.now(UTC).timestamp() - 60
    os.utime(home.runs, (settled, settled))
    assert store.ids() == (first.id,)
    second = make(home, NOW + timedelta(seconds=1))
    assert store.ids() == (second.id, first.id)


def test_a_live_run_is_followed_and_then_ends(home: Home) -> None:
    """While the lock is held each look reads the new events only; then the result is the run."""
    folder = make(home, result=False)
    store = RunStore(home)
    with FileLock(folder.lock) as lock:
        lock.acquire("me")
        assert store.live()[0].state is JobState.QUEUED
        folder.events.write_bytes(
            event(folder, 1, "started") + event(folder, 2, "epoch", epoch=1, epochs=9, loss=0.5)
        )
        (run,) = store.live()
        assert (run.state, run.jobs[0].epoch, len(run.jobs[0].losses)) == (JobState.RUNNING, 1, 1)
        with folder.events.open("ab") as file:
            file.write(b"torn")
        folder.cancel.touch()
        assert store.live()[0].cancelling
        assert write_result(
            folder, Run(**{**as_dict(run), "state": JobState.CANCELLED}), {}, pause=lambda: None
        )
        assert store.live() == ()
    (run,) = store.recent()
    assert run.state is JobState.CANCELLED
    assert not run.cancelling


def as_dict(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in Run.__dataclass_fields__}


def test_a_free_lock_without_a_result_is_lost(home: Home) -> None:
    """Lost is derived by every reader and stored by none."""
    folder = make(home, result=False, events=b"")
    before = sorted(path.name for path in folder.path.iterdir())
    assert RunStore(home).live() == ()
    (run,) = RunStore(home).recent()
    assert (run.state, run.jobs[0].state) == (JobState.LOST, JobState.LOST)
    assert sorted(path.name for path in folder.path.iterdir()) == before


def test_a_replaced_journal_is_folded_afresh(home: Home) -> None:
    """A journal cut and written again does not add to what was folded before."""
    folder = make(home, result=False)
    store = RunStore(home)
    with FileLock(folder.lock) as lock:
        lock.acquire("me")
        folder.events.write_bytes(
            b"".join(event(folder, seq, "epoch", epoch=seq) for seq in range(1, 6))
        )
        assert len(store.live()[0].jobs[0].losses) == 5
        folder.events.write_bytes(event(folder, 1, "epoch", epoch=1))
        assert len(store.live()[0].jobs[0].losses) == 1


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\0" * 100, b'{"v":2}', b'{"v":1,"run":{"id":"x"}}', b"[]", b"\xff"]
)
def test_a_broken_result_falls_back_to_the_journal(home: Home, damage: bytes) -> None:
    """A result that cannot be read is not believed; the journal says what happened."""
    folder = make(home)
    folder.result.write_bytes(damage)
    folder.events.write_bytes(
        event(folder, 1, "published", generation=2) + event(folder, 2, "finished", state="done")
    )
    assert read_result(folder) is None
    (run,) = RunStore(home).recent()
    assert (run.state, run.jobs[0].generation) == (JobState.DONE, 2)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"v":1,"id":7}', b'{"v":9}'])
def test_a_broken_spec_hides_one_run_and_is_named(home: Home, damage: bytes) -> None:
    """One unreadable folder does not hide the others, and is told of in words;
    a newer format as such."""
    broken, good = make(home, NOW + timedelta(hours=1), result=False), make(home)
    broken.spec.write_bytes(damage)
    store = RunStore(home)
    assert [run.id for run in store.recent()] == [good.id]
    assert store.live() == ()
    (problem,) = store.problems()
    assert broken.id in problem
    assert ("update stockml" in problem) == (damage == b'{"v":9}')


def test_a_start_that_was_killed_early_is_no_run(home: Home) -> None:
    """A folder without a spec is nothing yet."""
    run_folder(home, new_run_id(NOW)).path.mkdir(parents=True)
    store = RunStore(home)
    assert (store.recent(), store.live(), store.problems()) == ((), (), ())


@pytest.mark.parametrize(
    "run_id", ["../../etc", "20260105-120000-abcdef", "", "x" * 300, "2026\x1b[31m"]
)
def test_an_id_that_does_not_exist_is_refused(home: Home, run_id: str) -> None:
    """Only a well-formed id becomes part of a path, and the message is safe to print."""
    home.runs.mkdir(parents=True)
    with pytest.raises(UsageError, match="no run") as caught:
        RunStore(home).run(run_id)
    assert "\x1b" not in str(caught.value)


def test_the_reserve_pays_for_the_result_on_a_full_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room set aside is given up before the second try."""
    folder = make(home)
    reserve_room(folder)
    assert folder.reserve.stat().st_size == 65536
    run = read_result(folder)
    assert run is not None

    def full_once(path: Path, data: bytes, name: str) -> None:
        if folder.reserve.exists():
            raise OSError(28, "No space left on device")
        write_atomic(path, data, name=name)

    monkeypatch.setattr("engine.runs.result.write_atomic", full_once)
    folder.result.unlink()
    assert write_result(folder, run, {}, pause=lambda: None)
    assert read_result(folder) == run


def test_ten_thousand_finished_runs_are_not_read_for_fifty(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing the newest reads only them, looking for live ones reads no result, and both read
    nothing twice."""
    newest = [make(home, NOW + timedelta(days=30, minutes=minute)) for minute in range(50)]
    for minute in range(9950):
        folder = run_folder(home, new_run_id(NOW + timedelta(minutes=minute)))
        folder.path.mkdir()
        folder.result.hardlink_to(newest[0].result)
    read: list[str] = []

    def counted(folder: RunFolder) -> Run | None:
        read.append(folder.id)
        return read_result(folder)

    monkeypatch.setattr("engine.runs.store.read_result", counted)
    store = RunStore(home)
    runs = store.recent(50)
    assert [run.id for run in runs] == list(store.ids()[:50])
    assert len(read) == 50
    assert store.live() == ()
    assert store.recent(50) == runs
    assert len(read) == 50
