"""Snapshots: everything the console shows as one value, read at a cost that follows what
changed."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from engine.core.clock import Clock
from engine.core.errors import ExitCode
from engine.core.paths import Home
from engine.core.records import Job, JobState, Level, ModelInfo, Run, SymbolState
from engine.core.snapshot import AlertState, Meter, PlannedAction, Retrain, Snapshot, SymbolRow
from engine.core.sources import is_simulated, parse_source
from engine.core.tail import FileTail
from engine.core.text import clean
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.market.staleness import bars_behind, stale_note, stand_in_note
from engine.runs.store import RunStore
from engine.settings.schema import Settings, ThresholdSettings
from engine.watch.console_summary import Board, BoardReader, safe_read
from engine.watch.meters import Meters, worst

RECENT_RUNS = 50
LOG_LINES = 200
LOG_WINDOW = 65536
# A finished training shows as DONE this long before its age takes the word over; a cancelled one is
# told so long.
DONE_FOR = timedelta(minutes=10)
_ENDED_WORDS = {
    JobState.FAILED: SymbolState.FAILED,
    JobState.REFUSED: SymbolState.REFUSED,
    JobState.LOST: SymbolState.LOST,
    JobState.CANCELLED: SymbolState.CANCELLED,
}
# A hold is an operator's decision: it takes the word of age and of how the last training ended, not
# of a broken file.
_OVERRULED = (
    SymbolState.FRESH,
    SymbolState.AGING,
    SymbolState.STALE,
    SymbolState.NONE,
    *_ENDED_WORDS.values(),
)
READING = "reading the model"
UNREADABLE = (
    "its figures cannot be read: this home is not writable, and they are kept in"
    " persistent_data/status"
)
STOPPED = "its last training was cancelled; this model stays live"
PUBLISHED_UNSAID = "published; its run died before saying so"


def age_state(age_days: float, limits: ThresholdSettings) -> SymbolState:
    """FRESH, AGING or STALE."""
    if age_days > limits.max_model_age_days:
        return SymbolState.STALE
    return SymbolState.FRESH if age_days <= limits.fresh_days else SymbolState.AGING


def state_of(
    status: Status | None,
    job: Job | None,
    last: Job | None,
    now: datetime,
    limits: ThresholdSettings,
) -> SymbolState:
    """The one word of a row: a live job first, then a broken file, then how the last job ended,
    then the age."""
    if job is not None and not job.state.ended:
        return SymbolState.TRAIN if job.state is JobState.RUNNING else SymbolState.QUEUED
    if status is None:
        return _ENDED_WORDS.get(last.state, SymbolState.NONE) if last else SymbolState.NONE
    if status.model is None:
        # Whole, and nothing this program may use: the note says that a newer stockml made it.
        return SymbolState.FOREIGN if status.kind in ("foreign", "newer") else SymbolState.CORRUPT
    by_age = age_state((now - status.model.trained_at).total_seconds() / 86400, limits)
    if last is None or last.ended_at is None:
        return by_age
    recent = now - last.ended_at < DONE_FOR
    if last.state is JobState.DONE:
        return SymbolState.DONE if recent and by_age is SymbolState.FRESH else by_age
    if last.ended_at < status.model.trained_at:
        return by_age  # something newer was published since, by a restore for one
    if last.state is JobState.CANCELLED or (
        last.state is JobState.REFUSED and by_age is SymbolState.STALE
    ):
        return by_age  # what was stopped changed nothing: its note and its run say so
    return _ENDED_WORDS[last.state]


def host_levels(meters: tuple[Meter, ...], runs: tuple[Run, ...]) -> list[Level]:
    """What the host adds to the worst state;
    a CPU that a live run keeps busy is no fault, its meter says so all the same."""
    training = any(run.live for run in runs)
    return [meter.level for meter in meters if not (training and meter.name == "CPU")]


class SnapshotReader:
    """Keeps what was read, so that the next snapshot reads only what changed;
    for one caller at a time."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._meters = Meters()
        self._runs = RunStore(home)
        self._log = FileTail(home.training_log, LOG_WINDOW, LOG_LINES)
        self._board = BoardReader(home, clock)
        self._statuses: dict[str, tuple[tuple[int, int] | None, Status | None]] = {}

    def read(self, settings: Settings, source: str | None) -> Snapshot:
        """The state of everything, now; what cannot be read is named in `problems`."""
        now = self._clock.now()
        problems: list[str] = []
        runs = self._read_runs(problems)
        last = _last_jobs(runs)
        board = safe_read(self._board, problems)
        rows = tuple(
            _watched(self._row(name, settings, source, runs, last, now), board)
            for name in settings.names
        )
        meters = self._read_meters(settings, problems)
        bad = [Level.WARN for row in rows if row.state in (SymbolState.FAILED, SymbolState.LOST)]
        bad += [
            Level.CRIT for row in rows if row.state in (SymbolState.CORRUPT, SymbolState.FOREIGN)
        ]  # as `health` says
        bad += [
            Level.WARN
            for alert in board.alerts
            if alert.state == AlertState.FIRING and not alert.acked
        ]
        shown = source or self._configured(settings)
        return Snapshot(
            taken_at=now,
            host=clean(platform.node(), 40),
            home=str(self._home.root),
            source=shown,
            simulated=is_simulated(shown) or any(row.model and row.model.simulated for row in rows),
            rows=rows,
            meters=meters,
            runs=runs,
            log_tail=self._log.read().lines,
            problems=tuple(problems),
            worst=worst(host_levels(meters, runs) + bad + [Level.WARN for _ in problems]),
            alerts=board.alerts,
            undelivered=board.undelivered,
            checked_at=board.checked_at,
        )

    def _read_runs(self, problems: list[str]) -> tuple[Run, ...]:
        try:
            live = self._runs.live()
            seen = {run.id for run in live}
            return (*live, *(run for run in self._runs.recent(RECENT_RUNS) if run.id not in seen))
        except OSError as error:
            problems.append(f"runs cannot be read: {error}")
            return ()

    def _read_meters(self, settings: Settings, problems: list[str]) -> tuple[Meter, ...]:
        try:
            return self._meters.sample(self._home.root, settings.resources)
        except OSError as error:
            problems.append(f"meters cannot be read: {error}")
            return ()

    def _configured(self, settings: Settings) -> str:
        """The settings' source with its full name."""
        return parse_source(settings.market.source, self._home.root).name

    def _status(self, symbol: str) -> Status | None:
        key = self._status_key(symbol)
        if symbol not in self._statuses or self._statuses[symbol][0] != key:
            self._statuses[symbol] = (key, derived.read(self._home.status(symbol)) if key else None)
        return self._statuses[symbol][1]

    def _status_key(self, symbol: str) -> tuple[int, int] | None:
        try:
            found = self._home.status(symbol).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def remember(self, built: Mapping[str, Status | None]) -> None:
        """Take over what was built just now: a disk that is full cannot keep it for us to read."""
        self._statuses |= {
            symbol: (self._status_key(symbol), status) for symbol, status in built.items()
        }

    def _row(
        self,
        symbol: str,
        settings: Settings,
        source: str | None,
        runs: tuple[Run, ...],
        last: dict[str, tuple[Run, Job]],
        now: datetime,
    ) -> SymbolRow:
        entry = settings.symbols[symbol]
        stored = self._status(symbol)
        configured = self._configured(settings)
        used = source or derived.usual_source(stored, configured) or configured
        key = derived.current_key(self._home, symbol, used)
        status = stored if key is not None else None
        fresh = status is not None and key is not None and derived.current(status, key, used)
        same_file = status is not None and key is not None and derived.same_file(status, key)
        run, job = _live_job(runs, symbol)
        last_run, last_job = last.get(symbol, (None, None))
        model = status.model if status and same_file else None
        last_job = _settled(last_run, last_job, model)
        if key is not None and not same_file and job is None:
            # A file that nobody has read yet: its own age until the refreshed status says what is
            # in it.
            state = age_state(
                max(0.0, now.timestamp() - key.mtime_ns / 1e9) / 86400, settings.thresholds
            )
        else:
            state = state_of(
                status if same_file else None,
                job,
                _dated(last_run, last_job),
                now,
                settings.thresholds,
            )
        stopped = _stopped(_dated(last_run, last_job), model, now) if job is None else ""
        forecast = status.forecast if status and fresh else None
        behind = (
            bars_behind(forecast.last_bar, used, now, settings.market.settle_minutes)
            if forecast
            else None
        )
        copy = stand_in_note(used, symbol, forecast.last_bar) if forecast else ""
        waits = (
            "" if key is None else READING if fresh or derived.can_keep(self._home) else UNREADABLE
        )
        return SymbolRow(
            symbol=symbol,
            company=entry.company,
            priority=entry.priority,
            state=state,
            model=model,
            forecast=forecast,
            age_days=(now - model.trained_at).total_seconds() / 86400 if model else None,
            job=job,
            run_id=run.id if run else (last_run.id if last_run else None),
            last_job=last_job,
            last_run_reason=last_run.reason if last_run else "",
            note=_joined(
                stale_note(behind),
                copy,
                stopped,
                _note(status if same_file else None, waits, last_job, state),
            ),
            stale_status=waits == READING and not fresh,
            bars_behind=behind,
        )


