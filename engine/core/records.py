"""The frozen values that the packages hand to each other: states, models, jobs, runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.core.doubts import Doubt
from engine.core.sources import is_simulated


class SymbolState(StrEnum):
    """The one word in a symbol's row."""

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
    """Its run died without reporting."""
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
    crps: float | None = None
    """With the interval scores in percent of the last close; None for a model of 0.1.0."""
    interval_score80: float | None = None
    interval_score95: float | None = None
    crps_skill: float | None = None
    """Percent that the CRPS is lower than that of constant volatility."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NextReport:
    """The next report that a session has yet to react to."""

    date: str
    time: str
    """before the open, or after the close."""
    in_sessions: int
    """Sessions after the last bar up to its day; 0 on the day of the last bar."""
    factor: float
    """Times that it makes the range of this forecast wider; 1 when another session reacts."""
    estimated: bool = False
    """A guess of the source, which widens nothing."""

    @property
    def tree(self) -> dict[str, str | int | float]:
        """What JSON says of it."""
        return {
            "date": self.date,
            "time": self.time,
            "in_sessions": self.in_sessions,
            "factor": self.factor,
        }


@dataclass(frozen=True, slots=True)
class Forecast:
    """One model's forecast of the next close: dollars, p_up and confidence in percent."""

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
    doubts: tuple[Doubt, ...] = ()
    """Those about the bars that it was made from."""
    report: NextReport | None = None
    report_known: bool = False
    """Whether the dates of reports are known, or that there are none."""
    tolerance: float | None = None
    """Percent off the forecast that the confidence is stated for."""
    p_up_tells: bool = False
    """Whether P(up) differs from the base rate of rising sessions beyond noise."""
    horizon: int = 1
    """Sessions from the last bar to the target session."""
    reports_within: int = 0
    """Known reports that these sessions react to."""

    @property
    def range80(self) -> float:
        """Half the 80 % interval in percent of the last close."""
        return 50.0 * (self.high80 - self.low80) / self.last_close

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
    """The first few of its warnings."""


@dataclass(frozen=True, slots=True)
class Run:
    """One request and its outcome."""

    id: str
    kind: str
    reason: str
    source: str
    created_at: datetime
    starter: str
    state: JobState
    """QUEUED until its supervisor writes, RUNNING while its lock is held, LOST if free early."""
    jobs: tuple[Job, ...]
    ended_at: datetime | None = None
    message: str = ""
    cancelling: bool = False
    skipped_lines: int = 0
    last_event_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    """The first few warnings of its supervisor; those of a symbol are in its job."""

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
class TrainRequest:
    """What somebody wants trained; None leaves the choice to the settings."""

    symbols: tuple[str, ...]
    reason: str = "manual"
    source: str | None = None
    epochs: int | None = None
    members: tuple[str, ...] | None = None
    accept_worse: bool = False
    replace_source: bool = False
    accept_doubts: bool = False
    accept_rebase: bool = False
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
class StartedRun:
    """A run that was started, and the symbols left out because another process trains them."""

    run_id: str
    symbols: tuple[str, ...]
    busy: tuple[tuple[str, str], ...] = ()
    """(symbol, holder)."""
    workers: str = ""
    """How many workers it has and why, in words."""
