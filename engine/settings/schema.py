"""The sections of stockml.toml as strict records; every key is documented in default.toml."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from engine.core.members import MEMBER_NAMES
from engine.core.symbols import Priority
from engine.core.workers import WorkerCount, worker_count

Percent = Annotated[float, Meta(ge=0, le=100)]
Positive = Annotated[int, Meta(ge=1, le=100_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
TTL = r"^[0-9]{1,6}(s|m|h)$"
VERSION = r"^[A-Za-z0-9._-]{1,32}$"
DOUBT = r"^[A-Z][A-Z0-9.-]{0,9} [a-z-]{1,30} [0-9]{4}-[0-9]{2}-[0-9]{2}$"
EXECUTOR = r"^(local|tls://[A-Za-z0-9.-]{1,253}:[1-9][0-9]{0,4})$"
Reason = Annotated[str, Meta(min_length=1, max_length=200)]
PATTERN_WORDS = {
    DOUBT: 'write it like "MP long-hole 2024-12-04" = "why it is accepted"',
    EXECUTOR: 'write "local", or where the head of the cluster listens: "tls://head:8786"',
    TTL: "write it like 30s, 5m or 1h",
    VERSION: "write at most 32 of A-Z a-z 0-9 . _ -",
}
"""What a pattern asks for, in the words of an error."""
if TYPE_CHECKING:
    MemberName = str
else:
    MemberName = Literal[MEMBER_NAMES]


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; its keys are documented in default.toml."""


class MarketSettings(_Section, frozen=True):
    """Where bars come from."""

    source: str
    history_years: Annotated[int, Meta(ge=1, le=50)]
    refetch_sessions: Annotated[int, Meta(ge=1, le=60)]
    settle_minutes: Annotated[int, Meta(ge=0, le=600)]
    request_spacing_s: Annotated[float, Meta(ge=0, le=60)]
    request_tries: Annotated[int, Meta(ge=1, le=20)]
    reports: str
    simulated_seed: int
    simulated_sessions: Annotated[int, Meta(ge=200, le=10_000)]
    extra_closings: Annotated[tuple[date, ...], Meta(max_length=100)] = ()
    accepted: dict[Annotated[str, Meta(pattern=DOUBT)], Reason] = {}

    def accepted_of(self, symbol: str) -> dict[str, str]:
        """The accepted doubts about a symbol's bars, kind and day, and the reason of each."""
        mine = f"{symbol} "
        return {
            key.removeprefix(mine): reason
            for key, reason in self.accepted.items()
            if key.startswith(mine)
        }


class TrainingSettings(_Section, frozen=True):
    """How a model is fitted and a run is bounded."""

    epochs: Annotated[int, Meta(ge=1, le=1000)]
    quick_epochs: Annotated[int, Meta(ge=1, le=1000)]
    batch_size: Annotated[int, Meta(ge=1, le=4096)]
    sequence_length: Annotated[int, Meta(ge=5, le=250)]
    validation_split: Annotated[float, Meta(ge=0.05, le=0.5)]
    early_stopping: bool
    patience: Annotated[int, Meta(ge=1, le=1000)]
    holdout_sessions: Annotated[int, Meta(ge=40, le=1000)]
    max_sessions: Annotated[int, Meta(ge=300, le=20_000)]
    max_workers: Annotated[int, Meta(ge=0, le=64)]
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    members: Annotated[tuple[MemberName, ...], Meta(min_length=1)]
    wall_limit_min: Annotated[float, Meta(gt=0, le=1440)]
    stall_limit_min: Annotated[float, Meta(gt=0, le=1440)]
    worker_memory_mb: Annotated[int, Meta(ge=0, le=1_000_000)]
    free_disk_mb: Annotated[int, Meta(ge=0, le=10_000_000)]
    executor: Annotated[str, Meta(pattern=EXECUTOR)]
    executor_fallback: bool

    def workers_for(self, jobs: int) -> WorkerCount:
        """How many worker processes a run of so many jobs has on this machine, and why."""
        return worker_count(self.max_workers, self.worker_memory_mb, jobs)


class ThresholdSettings(_Section, frozen=True):
    """When a model is old, bad or good enough."""

    min_accuracy: Percent
    max_mape: Annotated[float, Meta(gt=0, le=100)]
    min_confidence: Percent
    max_model_age_days: Annotated[int, Meta(ge=1, le=3650)]
    fresh_days: Annotated[int, Meta(ge=0, le=3650)]
    guard_ratio: Annotated[float, Meta(ge=1, le=2)]
    guard_sessions: Annotated[int, Meta(ge=10, le=1000)]