def _watched(row: SymbolRow, board: Board) -> SymbolRow:
    """The row with what the checks say of it;
    under a hold the note tells how the last training ended."""
    hold = board.holds.get(row.symbol, "")
    held = bool(hold) and row.state in _OVERRULED
    ended = str(row.state).lower() if held and row.state in _ENDED_WORDS.values() else ""
    note = _joined(": ".join(filter(None, (ended, row.note))), f"on hold: {hold}" if hold else "")
    return replace(
        row,
        state=SymbolState.HELD if held else row.state,
        note=note,
        hold=hold,
        retrain=_standing(row, board, hold),
    )


def _standing(row: SymbolRow, board: Board, hold: str) -> Retrain | None:
    """The newest decision, unless a newer model settled it or the hold it tells of is over."""
    found = board.retrain.get(row.symbol)
    if found is None or (row.model is not None and row.model.trained_at > found.at):
        return None
    return None if found.action == PlannedAction.HELD and not hold else found


def _note(status: Status | None, waits: str, last: Job | None, state: SymbolState) -> str:
    if (
        state in (SymbolState.FAILED, SymbolState.REFUSED, SymbolState.LOST)
        and last is not None
        and last.message
    ):
        return last.message
    if status is not None:
        unsaid = last.message if last is not None and last.message == PUBLISHED_UNSAID else ""
        return _joined(status.problem, unsaid, waits if waits == UNREADABLE else "")
    return waits or "not trained yet"


