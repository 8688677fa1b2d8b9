"""The frozen values that rooms hand to each other and the console shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.core.sources import is_simulated
from engine.core.symbols import Priority


class SymbolState(StrEnum):
    """The one word that stands in a symbol's row."""

    FRESH = "FRESH"
    """Trained at most five days ago."""
    AGING = "AGING"
    """Trained six or seven days ago."""
    STALE = "STALE"
    """Older than the age limit."""
    NONE = "NONE"
    """No model yet."""
    QUEUED = "QUEUED"
    """Waits in a live run."""
    TRAIN = "TRAIN"
    """Trains now."""
    DONE = "DONE"
    """Trained and published."""
    FAILED = "FAILED"
    """The last training failed."""
    REFUSED = "REFUSED"
    """Trained, but not better than the guard allows; the champion stays."""
    CANCELLED = "CANCELLED"
    """Stopped by the operator."""
    LOST = "LOST"
    """Its run died without a word."""
    CORRUPT = "CORRUPT"
    """The model file cannot be trusted."""
    FOREIGN = "FOREIGN"
    """A model file that stockml did not write."""
    HELD = "HELD"
    """Automatic training is on hold."""


class Level(StrEnum):
    """How far a resource is from its limit."""

    OK = "OK"
    WARN = "WARN"
    CRIT = "CRIT"


class JobState(StrEnum):
    """One symbol in one run."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Out-of-sample figures of one model; percent as percent, None where nothing was scored."""

    n_scored: int = 0
    direction_accuracy: float | None = None
    mape: float | None = None
    naive_mape: float | None = None
    mase: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the manifest of a live model file says, with the file's own size."""

    symbol: str
    generation: int
    digest: str
    trained_at: datetime
    size_bytes: int
    source: str
    first_bar: str
    last_bar: str
    n_bars: int
    reason: str
    run_id: str
    metrics: Metrics
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def simulated(self) -> bool:
        return is_simulated(self.source)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next session's close as one model sees it;
    prices in dollars, p_up and confidence in percent."""

    last_bar: str
    last_close: float
    next_close: float
    low80: float
    high80: float
    low95: float
    high95: float
    p_up: float
    confidence: float
    target_session: str

    @property
    def change(self) -> float:
        """The forecast move in percent of the last close."""
        return 100.0 * (self.next_close / self.last_close - 1.0)


@dataclass(frozen=True, slots=True)
class EpochLoss:
    """One finished epoch."""

    epoch: int
    loss: float | None
    val_loss: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """One symbol of one run, folded from its events."""

    symbol: str
    state: JobState = JobState.QUEUED
    phase: str = ""
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    val_loss: float | None = None
    eta_s: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    message: str = ""
    generation: int | None = None
    metrics: Metrics | None = None
    champion: Metrics | None = None
    losses: tuple[EpochLoss, ...] = ()
    hint: str = ""
    """The next step, when it failed."""
    exit_code: int | None = None
    """What the end means to a shell (engine.core.errors.ExitCode); None until it has ended."""
    warnings: tuple[str, ...] = ()
    """What it warned of, the first few."""


@dataclass(frozen=True, slots=True)
class Run:
    """One request and what became of it."""

    id: str
    kind: str
    reason: str
    source: str
    created_at: datetime
    starter: str
    state: JobState
    """QUEUED until its supervisor speaks, RUNNING while its lock is held, LOST when the lock is
    free too early."""
    jobs: tuple[Job, ...]
    ended_at: datetime | None = None
    message: str = ""
    cancelling: bool = False
    skipped_lines: int = 0
    last_event_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    """What its supervisor warned of, the first few; those of a symbol stand in its job."""

    @property
    def simulated(self) -> bool:
        return is_simulated(self.source)

    @property
    def live(self) -> bool:
        return not self.state.ended

    def job(self, symbol: str) -> Job | None:
        """The job of `symbol`, if this run has one."""
        return next((job for job in self.jobs if job.symbol == symbol), None)


@dataclass(frozen=True, slots=True)
class Meter:
    """One resource of the host."""

    name: str
    value: float
    unit: str
    level: Level
    detail: str = ""


class AlertState(StrEnum):
    """How far an alert has come."""

    OK = "ok"
    PENDING = "pending"
    """Seen, but not often enough in a row yet."""
    FIRING = "firing"
    RESOLVED = "resolved"


class AlertDelivery(StrEnum):
    """What became of the newest message of an alert."""

    NONE = ""
    """None was queued."""
    WAITING = "waiting"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that is pending, fires or was resolved; symbol '' is the system."""

    rule: str
    symbol: str
    state: AlertState
    since: datetime
    text: str
    acked: bool = False
    silenced: bool = False
    silent_until: datetime | None = None
    """When the silence that covers it ends."""
    sent_at: datetime | None = None
    """When its newest message was queued; None while none was."""
    delivery: AlertDelivery = AlertDelivery.NONE


