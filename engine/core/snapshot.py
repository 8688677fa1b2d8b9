"""Everything the console shows, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.core.doubts import Doubt
from engine.core.records import Forecast, Job, Level, ModelInfo, Run, SymbolState
from engine.core.symbols import Priority


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
    DOUBT = "doubt"
    """The bars would make a meaningless model; a person accepts them or mends them."""
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
    """What ended, fired or was missed since the console was last open, oldest first."""

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
    """Complete sessions after the last bar; None without a model or a bar."""
    doubts: tuple[Doubt, ...] = ()
    """Those about the bars."""
    withheld: str = ""
    """Why there is no forecast, where a doubt makes one meaningless."""
    retrain: Retrain | None = None
    """What the newest check decided, until a newer model settles it; None when nothing fires."""
    hold: str = ""
    """Why automatic training is on hold; empty when it is not."""
    sector: str = ""
    recent: str = ""
    """Its newest sessions, for `engine.core.recent.parse_recent`; empty without a model or bars."""


class Subject(StrEnum):
    """What a cause is about: it says where the cause is explained."""

    HOST = "host"
    SYMBOL = "symbol"
    ALERTS = "alerts"
    HOME = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why the home is WARN or CRIT."""

    level: Level
    subject: Subject
    text: str
    """The label and the figure: `disk 96 %`, `NVDA CORRUPT`, `2 alerts`."""
    symbol: str = ""


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
    causes: tuple[Cause, ...] = ()
    """Why it is WARN or CRIT, the worst first."""
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
    def bars_behind(self) -> int:
        """The sessions that the oldest bars lack; 0 where all end with the newest."""
        return max((row.bars_behind or 0 for row in self.rows), default=0)

    @property
    def live_runs(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.live)
