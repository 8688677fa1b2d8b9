"""Events into runs."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import TYPES, Event, decode, encode
from engine.core.records import Job, JobState, Metrics
from engine.runs.fold import fold, run_state
from engine.runs.journal import JournalTail
from engine.runs.spec import RunSpec

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SPEC = RunSpec(
    id="20260105-120000-abcdef",
    created_at=NOW,
    symbols=("NVDA", "TSLA"),
    source="simulated",
    starter="me",
)
DATA = Path(__file__).parent.parent / "data"


def event(kind: str, symbol: str = "NVDA", /, at: float = 0.0, **data: Any) -> Event:
    return Event(1, NOW + timedelta(seconds=at), at, SPEC.id, "worker-1", symbol, kind, data)


def nvda(*events: Event, lock_held: bool = True) -> Job:
    job = fold(SPEC, events, lock_held).job("NVDA")
    assert job is not None
    return job


def test_a_job_from_queue_to_publication() -> None:
    """Each event brings its figures, and the duration comes from the monotonic clock."""
    metrics = {"n_scored": 120, "mape": 1.5, "direction_accuracy": 51.0}
    job = nvda(
        event("queued"),
        event("started", at=1.0),
        event("phase", name="fit"),
        event("epoch", epoch=1, epochs=50, loss=0.9, val_loss=None, eta_s=12.0),
        event("epoch", epoch=2, epochs=50, loss=0.8, val_loss=0.9, eta_s=11.0),
        event("scored", metrics=metrics, champion={"n_scored": 100}),
        event("published", at=9.5, generation=3),
    )
    assert (job.state, job.phase, job.epoch, job.epochs, job.loss) == (
        JobState.DONE,
        "fit",
        2,
        50,
        0.8,
    )
    assert (job.duration_s, job.generation, job.exit_code, job.eta_s) == (8.5, 3, 0, None)
    assert [loss.val_loss for loss in job.losses] == [None, 0.9]
    assert job.metrics == Metrics(120, direction_accuracy=51.0, mape=1.5)
    assert job.champion == Metrics(100)


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("refused", JobState.REFUSED, 5),
        ("failed", JobState.FAILED, 1),
        ("cancelled", JobState.CANCELLED, 130),
    ],
)
def test_each_end_has_its_state_and_exit_code(kind: str, state: JobState, code: int) -> None:
    """The end of a job says what a shell gets, and its own code when it has one."""
    job = nvda(event("started"), event(kind, message="why", hint="do this"))
    assert (job.state, job.exit_code, job.message, job.hint) == (state, code, "why", "do this")
    assert nvda(event("failed", exit_code=4)).exit_code == 4


def test_the_first_end_of_a_job_counts() -> None:
    """A worker that dies while it tidies up after publishing has published."""
    assert nvda(event("published"), event("failed")).state is JobState.DONE


def test_a_retry_begins_again() -> None:
    """A job that is queued a second time forgets the figures of the first try."""
    job = nvda(
        event("started"),
        event("epoch", epoch=7, epochs=9),
        event("queued", message="killed; tried once more"),
    )
    assert (job.state, job.epoch, job.losses, job.message) == (
        JobState.QUEUED,
        0,
        (),
        "killed; tried once more",
    )


def test_the_lock_decides_between_running_and_lost() -> None:
    """No event says that a run is alive: the lock does, and without it unfinished jobs are lost
    and finished ones stay."""
    events = [event("published", "TSLA"), event("started")]
    assert fold(SPEC, events, lock_held=True).state is JobState.RUNNING
    run = fold(SPEC, events, lock_held=False)
    assert run.state is JobState.LOST
    assert {job.symbol: job.state for job in run.jobs} == {
        "NVDA": JobState.LOST,
        "TSLA": JobState.DONE,
    }
    assert fold(SPEC, [], lock_held=True).state is JobState.QUEUED


def test_the_journal_replaces_a_result_that_could_not_be_written() -> None:
    """On a full disk `finished` in the journal is the end, but never while the lock is held."""
    events = [
        event("published"),
        event("cancelled", "TSLA"),
        event("finished", "", state="cancelled", message="1 done"),
    ]
    run = fold(SPEC, events, lock_held=False)
    assert (run.state, run.message, run.ended_at) == (JobState.CANCELLED, "1 done", NOW)
    assert fold(SPEC, events, lock_held=True).state is JobState.RUNNING


def test_events_of_other_symbols_are_counted() -> None:
    """A symbol that the run does not have is skipped and counted."""
    assert fold(SPEC, [event("started", "XYZ")]).skipped_lines == 1


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ("dd", "done"),
        ("dr", "done"),
        ("rr", "refused"),
        ("df", "failed"),
        ("fc", "cancelled"),
        ("", "done"),
    ],
)
def test_the_word_of_a_run_comes_from_its_jobs(states: str, word: str) -> None:
    """Cancelled before failed before done; refused only when every job was."""
    names = {
        "d": JobState.DONE,
        "r": JobState.REFUSED,
        "f": JobState.FAILED,
        "c": JobState.CANCELLED,
    }
    assert run_state(Job("X", names[letter]) for letter in states) == word


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_names = st.sampled_from(
    [
        "epoch",
        "epochs",
        "loss",
        "val_loss",
        "eta_s",
        "name",
        "message",
        "hint",
        "exit_code",
        "generation",
        "metrics",
        "champion",
        "state",
    ]
)


@given(
    st.lists(
        st.builds(
            Event,
            seq=st.integers(),
            ts=st.just(NOW),
            mono=st.floats(),
            run=st.just(SPEC.id),
            src=st.just("w"),
            symbol=st.sampled_from(["NVDA", "TSLA", "", "ZZZ"]),
            type=st.sampled_from([*TYPES, "telepathy"]),
            data=st.dictionaries(_names, _anything, max_size=4),
        ),
        max_size=15,
    ),
    st.booleans(),
)
def test_no_event_can_break_the_fold(events: list[Event], lock_held: bool) -> None:
    """Whatever an event holds, the fold ends with finite figures, clean texts and sane states."""
    run = fold(SPEC, events, lock_held)
    assert run.state.ended or lock_held
    for job in run.jobs:
        assert job.state.ended or lock_held
        assert (job.exit_code is None) == (not job.state.ended)
        for figure in (job.loss, job.val_loss, job.eta_s, job.duration_s):
            assert figure is None or math.isfinite(figure)
        assert all(
            char.isprintable() or char == " " for char in job.message + job.phase + run.message
        )


@given(st.dictionaries(_names, st.text(max_size=3000) | st.floats(), max_size=8))
def test_a_line_is_at_most_4_kb_and_reads_back(data: dict[str, Any]) -> None:
    """However much an event says, its line stays short and can be decoded."""
    line = encode(event("failed", **data))
    assert len(line) <= 4096
    assert line.count(b"\n") == 1
    assert decode(line) is not None


def test_the_first_format_folds_for_ever() -> None:
    """A journal written by the first version still says what happened then."""
    spec = RunSpec(
        id="20260105-143000-5eed01",
        created_at=NOW,
        symbols=("NVDA", "TSLA", "AAPL", "MSFT"),
        source="simulated",
        starter="cron",
    )
    tail = JournalTail(DATA / "events_v1.jsonl")
    run = fold(spec, tail.poll(), lock_held=False)
    assert (tail.skipped, tail.missing, run.skipped_lines) == (0, 0, 0)
    assert run.state is JobState.FAILED
    assert {job.symbol: str(job.state) for job in run.jobs} == {
        "NVDA": "done",
        "TSLA": "refused",
        "AAPL": "done",
        "MSFT": "failed",
    }
    nvda, tsla, aapl, msft = run.jobs
    assert nvda.metrics == Metrics(120, 53.3, 1.92, 1.95, 0.985, 91.7)
    assert (nvda.generation, len(nvda.losses), nvda.losses[1].val_loss) == (4, 3, None)
    assert tsla.champion == Metrics(120, 52.5, 2.4, 2.5, 0.96, 84.0)
    assert (aapl.epoch, aapl.generation) == (2, 1)
    assert (msft.exit_code, msft.hint) == (4, "stockml data fetch MSFT")


def test_warnings_are_kept_with_their_job() -> None:
    """The first five, each once, without the symbol they stand under;
    a second try forgets none, and the run has its own."""
    said = [event("warning", message=f"NVDA: warning {number}") for number in (1, 1, 2, 3, 4, 5, 6)]
    memory = event("warning", "", message="waiting for memory")
    run = fold(SPEC, [event("started"), *said, memory, event("queued", message="tried once more")])
    job = run.job("NVDA")
    assert job is not None
    assert job.warnings == tuple(f"warning {number}" for number in (1, 2, 3, 4, 5))
    assert run.warnings == ("waiting for memory",)
