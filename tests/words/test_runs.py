"""Runs and their jobs as text."""

from dataclasses import replace
from datetime import timedelta

from engine.core.records import Job, JobState, Metrics
from engine.words.runs import (
    failures_line,
    job_counts,
    job_outcome,
    job_progress,
    metrics_line,
    run_line,
    run_seconds,
    run_state,
)
from tests.cli.fakes import NOW, done, make_run

FITTING = Job(
    "NVDA", JobState.RUNNING, phase="fit", epoch=3, epochs=10, loss=0.01234, val_loss=0.02, eta_s=75
)
LIVE = make_run(FITTING, done("TSLA"), state=JobState.RUNNING)


def test_a_live_run_says_how_its_jobs_stand() -> None:
    """State, id, time, jobs and starter stand in one line; a simulated run is marked."""
    now = LIVE.created_at + timedelta(seconds=190)

    assert "RUNNING run-1 3m 10s: 1 running, 1 done; manual by stockml, pid 7" == run_line(
        LIVE, now
    )
    assert run_line(replace(LIVE, cancelling=True), now).startswith("CANCELLING run-1")
    assert run_line(replace(LIVE, source="simulated"), now).endswith("  SIMULATED")


def test_an_ended_run_says_when_and_why() -> None:
    """The age and the message stand behind the id; a message that only counts is left out."""
    run = replace(make_run(done("NVDA")), ended_at=NOW)
    now = NOW + timedelta(hours=3)

    assert "DONE run-1 manual, 3h ago: 1 done" == run_line(replace(run, message="1 done"), now)
    assert run_line(replace(run, message="disk full"), now).endswith("1 done: disk full")
    assert "done" == run_state(replace(run, cancelling=True))


def test_a_run_counts_its_seconds() -> None:
    """Until now while it is live, to its end, or to its last event where it has none."""
    start = LIVE.created_at
    ended = replace(LIVE, state=JobState.LOST, last_event_at=start + timedelta(seconds=5))

    assert 60 == run_seconds(LIVE, start + timedelta(seconds=60))
    assert 5 == run_seconds(ended, NOW)
    assert run_seconds(replace(ended, last_event_at=None), NOW) is None


def test_jobs_are_counted_by_state() -> None:
    """What runs comes first, what was cancelled last; no state without a job."""
    jobs = [done("SPY"), FITTING, done("TSLA"), Job("AUR", JobState.CANCELLED)]
    assert "1 running, 2 done, 1 cancelled" == job_counts(jobs)


def test_a_job_shows_its_epoch_while_it_fits() -> None:
    """Its phase alone before and after, when the last epoch is no news any more."""
    fitting = "fitting  epoch 3/10  loss 0.0123  validation 0.0200  ETA 1m 15s"

    assert fitting == job_progress(FITTING)
    assert "scoring" == job_progress(replace(FITTING, phase="score"))
    assert "queued" == job_progress(Job("NVDA"))
    assert "starting" == job_progress(Job("NVDA", JobState.RUNNING))


def test_what_failed_is_one_line() -> None:
    """Jobs that were neither published nor refused are named with their message."""
    published = Job("NVDA", JobState.DONE, exit_code=0)
    refused = Job("NVDA", JobState.REFUSED, exit_code=5)
    lost = Job("NVDA", JobState.LOST)
    failed = Job("AUR", JobState.FAILED, message="nan loss", exit_code=1)
    assert "AUR failed: nan loss; NVDA lost" == failures_line([published, failed, refused, lost])
    assert "" == failures_line([published, refused])


def test_outcome_of_a_job() -> None:
    """A published job tells its figures beside the naive forecast's, a failed one its message,
    cleaned."""
    failed = Job("SMR", JobState.FAILED, duration_s=2, message="\x1b[2Jno bars")

    assert (
        "done in 23s  MAPE 2.14 % (naive 2.20 %, MASE 0.973)  direction 52.5 %  confidence 91.4 % "
        " n=120" == job_outcome(done("NVDA"))
    )
    assert "failed in 2s  no bars" == job_outcome(failed)
    assert metrics_line(Metrics()).startswith("MAPE - (naive -, MASE -)  direction -")
