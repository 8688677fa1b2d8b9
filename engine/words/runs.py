"""Runs and their jobs as plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from engine.core.records import Job, JobState, Metrics, Run
from engine.core.text import clean
from engine.words import figures, times
from engine.words.forecasts import against_naive
from engine.words.sources import SIMULATED

_COUNTED = (
    JobState.RUNNING,
    JobState.QUEUED,
    JobState.DONE,
    JobState.REFUSED,
    JobState.FAILED,
    JobState.LOST,
    JobState.CANCELLED,
)
"""The display order of job states."""
_PHASES = {
    "load": "loading bars",
    "features": "features",
    "fit": "fitting",
    "score": "scoring",
    "publish": "publishing",
}
"""Readable names of worker phases; others are shown unchanged."""


def run_state(run: Run) -> str:
    """The state of a run in one word: cancelling while it ends early, else that of its record."""
    return "cancelling" if run.cancelling and run.live else run.state.value


def run_text(run: Run, now: datetime) -> str:
    """A run without its state: id, time, job counts, and its starter or why it ended."""
    counts = job_counts(run.jobs)
    if run.live:
        spent = times.duration(run_seconds(run, now))
        return f"{run.id} {spent}: {counts}; {run.reason} by {run.starter or 'unknown'}"
    ago = f", {times.age_since(run.ended_at, now)} ago" if run.ended_at else ""
    message = f": {run.message}" if run.message and run.message != counts else ""
    return f"{run.id} {run.reason}{ago}: {counts}{message}"


def run_line(run: Run, now: datetime) -> str:
    """A run in one line, a simulated one marked."""
    mark = f"  {SIMULATED}" if run.simulated else ""
    return clean(f"{run_state(run).upper()} {run_text(run, now)}{mark}")


def run_seconds(run: Run, now: datetime) -> float | None:
    """Seconds from the start to the end, or until now; None if the end is unknown."""
    end = run.ended_at or (now if run.live else run.last_event_at)
    return (end - run.created_at).total_seconds() if end else None


def job_counts(jobs: Iterable[Job]) -> str:
    """How many jobs are in each state: `2 running, 4 queued`."""
    counts = Counter(job.state for job in jobs)
    return ", ".join(f"{counts[state]} {state.value}" for state in _COUNTED if counts[state])


def phase_word(job: Job) -> str:
    """The current phase of a running job as a word."""
    return _PHASES.get(job.phase, job.phase) or "starting"


def is_fitting(job: Job) -> bool:
    """Whether its newest epoch and time left are still current."""
    return job.phase in ("", "fit")


def epoch_parts(job: Job) -> tuple[str, ...]:
    """Epoch, losses and time left of a job, as far as they are known."""
    parts = [f"epoch {job.epoch}/{job.epochs}"] if job.epochs else []
    if job.loss is not None:
        parts.append(f"loss {figures.loss(job.loss)}")
    if job.val_loss is not None:
        parts.append(f"validation {figures.loss(job.val_loss)}")
    if job.eta_s is not None:
        parts.append(time_left(job))
    return tuple(parts)


def time_left(job: Job) -> str:
    """How long a job still takes."""
    return f"ETA {times.duration(job.eta_s)}"


def job_progress(job: Job) -> str:
    """The progress of a job: its phase and, while it fits, epoch, losses and time left."""
    if job.state is JobState.QUEUED:
        return job.state.value
    parts = epoch_parts(job) if is_fitting(job) else ()
    return clean("  ".join((phase_word(job), *parts)))


def job_outcome(job: Job) -> str:
    """How a job ended, in a sentence."""
    took = f" in {times.duration(job.duration_s)}" if job.duration_s is not None else ""
    scored = job.state in (JobState.DONE, JobState.REFUSED) and job.metrics is not None
    scores = f"  {metrics_line(job.metrics)}" if scored and job.metrics else ""
    return clean(f"{job.state}{took}{scores}  {job.message}".rstrip())


def metrics_line(metrics: Metrics) -> str:
    """Held-out figures beside the naive forecast's, with n."""
    naive, mase = figures.percent(metrics.naive_mape, 2), figures.number(metrics.mase, 3)
    verdict = against_naive(metrics.mase)
    words = f", {verdict}" if verdict else ""
    parts = (
        f"MAPE {figures.percent(metrics.mape, 2)} (naive {naive}, MASE {mase}{words})",
        f"direction {figures.percent(metrics.direction_accuracy)}",
        f"confidence {figures.percent(metrics.confidence)}",
        f"n={metrics.n_scored}",
    )
    return "  ".join(parts)


def failures_line(jobs: Sequence[Job]) -> str:
    """The jobs neither published nor refused, in one line, as cron mails the last one."""
    failed = [job for job in jobs if job.state not in (JobState.DONE, JobState.REFUSED)]
    return "; ".join(_failure(job) for job in failed)


def _failure(job: Job) -> str:
    reason = f": {job.message}" if job.message else ""
    return f"{job.symbol} {job.state}{reason}"
