"""From events to a Run: pure, one event at a time, and no event can break it.

event                         a job becomes
queued                        queued (again, after a retry)
started                       running
phase epoch member scored     running, with its figures
warning                       the same, with the warning
published refused             done | refused
failed cancelled              failed | cancelled
The first end counts: a worker that dies while it cleans up after `published` has still published.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.core.errors import ExitCode
from engine.core.events import Event
from engine.core.records import EpochLoss, Job, JobState, Metrics, Run
from engine.core.text import clean
from engine.runs.spec import RunSpec

LOST_MESSAGE = "its supervisor died without a word"
_MAX_EPOCHS = 10_000
_MAX_WARNINGS = 5


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a run ended, by its last event."""

    state: JobState
    ended_at: datetime
    message: str = ""


class RunFold:
    """The state of one run, updated by each event."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.skipped = 0
        """Events of symbols that the run does not have."""
        self._jobs = {symbol: Job(symbol) for symbol in spec.symbols}
        self._losses: dict[str, list[EpochLoss]] = {symbol: [] for symbol in spec.symbols}
        self._started_mono: dict[str, float] = {}
        self._last_event: Event | None = None
        self._ending: _Ending | None = None
        self._cancelling = False
        self._warnings: tuple[str, ...] = ()

    def job(self, symbol: str) -> Job:
        """The job of `symbol` so far, without its losses."""
        return self._jobs[symbol]

    def apply(self, event: Event) -> None:
        """Update the state by one event."""
        self._last_event = event
        if event.type == "finished":
            state = _final_state(event.data.get("state"))
            self._ending = _Ending(state, event.ts, _text(event.data, "message"))
        elif event.type == "cancelling":
            self._cancelling = True
        elif event.symbol:
            self._apply_to_job(event)
        elif event.type == "warning":
            self._warnings = _with_warning(self._warnings, event)

    def _apply_to_job(self, event: Event) -> None:
        job = self._jobs.get(event.symbol)
        transition = _TRANSITIONS.get(event.type)
        if job is None:
            self.skipped += 1
            return
        if transition is None or job.state.ended:
            return
        changed = transition(job, event)
        losses = self._losses[job.symbol]
        if event.type == "started":
            self._started_mono[job.symbol] = event.mono
        if event.type == "epoch" and len(losses) < _MAX_EPOCHS:
            losses.append(EpochLoss(changed.epoch, changed.loss, changed.val_loss))
        if event.type == "queued":
            losses.clear()
        if changed.state.ended:
            duration_s = self._duration_s(event)
            changed = replace(changed, ended_at=event.ts, duration_s=duration_s, eta_s=None)
        self._jobs[job.symbol] = changed

    def _duration_s(self, event: Event) -> float | None:
        started_mono = self._started_mono.get(event.symbol)
        seconds = event.mono - started_mono if started_mono is not None else -1.0
        return round(seconds, 3) if math.isfinite(seconds) and seconds >= 0 else None

    def run(self, lock_held: bool, cancelling: bool = False, skipped: int = 0) -> Run:
        """The run so far, given whether its lock is held now."""
        ending = None if lock_held else self._ending
        state = ending.state if ending else self._unfinished_state(lock_held)
        jobs = [replace(job, losses=tuple(self._losses[job.symbol])) for job in self._jobs.values()]
        if ending or state is JobState.LOST:
            jobs = [_lost(job) for job in jobs]
        spec = self.spec
        lost_message = LOST_MESSAGE if state is JobState.LOST else ""
        return Run(
            id=spec.id,
            kind=spec.kind,
            reason=clean(spec.reason, 200),
            source=clean(spec.source, 300),
            created_at=spec.created_at,
            starter=clean(spec.starter, 200),
            state=state,
            jobs=tuple(jobs),
            ended_at=ending.ended_at if ending else None,
            message=ending.message if ending else lost_message,
            cancelling=not state.ended and (cancelling or self._cancelling),
            skipped_lines=skipped + self.skipped,
            last_event_at=self._last_event.ts if self._last_event else None,
            warnings=self._warnings,
        )

    def _unfinished_state(self, lock_held: bool) -> JobState:
        if not lock_held:
            return JobState.LOST
        return JobState.RUNNING if self._last_event else JobState.QUEUED


def fold(spec: RunSpec, events: Iterable[Event], lock_held: bool = True) -> Run:
    """The run that `events` describe."""
    run_fold = RunFold(spec)
    for event in events:
        run_fold.apply(event)
    return run_fold.run(lock_held)


def run_state(jobs: Iterable[Job]) -> JobState:
    """The state of a whole run whose jobs have ended."""
    states = [job.state for job in jobs]
    for state in (JobState.CANCELLED, JobState.FAILED, JobState.LOST):
        if state in states:
            return state
    all_refused = bool(states) and all(state is JobState.REFUSED for state in states)
    return JobState.REFUSED if all_refused else JobState.DONE


def _lost(job: Job) -> Job:
    if job.state.ended:
        return job
    return replace(
        job, state=JobState.LOST, message=LOST_MESSAGE, exit_code=int(ExitCode.FAILED), eta_s=None
    )


def _queued(job: Job, event: Event) -> Job:
    return Job(job.symbol, message=_text(event.data, "message"), warnings=job.warnings)


def _started(job: Job, event: Event) -> Job:
    return replace(job, state=JobState.RUNNING, started_at=event.ts, message="")


def _phase(job: Job, event: Event) -> Job:
    return replace(job, phase=_text(event.data, "name", 40))


def _epoch(job: Job, event: Event) -> Job:
    data = event.data
    return replace(
        job,
        epoch=_count(data.get("epoch")),
        epochs=_count(data.get("epochs")),
        loss=_number(data.get("loss")),
        val_loss=_number(data.get("val_loss")),
        eta_s=_number(data.get("eta_s")),
    )


def _scored(job: Job, event: Event) -> Job:
    return replace(
        job,
        metrics=_metrics(event.data.get("metrics")),
        champion=_metrics(event.data.get("champion")),
    )


def _warning(job: Job, event: Event) -> Job:
    return replace(job, warnings=_with_warning(job.warnings, event))


def _with_warning(warnings: tuple[str, ...], event: Event) -> tuple[str, ...]:
    """The first few warnings, each once, without the symbol that they are shown under."""
    text = _text(event.data, "message").removeprefix(f"{event.symbol}: ")
    if not text or text in warnings or len(warnings) >= _MAX_WARNINGS:
        return warnings
    return (*warnings, text)


def _ended(state: JobState, default_code: ExitCode) -> Callable[[Job, Event], Job]:
    def transition(job: Job, event: Event) -> Job:
        data = event.data
        exit_code = _count(data.get("exit_code"))
        return replace(
            job,
            state=state,
            message=_text(data, "message", 500),
            hint=_text(data, "hint", 300),
            exit_code=exit_code if 0 < exit_code < 256 else int(default_code),
            generation=_count(data.get("generation")) or job.generation,
            metrics=_metrics(data.get("metrics")) or job.metrics,
            champion=_metrics(data.get("champion")) or job.champion,
        )

    return transition


_TRANSITIONS: dict[str, Callable[[Job, Event], Job]] = {
    "queued": _queued,
    "started": _started,
    "phase": _phase,
    "epoch": _epoch,
    "scored": _scored,
    "warning": _warning,
    "published": _ended(JobState.DONE, ExitCode.DONE),
    "refused": _ended(JobState.REFUSED, ExitCode.REFUSED),
    "failed": _ended(JobState.FAILED, ExitCode.FAILED),
    "cancelled": _ended(JobState.CANCELLED, ExitCode.INTERRUPTED),
}


def _final_state(word: object) -> JobState:
    try:
        state = JobState(str(word))
    except ValueError:
        return JobState.LOST
    return state if state.ended else JobState.LOST


def _text(data: dict[str, Any], name: str, limit: int = 300) -> str:
    text = data.get(name)
    return clean(text, limit) if isinstance(text, str) else ""


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        return float(raw) if math.isfinite(raw) else None
    except OverflowError:
        return None


def _count(raw: object) -> int:
    number = _number(raw)
    return int(number) if number is not None and 0 <= number < 1e9 else 0


def _metrics(raw: object) -> Metrics | None:
    if not isinstance(raw, dict):
        return None
    names = [name for name in Metrics.__dataclass_fields__ if name != "n_scored"]
    return Metrics(_count(raw.get("n_scored")), **{name: _number(raw.get(name)) for name in names})
