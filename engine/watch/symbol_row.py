"""One row of a snapshot: a symbol's model, forecast, jobs, state and note."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from engine.core.clock import days_since, is_ahead, is_within
from engine.core.errors import ExitCode, symbol_fault
from engine.core.paths import Home
from engine.core.records import Job, JobState, ModelInfo, Run, SymbolState
from engine.core.snapshot import PlannedAction, Retrain, SymbolRow
from engine.forecast import status as derived
from engine.forecast.status import NO_KEY, Status, StatusKey, StatusKind
from engine.market.staleness import bars_behind, stale_note, stand_in_note
from engine.settings.schema import Settings
from engine.watch.console_summary import ConsoleSummary
from engine.watch.row_state import (
    DONE_FOR,
    ENDED_STATES,
    OVERRULED_BY_HOLD,
    age_state,
    state_of,
)
from engine.words.phrases import bars_age

READING = "reading the model"
UNREADABLE = (
    "its figures cannot be read: this home is not writable, and they are kept in"
    " persistent_data/status"
)
STOPPED = "its last training was cancelled; this model stays live"
PUBLISHED_UNSAID = "published; its run died before saying so"


LiveJob = tuple[Run, Job]
"""A job and its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContext:
    """The shared context of all rows in a snapshot."""

    home: Home
    settings: Settings
    asked: str | None
    """The requested source; None for each symbol's own."""
    configured: str
    """The settings' source with its full name."""
    live_jobs: dict[str, LiveJob]
    """The job of each symbol in a live run."""
    last_jobs: dict[str, LiveJob]
    """The newest ended job of each symbol."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """The stored status, checked against the current files."""

    source: str
    key: StatusKey | None
    """None without a model file."""
    status: Status | None
    """The status, if it was derived from the present file."""
    is_current: bool
    """Whether the bars are the same too, so that its forecast holds."""

    @property
    def info(self) -> ModelInfo | None:
        return self.status.model if self.status else None


def row_or_fault(symbol: str, stored: Status | None, context: RowContext) -> SymbolRow:
    """The row of one symbol; a CORRUPT one with the reason where it cannot be built."""
    try:
        return build_row(symbol, stored, context)
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        key = derived.current_key(context.home, symbol, "") or NO_KEY
        problem = str(symbol_fault(symbol, error))
        return build_row(symbol, Status(key, StatusKind.CORRUPT, problem=problem), context)


def build_row(symbol: str, stored: Status | None, context: RowContext) -> SymbolRow:
    """The row of one symbol; `stored` is its derived status as it was read."""
    now = context.now
    model = _model(symbol, stored, context)
    configured = context.settings.symbols[symbol]
    run, job = context.live_jobs.get(symbol, (None, None))
    last_run, last_job = context.last_jobs.get(symbol, (None, None))
    last_job = _settled(last_run, last_job, model.info)
    dated_job = _dated(last_run, last_job)
    state = _state(model, job, dated_job, context)
    status = model.status if model.is_current else None
    forecast = status.forecast if status else None
    behind = _behind(forecast.last_bar if forecast else _last_bar(status), context)
    waiting = _waiting(model, context.home)
    return SymbolRow(
        symbol=symbol,
        company=configured.company,
        sector=configured.sector,
        priority=configured.priority,
        state=state,
        model=model.info,
        forecast=forecast,
        age_days=days_since(model.info.trained_at, now) if model.info else None,
        job=job,
        run_id=_run_id(run or last_run),
        last_job=last_job,
        last_run_reason=last_run.reason if last_run else "",
        note=_joined(
            stale_note(behind) if forecast else bars_age(behind or 0),
            _doubt_note(status),
            stand_in_note(model.source, symbol, forecast.last_bar) if forecast else "",
            _stopped(dated_job, model.info, now) if job is None else "",
            _note(model.status, waiting, last_job, state),
        ),
        stale_status=waiting == READING and not model.is_current,
        bars_behind=behind,
        doubts=status.doubts if status else (),
        withheld=status.withheld if status else "",
        recent=status.recent if status else "",
    )


def _behind(last_bar: str, context: RowContext) -> int | None:
    """The sessions that the bars lack; None without a bar."""
    settle_minutes = context.settings.market.settle_minutes
    return bars_behind(last_bar, context.now, settle_minutes) if last_bar else None


def _run_id(run: Run | None) -> str | None:
    return run.id if run else None


def _last_bar(status: Status | None) -> str:
    return status.key.last_bar if status and status.model else ""


def _doubt_note(status: Status | None) -> str:
    """Why the forecast is withheld, then the other doubts about its bars."""
    if status is None:
        return ""
    others = "; ".join(doubt.text for doubt in status.doubts if not doubt.withholds)
    return _joined(
        f"withheld: {status.withheld}" if status.withheld else "",
        f"doubt: {others}" if others else "",
    )


def _model(symbol: str, stored: Status | None, context: RowContext) -> _Model:
    configured = context.configured
    source = context.asked or derived.usual_source(stored, configured) or configured
    key = derived.current_key(context.home, symbol, source, context.settings)
    if key is None or stored is None or not derived.same_file(stored, key):
        return _Model(source=source, key=key, status=None, is_current=False)
    is_current = derived.current(stored, key, source)
    return _Model(source=source, key=key, status=stored, is_current=is_current)


def _state(
    model: _Model, job: Job | None, last_job: Job | None, context: RowContext
) -> SymbolState:
    limits = context.settings.thresholds
    if model.key is not None and model.status is None and job is None:
        # A file nobody has read yet: its own age until the refreshed status shows what is in it.
        written = datetime.fromtimestamp(model.key.mtime_ns / 1e9, UTC)
        return age_state(days_since(written, context.now), limits)
    return state_of(model.status, job, last_job, context.now, limits)


def _waiting(model: _Model, home: Home) -> str:
    """Why a model file's figures are not known yet; empty without a file."""
    if model.key is None:
        return ""
    return READING if model.is_current or derived.can_keep(home) else UNREADABLE