class WatchSettings(_Section, frozen=True):
    """What retrains a model beside the thresholds, and what prevents a retraining for nothing."""

    live_window: Annotated[int, Meta(ge=20, le=2000)]
    live_min: Annotated[int, Meta(ge=10, le=2000)]
    luck_percent: Annotated[float, Meta(gt=0, le=20)]
    confidence_bars: Annotated[int, Meta(ge=1, le=60)]
    max_failures: Annotated[int, Meta(ge=0, le=1000)]
    volatility_sessions: Annotated[int, Meta(ge=3, le=60)]
    volatility_before: Annotated[int, Meta(ge=10, le=250)]
    volatility_sigma: Annotated[float, Meta(gt=0, le=50)]
    volatility_market_sigma: Annotated[float, Meta(gt=0, le=50)]
    gap_sigma: Annotated[float, Meta(gt=0, le=100)]
    drift_sessions: Annotated[int, Meta(ge=20, le=250)]
    drift_reference: Annotated[int, Meta(ge=60, le=1000)]
    drift_sigma: Annotated[float, Meta(gt=0, le=50)]
    earnings: bool
    cooldown_days: Annotated[float, Meta(ge=0, le=365)]
    new_sessions: Annotated[int, Meta(ge=0, le=250)]
    retry_hours: Annotated[float, Meta(gt=0, le=720)]
    chronic_after: Annotated[int, Meta(ge=1, le=100)]
    yearly_trainings: Annotated[int, Meta(ge=0, le=366)]
    bar_lag_sessions: Annotated[int, Meta(ge=0, le=10)]
    interval_hours: Annotated[float, Meta(gt=0, le=168)]


class ResourceSettings(_Section, frozen=True):
    """When the host shows WARN and CRIT."""

    cpu_warn: Percent
    cpu_crit: Percent
    memory_warn: Percent
    memory_crit: Percent
    disk_warn: Percent
    disk_crit: Percent
    response_warn_s: Seconds
    response_crit_s: Seconds


class ServiceSettings(_Section, frozen=True):
    """The prediction service."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)]
    prediction_ttl: Annotated[str, Meta(pattern=TTL)]
    model_version: Annotated[str, Meta(pattern=VERSION)]
    signal_percent: Annotated[float, Meta(ge=0, le=100)]
    memory_mb: Annotated[int, Meta(ge=16, le=65_536)]

    @property
    def ttl_s(self) -> int:
        """The prediction TTL in seconds."""
        unit_s = {"s": 1, "m": 60, "h": 3600}[self.prediction_ttl[-1]]
        return int(self.prediction_ttl[:-1]) * unit_s


class AlertSettings(_Section, frozen=True):
    """Whether and how often alerts are sent."""

    enabled: bool
    repeat_hours: Annotated[float, Meta(gt=0, le=8760)]


class BackupSettings(_Section, frozen=True):
    """How long backups are kept and where else they go."""

    retention_days: Positive
    keep_valid: Annotated[int, Meta(ge=1, le=1000)]
    also_to: str


class LogSettings(_Section, frozen=True):
    """How logs and finished runs are bounded."""

    max_mb: Positive
    keep_days: Positive
    keep_runs: Positive
    keep_runs_days: Positive
    keep_records_days: Positive


Key = Annotated[str, Meta(min_length=1, max_length=30)]
Theme = Literal[
    "auto",
    "dark",
    "light",
    "high-contrast",
    "colour-blind",
    "16-colours",
    "16-colours-light",
    "no-colour",
]
"""The names of tui.look.themes, and the choice that follows the terminal."""


class ConsoleSettings(_Section, frozen=True):
    """How the console looks and how often it looks."""

    refresh_s: Annotated[float, Meta(ge=0.2, le=60)]
    theme: Theme
    link: Literal["auto", "fast", "slow"]
    keys: dict[str, Key | Annotated[tuple[Key, ...], Meta(min_length=1)]] = {}
    """An action's id and its key or keys; the console and `config check` check the ids."""


class SymbolSettings(_Section, frozen=True):
    """One configured symbol."""

    company: str
    sector: str
    kind: str
    priority: Priority
    min_date: date | None = None


class Settings(_Section, frozen=True):
    """Everything stockml.toml says."""

    market: MarketSettings
    training: TrainingSettings
    thresholds: ThresholdSettings
    watch: WatchSettings
    resources: ResourceSettings
    service: ServiceSettings
    alerts: AlertSettings
    backup: BackupSettings
    logs: LogSettings
    console: ConsoleSettings
    symbols: Annotated[dict[str, SymbolSettings], Meta(min_length=1)]

    @property
    def names(self) -> tuple[str, ...]:
        """The configured symbols, in the order of the file."""
        return tuple(self.symbols)

    def with_priority(self, priority: Priority) -> tuple[str, ...]:
        """The symbols of one priority."""
        return tuple(name for name, symbol in self.symbols.items() if symbol.priority == priority)


# The guide's variables, and the key that each overrides.
ENVIRONMENT = {
    "ML_EPOCHS": "training.epochs",
    "ML_BATCH_SIZE": "training.batch_size",
    "ML_SEQUENCE_LENGTH": "training.sequence_length",
    "ML_VALIDATION_SPLIT": "training.validation_split",
    "ML_MODEL_VERSION": "service.model_version",
    "ML_PREDICTION_TTL": "service.prediction_ttl",
    "MIN_ACCURACY": "thresholds.min_accuracy",
    "MAX_MAPE": "thresholds.max_mape",
    "MIN_CONFIDENCE": "thresholds.min_confidence",
    "MAX_MODEL_AGE_DAYS": "thresholds.max_model_age_days",
}

IGNORED_VARIABLES = {"ML_PYTHON_SCRIPT": "forecasts come from the engine, not from a script"}
"""Variables of the guide that mean nothing here, and why."""
VARIABLES = {key: variable for variable, key in ENVIRONMENT.items()}
