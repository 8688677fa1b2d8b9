"""The symbol table as text: which columns fit, and what stands in each cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core.records import Job, JobState, Metrics, SymbolState
from engine.core.snapshot import SymbolRow
from engine.words import figures, times
from engine.words.phrases import without_folders
from engine.words.runs import is_fitting, phase_word, time_left
from engine.words.sources import SIMULATED
from engine.words.triggers import retrain_sentence, retrain_word
from tui.look.glyphs import Glyphs, progress_bar
from tui.widgets.lines import Line

GUTTER = 2
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
class Look:
    """What a cell needs beside its row."""

    now: datetime
    glyphs: Glyphs
    real_source: bool
    """The console reads real bars, so that a simulated model must be marked in its row."""
    checked_at: datetime | None = None
    """When the newest performance check was: only of a model that it saw is no reason known to
    be none."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; columns with a lower `rank` stay longer when the terminal narrows."""

    title: str
    width: int
    rank: int
    cell: Callable[[SymbolRow, Look], str]
    meaning: str
    left: bool = False

    def fitted(self, text: str) -> str:
        if self.left and len(text) > self.width > 1:
            text = f"{text[: self.width - 1]}…"
        text = text[: self.width]
        return text.ljust(self.width) if self.left else text.rjust(self.width)


def _metrics(row: SymbolRow) -> Metrics:
    return row.model.metrics if row.model else Metrics()


def _retrain(row: SymbolRow, look: Look) -> str:
    """The mark that nobody may miss, then the word."""
    if row.model and look.real_source and row.model.simulated:
        return SIMULATED
    seen = (
        row.model is not None
        and look.checked_at is not None
        and row.model.trained_at <= look.checked_at
    )
    return retrain_word(row) or (figures.ABSENT if seen else UNCHECKED)


def _close(row: SymbolRow, _: Look) -> str:
    return figures.number(row.forecast.last_close if row.forecast else None, 2, 8)


def _progress_or_note(row: SymbolRow, look: Look) -> str:
    return (
        progress(row.job, PROGRESS_WIDTH, look)
        or without_folders(row.note)
        or retrain_sentence(row)
    )


def _range(row: SymbolRow, _: Look) -> str:
    found = row.forecast
    return (
        f"{figures.number(found.low80, 2, 8)} {figures.number(found.high80, 2, 8):>8}"
        if found
        else figures.ABSENT
    )


COLUMNS = (
    Column("SYM", 5, 0, lambda row, _: row.symbol, "symbol", left=True),
    Column("STATE", 9, 0, lambda row, _: row.state.value, "state, one word (below)", left=True),
    Column("CLOSE", 8, 2, _close, "last close of the stored bars"),
    Column(
        "FORECAST",
        8,
        3,
        lambda row, _: figures.number(row.forecast.next_close if row.forecast else None, 2, 8),
        "forecast of the next close",
    ),
    Column(
        "CHG%",
        6,
        1,
        lambda row, _: figures.signed(row.forecast.change if row.forecast else None, 2, 6),
        "forecast against the last close, percent",
    ),
    Column(
        "CONF",
        4,
        8,
        lambda row, _: figures.chance(row.forecast.confidence if row.forecast else None),
        "confidence: percent chance that the next close lands within max_mape of the forecast",
    ),
    Column(
        "DIR%",
        4,
        4,
        lambda row, _: figures.number(_metrics(row).direction_accuracy, 1, 4),
        "direction accuracy, percent of unseen sessions",
    ),
    Column(
        "MAPE%",
        5,
        5,
        lambda row, _: figures.number(_metrics(row).mape, 2, 5),
        "mean absolute percentage error on unseen sessions",
    ),
    Column(
        "MASE",
        5,
        6,
        lambda row, _: figures.number(_metrics(row).mase, 3, 5),
        "error ÷ the naive forecast's (next close = last close); below 1 beats it",
    ),
    Column("AGE", 4, 7, lambda row, _: times.age(row.age_days), "since it was trained"),
    Column(
        RETRAIN,
        9,
        9,
        _retrain,
        "why it is to be retrained, or what keeps it from that (below); - nothing fires, ? not"
        " checked as it is now ({check}). SIMULATED: not a model of real bars",
        left=True,
    ),
    Column(
        "TRAINED",
        7,
        11,
        lambda row, look: times.brief_moment(
            row.model.trained_at if row.model else None, look.now, 7
        ),
        "when it was trained, local time",
    ),
    Column(
        WIDE_NOTE,
        PROGRESS_WIDTH,
        10,
        _progress_or_note,
        "progress of a training, else why a state or a number is as it is",
        left=True,
    ),
    Column(
        "P(UP)",
        5,
        12,
        lambda row, _: figures.number(row.forecast.p_up if row.forecast else None, 1, 5),
        "percent chance that the next close is above the last",
    ),
    Column("80% INTERVAL", 17, 13, _range, "the next close lies in it four times in five"),
    Column(
        "GEN",
        4,
        14,
        lambda row, _: str(row.model.generation) if row.model else figures.ABSENT,
        "generation of the live model",
    ),
    Column(
        "N",
        4,
        15,
        lambda row, _: str(_metrics(row).n_scored) if row.model else figures.ABSENT,
        "sessions behind DIR%, MAPE% and MASE",
    ),
    Column(
        "SIZE",
        6,
        16,
        lambda row, _: figures.size(row.model.size_bytes) if row.model else figures.ABSENT,
        "of the model file",
    ),
)