def _stopped(last: Job | None, model: ModelInfo | None, now: datetime) -> str:
    """That a training was cancelled a moment ago, where the row's word tells of the model that
    it left as it was."""
    if (
        last is None
        or last.state is not JobState.CANCELLED
        or last.ended_at is None
        or model is None
    ):
        return ""
    told = model.trained_at <= last.ended_at and now - last.ended_at < DONE_FOR
    return STOPPED if told else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _settled(run: Run | None, job: Job | None, model: ModelInfo | None) -> Job | None:
    """The job as it turned out: a lost one whose model is the live one did publish it."""
    if (
        run is None
        or job is None
        or job.state is not JobState.LOST
        or model is None
        or model.run_id != run.id
    ):
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
    """The job with the moment its end is judged by;
    a lost one could not say when, its run was last heard of then."""
    return replace(job, ended_at=_ended(run, job)) if run and job else job


def _live_job(runs: tuple[Run, ...], symbol: str) -> tuple[Run | None, Job | None]:
    for run in runs:
        if run.live and (job := run.job(symbol)) is not None:
            return run, job
    return None, None


def _last_jobs(runs: tuple[Run, ...]) -> dict[str, tuple[Run, Job]]:
    """The newest ended job of every symbol."""
    newest: dict[str, tuple[Run, Job]] = {}
    for run in runs:
        for job in run.jobs:
            if not job.state.ended:
                continue
            seen = newest.get(job.symbol)
            if seen is None or _ended(run, job) > _ended(*seen):
                newest[job.symbol] = (run, job)
    return newest


def _ended(run: Run, job: Job) -> datetime:
    return job.ended_at or run.ended_at or run.last_event_at or run.created_at