class PlannedAction(StrEnum):
    """What the planner decided for a symbol."""

    TRAIN = "train"
    FINE = "fine"
    CHRONIC = "chronic"
    COOLDOWN = "cooldown"
    HELD = "held"
    NEWER = "newer model"
    """Made by a newer stockml: a person decides, nothing automatic replaces it."""
    NO_BARS = "no bars"
    NO_NEW_BARS = "no new bars"
    BUSY = "busy"
    WAITS = "waits"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Retrain:
    """What the planner last decided for one symbol, and why, in the planner's words."""

    action: PlannedAction
    reason: str
    """The trigger's name; empty where none counts."""
    text: str
    """The words: value, limit, n and window of what fires, and what is in the way."""
    at: datetime

    def __str__(self) -> str:
        return f"{' '.join(filter(None, (self.action, self.reason)))}: {self.text}"


@dataclass(frozen=True, slots=True)
class Away:
    """What ended, rang or was missed since the console was last open, oldest first."""

    since: datetime | None = None
    """None when it never was."""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """Everything the console and `status` show of one symbol."""

    symbol: str
    company: str
    priority: Priority
    state: SymbolState
    model: ModelInfo | None = None
    forecast: Forecast | None = None
    age_days: float | None = None
    job: Job | None = None
    """The job of a live run, while there is one."""
    run_id: str | None = None
    """The live run, or the last one that ended."""
    last_job: Job | None = None
    """The newest job that ended."""
    last_run_reason: str = ""
    note: str = ""
    """Why a number is missing or the state is bad, in words."""
    stale_status: bool = False
    """The derived status is older than the model file or the bars: ask for a refresh."""
    bars_behind: int | None = None
    """Complete sessions after the forecast's last bar;
    None without a forecast, and for bars that are their own clock."""
    retrain: Retrain | None = None
    """What the newest check decided of it, as long as no newer model settles it;
    None when nothing fires."""
    hold: str = ""
    """Why automatic training is on hold; empty when it is not."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the console shows, as one value."""

    taken_at: datetime
    host: str
    home: str
    source: str
    simulated: bool
    rows: tuple[SymbolRow, ...]
    meters: tuple[Meter, ...] = ()
    runs: tuple[Run, ...] = ()
    """Live runs first, then the newest that ended."""
    log_tail: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read, in words; empty when all is well."""
    worst: Level = Level.OK
    alerts: tuple[Alert, ...] = ()
    """Pending and firing ones, firing first."""
    undelivered: int = 0
    """Messages of alerts that nobody took yet; 0 where no receiver is configured."""
    checked_at: datetime | None = None
    """When the newest performance check was."""

    def row(self, symbol: str) -> SymbolRow | None:
        """The row of `symbol`, if it is configured."""
        return next((row for row in self.rows if row.symbol == symbol), None)

    @property
    def live_runs(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.live)


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What somebody wants trained; None leaves the choice to the settings."""

    symbols: tuple[str, ...]
    reason: str = "manual"
    source: str | None = None
    epochs: int | None = None
    members: tuple[str, ...] | None = None
    accept_worse: bool = False
    replace_source: bool = False
    starter: str = ""
    reasons: tuple[tuple[str, str], ...] = ()
    """(symbol, reason) where a symbol has one of its own."""


@dataclass(frozen=True, slots=True)
class PlanItem:
    """What a training would do to one symbol."""

    symbol: str
    model: ModelInfo | None
    """The live model that a better one would replace."""
    state: SymbolState
    holder: str | None = None
    """Who trains it now; the symbol would be left out."""


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was started, and the symbols left out because another process trains them."""

    run_id: str
    symbols: tuple[str, ...]
    busy: tuple[tuple[str, str], ...] = ()
    """(symbol, holder)."""
