"""The columns of the symbol table and the text of their cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from engine.core.records import Job, JobState, Metrics, SymbolState
from engine.core.snapshot import SymbolRow
from engine.words import figures, forecasts, times
from engine.words.phrases import without_folders
from engine.words.runs import is_fitting, phase_word, time_left
from engine.words.sources import SIMULATED
from engine.words.triggers import retrain_sentence, retrain_word
from tui.dashboard import sparklines
from tui.look.glyphs import Glyphs, progress_bar

PROGRESS_WIDTH = 36
WIDE_NOTE = "PROGRESS OR NOTE"
RETRAIN = "RETRAIN"
UNCHECKED = "?"
STATE_STYLES = {
    SymbolState.FRESH: "ok",
    SymbolState.AGING: "warn",
    SymbolState.STALE: "warn",
    SymbolState.NONE: "dim",
    SymbolState.QUEUED: "live",
    SymbolState.TRAIN: "live",
    SymbolState.DONE: "ok",
    SymbolState.FAILED: "crit",
    SymbolState.REFUSED: "warn",
    SymbolState.CANCELLED: "dim",
    SymbolState.LOST: "crit",
    SymbolState.CORRUPT: "crit",
    SymbolState.FOREIGN: "warn",
    SymbolState.HELD: "dim",
}


@dataclass(frozen=True, slots=True)
class CellContext:
    """The values a cell needs besides its row."""

    now: datetime
    glyphs: Glyphs
    real_source: bool
    """The console reads real bars, so that a simulated model must be marked in its row."""
    checked_at: datetime | None = None
    """When the newest performance check was: it knows nothing of a model trained later."""
    max_age_days: float = 7.0
    """The age at which a model is trained again."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; columns with a lower `priority` stay longer when the terminal narrows."""

    title: str
    width: int
    _: KW_ONLY
    priority: int
    cell: Callable[[SymbolRow, CellContext], str]
    meaning: str
    left: bool = False

    def fitted(self, text: str) -> str:
        """The text in the width of the column, cut with a mark where it is words."""
        if self.left and len(text) > self.width > 1:
            text = f"{text[: self.width - 1]}…"
        text = text[: self.width]
        return text.ljust(self.width) if self.left else text.rjust(self.width)


def progress(job: Job | None, width: int, context: CellContext) -> str:
    """A job's progress in `width` cells: bar, epoch, loss, time left, the last going first."""
    if job is None or job.state.ended:
        return ""
    if job.state is JobState.QUEUED:
        return "queued"[:width]
    if not job.epochs:
        started = job.started_at
        spent = times.duration((context.now - started).total_seconds()) if started else ""
        return f"{phase_word(job)} {spent}".strip()[:width]
    count = f"{job.epoch}/{job.epochs}"
    counts_down = job.eta_s is not None and is_fitting(job)
    last = time_left(job) if counts_down else phase_word(job)
    parts = [count, f"loss {figures.loss(job.loss)}", last]
    for keep in (3, 2, 1):
        text = " ".join(parts[:keep])
        cells = min(width - len(text) - 3, 12)
        if cells >= 4:
            return f"{progress_bar(job.epoch / job.epochs, cells, context.glyphs)} {text}"
    return count[:width]


def _metrics(row: SymbolRow) -> Metrics:
    return row.model.metrics if row.model else Metrics()


def _retrain(row: SymbolRow, context: CellContext) -> str:
    """The warning mark, then the word."""
    if row.model and context.real_source and row.model.simulated:
        return SIMULATED
    if word := retrain_word(row):
        return word
    if row.model is None or context.checked_at is None or row.model.trained_at > context.checked_at:
        return UNCHECKED
    return figures.ABSENT


def _close(row: SymbolRow, _: CellContext) -> str:
    return figures.number(row.forecast.last_close if row.forecast else None, 2, 8)


def _progress_or_note(row: SymbolRow, context: CellContext) -> str:
    return (
        progress(row.job, PROGRESS_WIDTH, context)
        or without_folders(row.note)
        or retrain_sentence(row)
    )


def _range(row: SymbolRow, _: CellContext) -> str:
    if row.forecast is None:
        return figures.ABSENT
    low, high = figures.number(row.forecast.low80, 2, 8), figures.number(row.forecast.high80, 2, 8)
    return f"{low} {high:>8}"