def fit(width: int, symbols: Sequence[str]) -> tuple[Column, ...]:
    """The columns that fit into `width` cells, in the order of the table;
    at least symbol and state."""
    longest = max((len(symbol) for symbol in symbols), default=0)
    table = [
        (
            Column(
                column.title,
                max(column.width, longest),
                column.rank,
                column.cell,
                column.meaning,
                column.left,
            )
            if column.title == "SYM"
            else column
        )
        for column in COLUMNS
    ]
    kept, used = set(), GUTTER - 1
    for column in sorted(table, key=lambda column: column.rank):
        if column.rank and used + 1 + column.width > width:
            break
        kept.add(column.title)
        used += 1 + column.width
    return tuple(column for column in table if column.title in kept)


def header(columns: Sequence[Column]) -> str:
    """The titles over their columns, without the gutter."""
    return " ".join(column.fitted(column.title) for column in columns)


def cells(row: SymbolRow, columns: Sequence[Column], width: int, look: Look) -> Line:
    """One row without its gutter;
    while it trains, its progress stands where the narrow table has no room for both."""
    texts = [column.fitted(column.cell(row, look)) for column in columns]
    covered = len(texts)
    if (
        row.job is not None
        and not row.job.state.ended
        and WIDE_NOTE not in (column.title for column in columns)
    ):
        covered = _covered(columns, width)
        room = width - GUTTER - _room(columns[:covered])
        texts = [*texts[:covered], progress(row.job, room, look)] if room > 0 else texts[:covered]
    line = []
    for index, text in enumerate(texts):
        title = columns[index].title if index < covered else WIDE_NOTE
        line.append((text if index == 0 else f" {text}", _style(title, row)))
    return tuple(line)


def labelled(row: SymbolRow, look: Look) -> str:
    """Every figure of a row with its title, those that are missing left out: what is pasted
    elsewhere."""
    parts = [
        row.symbol,
        row.state.value,
        *((SIMULATED,) if row.model and row.model.simulated else ()),
    ]
    for column in COLUMNS[2:]:
        text = (
            " to ".join(column.cell(row, look).split())
            if column.title == "80% INTERVAL"
            else column.cell(row, look).strip()
        )
        if text and text != figures.ABSENT:
            parts.append(f"{'NOTE' if column.title == WIDE_NOTE else column.title} {text}")
    return "  ".join(parts)


def _room(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns)


def _covered(columns: Sequence[Column], width: int) -> int:
    """How many columns stay visible beside the progress."""
    for count in range(len(columns), 2, -1):
        if width - GUTTER - _room(columns[:count]) >= PROGRESS_WIDTH:
            return count
    return 2


def _style(title: str, row: SymbolRow) -> str:
    if title == "STATE":
        return STATE_STYLES[row.state]
    if title == RETRAIN and row.retrain and row.retrain.action == "train":
        return "warn"
    if title == WIDE_NOTE:
        return "live" if row.job is not None and not row.job.state.ended else ""
    if title == "CHG%" and row.forecast and round(row.forecast.change, 2):
        return "ok" if row.forecast.change > 0 else "crit"
    return ""


def progress(job: Job | None, width: int, look: Look) -> str:
    """A job's progress in `width` cells: bar, epoch, loss, time left;
    the least important goes first."""
    if job is None or job.state.ended:
        return ""
    if job.state is JobState.QUEUED:
        return "queued"[:width]
    if not job.epochs:
        started = job.started_at
        spent = times.duration((look.now - started).total_seconds()) if started else ""
        return f"{phase_word(job)} {spent}".strip()[:width]
    count = f"{job.epoch}/{job.epochs}"
    counts_down = job.eta_s is not None and is_fitting(job)
    last = time_left(job) if counts_down else phase_word(job)
    parts = [count, f"loss {figures.loss(job.loss)}", last]
    for keep in (3, 2, 1):
        text = " ".join(parts[:keep])
        cells = min(width - len(text) - 3, 12)
        if cells >= 4:
            return f"{progress_bar(job.epoch / job.epochs, cells, look.glyphs)} {text}"
    return count[:width]
