"""The records of watching: an item of health, a decision, a waiting message, live accuracy."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from engine.core.records import Level
from engine.core.snapshot import PlannedAction
from engine.watch.trigger_facts import TriggerVerdict

LATELY = timedelta(days=1)
"""How long a resolved alert is shown."""
ANY = "*"
"""Every rule, or every symbol."""
MARK_EVERY = timedelta(minutes=1)
"""How often an open console marks that it is."""


@dataclass(frozen=True, slots=True)
class Item:
    """One subject that health or the doctor examined."""

    name: str
    level: Level
    text: str
    fix: str = ""
    """The next step; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One symbol's live figures over all generations in percent; None without sessions."""

    symbol: str
    n: int
    waiting: int
    _: KW_ONLY
    first: str = ""
    last: str = ""
    mape: float | None = None
    naive_mape: float | None = None
    mase: float | None = None
    direction_accuracy: float | None = None
    direction_low: float | None = None
    direction_high: float | None = None
    moved: int = 0
    coverage80: float | None = None
    coverage95: float | None = None
    confidence: float | None = None
    """Mean stated confidence."""
    kept: float | None = None
    """Percent of sessions within max_mape of the forecast, the event that confidence predicts."""
    ece: float | None = None
    """Expected calibration error, percent."""
    source: str = ""
    """The source of the forecasts' bars, if known."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An undelivered message."""

    id: int
    at: str
    kind: str
    title: str
    body: str
    tries: int
    fault: str
    taken: str = ""
    """The marks of the URLs it was delivered to."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The planned action for one symbol, and why."""

    symbol: str
    action: PlannedAction
    reason: str = ""
    text: str = ""
    fired: tuple[TriggerVerdict, ...] = ()
    """The verdicts a training is for."""
    chronic: tuple[TriggerVerdict, ...] = ()
    standing: tuple[str, ...] = ()
    """Chronic reasons that do not fire now, but have not been quiet for `new_sessions` yet."""