COLUMNS = (
    Column("SYM", 5, priority=0, cell=lambda row, _: row.symbol, meaning="symbol", left=True),
    Column(
        "STATE",
        9,
        priority=0,
        cell=lambda row, _: row.state.value,
        meaning="state, one word (below)",
        left=True,
    ),
    Column("CLOSE", 8, priority=2, cell=_close, meaning="last close of the stored bars"),
    Column(
        "FORECAST",
        8,
        priority=15,
        cell=lambda row, _: figures.number(row.forecast.next_close if row.forecast else None, 2, 8),
        meaning="forecast of the next close",
    ),
    Column(
        "RANGE",
        7,
        priority=1,
        cell=lambda row, _: forecasts.half_range(row.forecast),
        meaning="half the 80 % interval of the next close, in percent of the last",
    ),
    Column(
        "TREND",
        sparklines.TREND_CELLS,
        priority=10,
        cell=sparklines.trend,
        meaning="closes of 30 sessions",
        left=True,
    ),
    Column(
        "REPORT",
        8,
        priority=3,
        cell=lambda row, _: forecasts.next_report_brief(row.forecast),
        meaning=(
            "sessions to the next report, before its open or after its close; ~ estimate, ? unknown"
        ),
        left=True,
    ),
    Column(
        "CONF",
        4,
        priority=8,
        cell=lambda row, _: figures.chance(row.forecast.confidence if row.forecast else None),
        meaning=(
            "confidence: percent chance that the next close lands within max_mape (5 %) of the"
            " forecast"
        ),
    ),
    Column(
        "DIR%",
        4,
        priority=4,
        cell=lambda row, _: figures.number(_metrics(row).direction_accuracy, 1, 4),
        meaning="direction accuracy, percent of unseen sessions",
    ),
    Column(
        "MAPE%",
        5,
        priority=5,
        cell=lambda row, _: figures.number(_metrics(row).mape, 2, 5),
        meaning="mean absolute percentage error on unseen sessions",
    ),
    Column(
        "MASE",
        5,
        priority=6,
        cell=lambda row, _: figures.number(_metrics(row).mase, 3, 5),
        meaning=(
            "error ÷ the naive forecast's (next close = last close); below 1 beats it, 1.00 is no"
            " better than naive"
        ),
    ),
    Column(
        "ERROR",
        sparklines.ERROR_CELLS,
        priority=11,
        cell=sparklines.error,
        meaning=(
            "error ÷ naive over 20 sessions, for 30 sessions, middle 1; ↓ better than naive, ↑"
            " worse, neither within 2 %"
        ),
        left=True,
    ),
    Column(
        "AGE",
        4,
        priority=7,
        cell=lambda row, _: times.age(row.age_days),
        meaning="since it was trained",
    ),
    Column(
        "LIMIT",
        sparklines.AGE_CELLS,
        priority=12,
        cell=sparklines.age_bar,
        meaning="age as a bar to max_model_age_days",
        left=True,
    ),
    Column(
        RETRAIN,
        9,
        priority=9,
        cell=_retrain,
        meaning=(
            "why it needs retraining, or what prevents it (below); - nothing fires, ? not"
            " checked as it is now ({check}). SIMULATED: not a model of real bars"
        ),
        left=True,
    ),
    Column(
        "TRAINED",
        7,
        priority=16,
        cell=lambda row, context: times.brief_moment(
            row.model.trained_at if row.model else None, context.now, 7
        ),
        meaning="when it was trained, local time",
    ),
    Column(
        WIDE_NOTE,
        PROGRESS_WIDTH,
        priority=20,
        cell=_progress_or_note,
        meaning="progress of a training, else why a state or a number is as it is",
        left=True,
    ),
    Column(
        "P(UP)",
        5,
        priority=19,
        cell=lambda row, _: forecasts.p_up(row.forecast),
        meaning=(
            "percent chance that the next close is above the last, where it differs from the base"
            " rate beyond noise"
        ),
    ),
    Column(
        "80% INTERVAL",
        17,
        priority=17,
        cell=_range,
        meaning="the next close lies in it four times in five",
    ),
    Column(
        "GEN",
        4,
        priority=18,
        cell=lambda row, _: str(row.model.generation) if row.model else figures.ABSENT,
        meaning="generation of the live model",
    ),
    Column(
        "N",
        4,
        priority=21,
        cell=lambda row, _: str(_metrics(row).n_scored) if row.model else figures.ABSENT,
        meaning="sessions behind DIR%, MAPE% and MASE",
    ),
    Column(
        "SIZE",
        6,
        priority=22,
        cell=lambda row, _: figures.size(row.model.size_bytes) if row.model else figures.ABSENT,
        meaning="of the model file",
    ),
)
