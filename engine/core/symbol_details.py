"""What the console shows of one symbol beside its row: its model's record, why it is retrained."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine.core.records import Forecast
from engine.core.snapshot import PlannedAction


class Close(msgspec.Struct, frozen=True):
    """The close of one day, in dollars."""

    day: str
    price: float


class RecordedSession(msgspec.Struct, frozen=True):
    """One held-out session: what the model forecast for it and what came, in dollars."""

    day: str
    last_close: float
    forecast: float
    low80: float
    high80: float
    actual: float


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions whose stated confidence lay between `low` and `high`; percent."""

    low: float
    high: float
    n: int
    stated: float
    """Mean confidence."""
    came: float
    """Share of the sessions that closed that near."""


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The closes of a symbol and the held-out record of its model; problems in words."""

    closes: tuple[Close, ...] = ()
    record: tuple[RecordedSession, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    figures: dict[str, float | None] = {}
    week: Forecast | None = None
    """The range of five sessions."""
    problems: tuple[str, ...] = ()


class StandingHold(msgspec.Struct, frozen=True):
    """A hold on automatic training; `until` empty when it has no end."""

    reason: str
    since: str = ""
    until: str = ""


class TriggerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a trigger says, and what became of its reason before."""

    reason: str
    fired: bool
    text: str
    trainings: int = 0
    trained_at: datetime | None = None
    chronic: str = ""


class SignalReport(msgspec.Struct, frozen=True):
    """A figure of volatility or drift with its limit."""

    reason: str
    fired: bool
    text: str


class EarningsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The releases known, and when they were looked up."""

    covered: bool = False
    """Releases of this symbol are looked up."""
    newest: str = ""
    coming: str = ""
    fetched_at: datetime | None = None
    origin: str = ""
    """Where the dates come from."""


class RetrainExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a symbol will or will not be retrained."""

    action: PlannedAction
    reason: str
    text: str
    hold: StandingHold | None = None
    verdicts: tuple[TriggerReport, ...] = ()
    signals: tuple[SignalReport, ...] = ()
    earnings: EarningsReport = EarningsReport()
    next_auto_train: datetime | None = None
    checked_at: datetime | None = None
