"""The sections of the Symbol screen: pure functions of records and of the child's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.clock import parse_iso
from engine.core.records import Forecast, Job, JobState, ModelInfo, Run
from engine.core.snapshot import SymbolRow
from engine.core.symbol_details import ModelSummary
from engine.vault.records import Backup
from engine.words import figures, forecasts, times
from engine.words.sources import short_source
from engine.words.states import SYMBOL_STATES
from tui.dashboard.columns import STATE_STYLES
from tui.keys.labels import key
from tui.runs.text import loss_lines
from tui.symbol.charts import error_lines
from tui.symbol.model_text import (
    calibration_lines,
    live_lines,
    price_lines,
    weight_lines,
)
from tui.symbol.retrain_text import retrain_lines
from tui.widgets.lines import Line, line, wrapped, wrapped_all

if TYPE_CHECKING:
    from engine.children.messages import SymbolDetails

# (name, meaning) of the page's sections and of the words in them, for the help.
MEANINGS = (
    ("Price", "closes, with the forecasts made for sessions that the model had never seen"),
    (
        "Now",
        (
            "state, forecast of the next close, and the intervals that hold it 80 and 95 times in a"
            " hundred"
        ),
    ),
    (
        "Retraining",
        (
            "what automatic training would do now and why; then each trigger: its figure, its"
            " limit, what it rests on"
        ),
    ),
    (
        "Error against naive",
        (
            "the model's error divided by the naive one's, over the last sessions: below the dots"
            " it is better"
        ),
    ),
    (
        "Calibration",
        (
            "sessions by the confidence that was stated; CAME: how often the close then landed that"
            " near"
        ),
    ),
    ("Last training", "loss per epoch on the sessions it learned from and on those set aside"),
    (
        "Members",
        (
            "the forecasts that the ensemble is mixed from: their share, and how each would have"
            " done alone"
        ),
    ),
    (
        "Lineage",
        (
            "the generations that are live or in a backup, and the trainings that ended without a"
            " new one"
        ),
    ),
    ("Live accuracy", "forecasts kept before their session closed, against the outcomes"),
)
WORDS = (
    (
        "naive",
        "the forecast that the next close equals the last: whatever does not beat it is no use",
    ),
    ("MASE", "error ÷ the naive forecast's; below 1 beats it, 1.00 is no better than naive"),
    ("MAPE", "mean absolute percentage error"),
    ("direction", "how often the forecast had the sign of the change right, percent; 50 is a coin"),
    (
        "P(up)",
        "percent chance that the next close is above the last, where it is not the base rate",
    ),
    ("confidence", "percent chance that the next close lands within max_mape of the forecast"),
    ("unseen, held-out", "sessions that the model was not trained on; n is how many"),
    ("live", "the model that forecasts are made with now"),
    ("generation", "how many models of the symbol were published, this one included"),
    (
        "challenger",
        (
            "a newly trained model; the guard compares it with the live one on the same unseen"
            " sessions before it goes live"
        ),
    ),
    (
        "FIRES",
        (
            "this trigger wants a training; the line under Retraining says whether something keeps"
            " it from that"
        ),
    ),
    (
        "chronic",
        "trainings do not mend it, or the naive forecast breaks the same limit: left to age",
    ),
)


def now_lines(row: SymbolRow, max_age_days: int, width: int) -> tuple[Line, ...]:
    """State, forecast, and whether age alone will have it trained again."""
    why = f": {row.note}" if row.note else ""
    lines: list[Line] = [
        ((row.state.value, STATE_STYLES[row.state]), (f"  {SYMBOL_STATES[row.state]}{why}", ""))
    ]
    lines += _forecast_lines(row.forecast) if row.forecast else [_no_forecast(row)]
    if row.model:
        lines += _model_lines(row.model)
        left = max_age_days - (row.age_days or 0.0)
        if row.hold:
            lines.append(line(f"automatic training is on hold: {row.hold}", "warn"))
        elif row.age_days is None:
            lines.append(line("its age is unknown: the next auto-train takes it", "warn"))
        elif left > 0:
            lines.append(line(f"due by age in {figures.number(left)} days"))
        else:
            past = f"it is {figures.number(-left)} days past the age limit of {max_age_days}"
            lines.append(line(f"{past}: the next auto-train takes it", "warn"))
    if row.last_job and row.last_job.state is not JobState.DONE:
        lines.append(
            line(
                f"last training {row.last_job.state.value}: {row.last_job.message or 'no word'}",
                "warn",
            )
        )
    return wrapped_all(lines, width, 4)


def _no_forecast(row: SymbolRow) -> Line:
    if row.withheld:
        return line(f"no forecast, withheld: {row.withheld}", "warn")
    return line("no forecast: " + (row.note or "no model yet"), "dim")


def _forecast_lines(forecast: Forecast) -> list[Line]:
    close, ahead = (figures.number(each, 2) for each in (forecast.last_close, forecast.next_close))
    made = f"forecast for {forecast.target_session}: {ahead} {forecasts.half_range(forecast)}"
    narrow = figures.interval(forecast.low80, forecast.high80)
    wide = figures.interval(forecast.low95, forecast.high95)
    chances = f"{forecasts.chances(forecast)}; next report {forecasts.next_report(forecast)}"
    style = "warn" if forecasts.is_widened(forecast) else ""
    return [
        line(f"last close {close} of {forecast.last_bar}; {made}", "head"),
        line(forecasts.sentence(forecast), style),
        line(f"80 % interval {narrow}, 95 % {wide}, {chances}"),
    ]


def _model_lines(model: ModelInfo) -> list[Line]:
    mark = "SIMULATED bars" if model.simulated else f"{short_source(model.source)} bars"
    made = (
        f"generation {model.generation}, trained {times.moment(model.trained_at)} ({model.reason})"
    )
    metrics = model.metrics
    naive = figures.percent(metrics.naive_mape, 2)
    verdict = forecasts.against_naive(metrics.mase)
    mase = f"{figures.number(metrics.mase, 3)}{f' ({verdict})' if verdict else ''}"
    errors = f"MAPE {figures.percent(metrics.mape, 2)} (naive {naive}), MASE {mase}"
    return [
        line(f"{made} on {model.n_bars} {mark} {model.first_bar} to {model.last_bar}"),
        line(
            f"unseen sessions {metrics.n_scored}: {errors}, direction"
            f" {figures.percent(metrics.direction_accuracy)}"
        ),
    ]


def lineage_lines(
    row: SymbolRow, backups: Sequence[Backup], runs: Sequence[Run], width: int
) -> tuple[Line, ...]:
    """Generations that are live or in a backup, and trainings that failed; newest first."""
    events: list[tuple[datetime, str, str]] = []
    generations: set[int] = set()
    if model := row.model:
        generations.add(model.generation)
        text = f"generation {model.generation}  live ({model.reason})"
        events.append((model.trained_at, text, "ok"))
    for backup in backups:
        entry = backup.entry(row.symbol)
        if entry is None or not entry.generation or entry.generation in generations:
            continue
        generations.add(entry.generation)
        try:
            at = parse_iso(entry.trained_at)
        except ValueError:
            at = backup.created_at
        events.append((at, f"generation {entry.generation}  in {backup.name}", ""))
    for run in runs:
        job = run.job(row.symbol)
        if job and job.state.ended and job.state is not JobState.DONE:
            text = f"{job.state.value} challenger  {job.message or 'no word'} ({run.id})"
            events.append((job.ended_at or run.created_at, text, "warn"))
    if not events:
        return (line("never trained", "dim"),)
    lines = [
        line(f"{times.moment(at)}  {text}", style)
        for at, text, style in sorted(events, reverse=True)[:20]
    ]
    return wrapped_all(lines, width, 6)


@dataclass(frozen=True, kw_only=True)
class SymbolPage:
    """What the page shows."""

    row: SymbolRow
    details: SymbolDetails | None = None
    """The child's answer; None before it arrives."""
    job: Job | None = None
    """The last training that has losses."""
    backups: Sequence[Backup] = ()
    runs: Sequence[Run] = ()
    max_age_days: int
    cursor: int | None = None
    """The session of the price chart that is pointed at."""
    unread: str = ""
    """Why the child gave no answer."""


