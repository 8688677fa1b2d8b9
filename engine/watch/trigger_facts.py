"""The facts of one symbol that triggers read, and their verdicts."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import date
from enum import StrEnum

from engine.core.records import Metrics

NO_METRICS = Metrics()


class ModelFile(StrEnum):
    """The state of a symbol's model file."""

    OK = "ok"
    NONE = "none"
    CORRUPT = "corrupt"
    FOREIGN = "foreign"
    NEWER = "newer"
    """Made by a newer stockml: no reason to train, the planner leaves it alone."""
    UNREACHABLE = "unreachable"
    """Not readable at this moment: no reason to train."""


@dataclass(frozen=True, slots=True)
class Live:
    """Scored live forecasts over all generations; percent as percent."""

    n: int = 0
    mape: float | None = None
    naive_mape: float | None = None
    hits: tuple[bool, ...] = ()
    """Whether the direction was right, oldest first, without sessions whose close did not move."""
    first: str = ""
    last: str = ""

    @property
    def window(self) -> str:
        return f"{self.first} to {self.last}" if self.n else "no session"

    @property
    def direction_accuracy(self) -> float | None:
        """Percent of the directions that were right; None before the first."""
        return 100.0 * sum(self.hits) / len(self.hits) if self.hits else None


@dataclass(frozen=True, slots=True)
class Signal:
    """One figure of the bars, with a limit from its own past."""

    name: str
    value: float
    limit: float
    n: int
    window: str
    text: str

    @property
    def fired(self) -> bool:
        return self.value > self.limit

    @property
    def ratio(self) -> float:
        """How many times its limit the figure is."""
        return self.value / self.limit


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """The facts of one symbol as its triggers read them."""

    symbol: str
    model: ModelFile = ModelFile.OK
    problem: str = ""
    """The problem with the model file."""
    age_days: float | None = None
    age_sessions: int | None = None
    trained_ahead: str = ""
    """When the model was trained, if that is ahead of now: its age is unknown."""
    trained_to: str = ""
    """The model's last bar."""
    last_bar: str = ""
    """The newest bar there is."""
    heldout: Metrics = NO_METRICS
    live: Live = Live()
    confidences: tuple[tuple[str, float], ...] = ()
    """(last bar, confidence in percent) of each different last bar checked, newest first."""
    naive_within: float | None = None
    """The naive forecast's confidence: percent of newest sessions that moved less than max_mape."""
    failures: int = 0
    """Consecutive checks that failed through the symbol's own model."""
    others_answer: bool = True
    """Whether the service answers and some other symbol was forecast: else it is an outage."""
    volatility: tuple[Signal, ...] = ()
    drift: tuple[Signal, ...] = ()
    earnings: date | None = None
    """The newest release before now."""


@dataclass(frozen=True, slots=True)
class TriggerVerdict:
    """One trigger's verdict on a symbol, fired or not."""

    reason: str
    text: str
    _: KW_ONLY
    fired: bool = False
    value: float | None = None
    limit: float | None = None
    n: int = 0
    basis: str = ""
    """live, held-out, bars, checks, file or calendar."""
    window: str = ""
    unfixable: bool = False
    """Whether the naive forecast fails the same limit, so that training cannot help."""
    severity: float = 0.0
    """How far the figure exceeds its limit, for the order of trainings."""