def watched(row: SymbolRow, summary: ConsoleSummary) -> SymbolRow:
    """The row with the newest decision; under a hold the note says how the last training ended."""
    hold = summary.holds.get(row.symbol, "")
    held = bool(hold) and row.state in OVERRULED_BY_HOLD
    ended = str(row.state).lower() if held and row.state in ENDED_STATES.values() else ""
    note = ": ".join(filter(None, (ended, row.note)))
    return replace(
        row,
        state=SymbolState.HELD if held else row.state,
        note=_joined(note, f"on hold: {hold}" if hold else ""),
        hold=hold,
        retrain=_decision(row, summary, hold),
    )


def _decision(row: SymbolRow, summary: ConsoleSummary, hold: str) -> Retrain | None:
    """The newest decision, unless a newer model settled it or its hold is over."""
    decision = summary.retrain.get(row.symbol)
    if decision is None or (row.model is not None and row.model.trained_at > decision.at):
        return None
    return None if decision.action is PlannedAction.HELD and not hold else decision


def _note(status: Status | None, waiting: str, last: Job | None, state: SymbolState) -> str:
    message = last.message if last else ""
    if message and state in (SymbolState.FAILED, SymbolState.REFUSED, SymbolState.LOST):
        return message
    if status is not None:
        unsaid = message if message == PUBLISHED_UNSAID else ""
        problem = "" if status.withheld else status.problem
        return _joined(problem, unsaid, waiting if waiting == UNREADABLE else "")
    return waiting or "not trained yet"


def _stopped(last: Job | None, model: ModelInfo | None, now: datetime) -> str:
    """The note for a training just cancelled, which left the model as it was."""
    if last is None or last.state is not JobState.CANCELLED or last.ended_at is None:
        return ""
    if model is None or model.trained_at > last.ended_at:
        return ""
    return STOPPED if is_within(last.ended_at, now, DONE_FOR) else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _settled(run: Run | None, job: Job | None, model: ModelInfo | None) -> Job | None:
    """The job's true outcome: a lost one whose model is live did publish it."""
    if run is None or job is None or job.state is not JobState.LOST:
        return job
    if model is None or model.run_id != run.id:
        return job
    return replace(
        job,
        state=JobState.DONE,
        message=PUBLISHED_UNSAID,
        exit_code=int(ExitCode.DONE),
        ended_at=model.trained_at,
        generation=model.generation,
        metrics=model.metrics,
    )


def _dated(run: Run | None, job: Job | None) -> Job | None:
    """The job with its end time; a lost one ended when its run was last heard of."""
    return replace(job, ended_at=_ended_at(run, job)) if run and job else job


def live_jobs(runs: tuple[Run, ...]) -> dict[str, LiveJob]:
    """The job of every symbol in a live run; the first run wins."""
    jobs: dict[str, LiveJob] = {}
    for run in runs:
        if run.live:
            for job in run.jobs:
                jobs.setdefault(job.symbol, (run, job))
    return jobs


class LastJobs:
    """Keeps `last_jobs` while the runs are the same values and little time went by."""

    _KEPT = timedelta(seconds=15)

    def __init__(self) -> None:
        self._runs: tuple[Run, ...] = ()
        self._at: datetime | None = None
        self._jobs: dict[str, LiveJob] = {}

    def of(self, runs: tuple[Run, ...], now: datetime) -> dict[str, LiveJob]:
        """The newest ended job of every symbol."""
        same = len(runs) == len(self._runs) and all(map(operator.is_, runs, self._runs))
        if self._at is None or not same or abs(now - self._at) >= self._KEPT:
            self._runs, self._at, self._jobs = runs, now, last_jobs(runs, now)
        return self._jobs


def last_jobs(runs: tuple[Run, ...], now: datetime) -> dict[str, LiveJob]:
    """The newest ended job of every symbol; one ahead of `now` only where there is no other."""

    def order(run: Run, job: Job) -> tuple[bool, datetime]:
        ended_at = _ended_at(run, job)
        return not is_ahead(ended_at, now), ended_at

    newest: dict[str, LiveJob] = {}
    for run in runs:
        for job in run.jobs:
            if job.state.ended:
                before = newest.get(job.symbol)
                if before is None or order(run, job) > order(*before):
                    newest[job.symbol] = (run, job)
    return newest


def _ended_at(run: Run, job: Job) -> datetime:
    return job.ended_at or run.ended_at or run.last_event_at or run.created_at