def page(
    content: SymbolPage, width: int, height: int, now: datetime, *, ascii_only: bool
) -> tuple[Line, ...]:
    """All sections of the page, each under its title."""
    row, details = content.row, content.details
    retrain = details.retrain if details else None
    tall = max(6, min(14, height // 2))
    now_section = now_lines(row, content.max_age_days, width)
    by_model = _model_sections(content, width, tall, ascii_only=ascii_only)
    losses = loss_lines(content.job, width, tall, ascii_only=ascii_only)
    sections: tuple[tuple[str, Sequence[Line]], ...] = (
        ("Price", by_model["Price"]),
        ("Now", (*now_section, *_week_lines(details, width), *_problem_lines(details, width))),
        ("Retraining", retrain_lines(row, retrain, now, width)),
        ("Error against naive", by_model["Error against naive"]),
        ("Calibration", by_model["Calibration"]),
        ("Last training", losses or (line("no training is recorded", "dim"),)),
        ("Members", weight_lines(row, details.model if details else ModelSummary())),
        ("Lineage", lineage_lines(row, content.backups, content.runs, width)),
        ("Live accuracy", by_model["Live accuracy"]),
    )
    lines: list[Line] = []
    for title, body in sections:
        lines += [*([line("")] if lines else []), line(title, "head"), *body]
    return tuple(lines)


def _model_sections(
    content: SymbolPage, width: int, height: int, *, ascii_only: bool
) -> dict[str, Sequence[Line]]:
    """The sections that the child's answer is needed for, or why they are not there yet."""
    details = content.details
    if details is None:
        text = line("reading the model and the bars", "dim")
        if content.unread:
            text = line(f"ERROR: {content.unread}; {key('symbol_refresh')} asks again", "crit")
        waiting = wrapped(text, width, 4)
        titles = ("Price", "Error against naive", "Calibration", "Live accuracy")
        return dict.fromkeys(titles, waiting)
    model = details.model
    return {
        "Price": price_lines(
            model, content.row.forecast, width, height, ascii_only=ascii_only, cursor=content.cursor
        ),
        "Error against naive": error_lines(model.record, width, height, ascii_only=ascii_only),
        "Calibration": calibration_lines(model, width),
        "Live accuracy": live_lines(details.live, width),
    }


def _week_lines(details: SymbolDetails | None, width: int) -> tuple[Line, ...]:
    """The range of five sessions."""
    week = details.model.week if details else None
    return wrapped(line(forecasts.sentence(week)), width, 4) if week else ()


def _problem_lines(details: SymbolDetails | None, width: int) -> tuple[Line, ...]:
    """What the child could not read."""
    problems = details.problems if details else ()
    return wrapped_all((line(f"! {text}", "warn") for text in problems), width, 4)
