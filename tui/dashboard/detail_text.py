"""The current row in full, for the pane at the side; the least needed sections go first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.core.recent import parse_recent
from engine.core.records import Forecast, Job, JobState, Metrics, ModelInfo, Run
from engine.core.snapshot import Alert, Snapshot, SymbolRow
from engine.words import figures, forecasts, times
from engine.words.runs import phase_word, time_left
from engine.words.sources import short_source
from engine.words.states import SYMBOL_STATES
from engine.words.triggers import retrain_sentence
from tui.dashboard.columns import STATE_STYLES
from tui.dashboard.text import BAD_STATES
from tui.look.glyphs import ASCII, Glyphs, progress_bar
from tui.runs.text import STYLES, loss_lines
from tui.symbol.charts import session_lines, weight_bars
from tui.widgets.lines import Line, line, wrapped

CHART_LINES = 8
RUNS_SHOWN = 5
SESSIONS_SHOWN = 12


def detail_lines(
    row: SymbolRow,
    snapshot: Snapshot,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    known: frozenset[str] = frozenset(),
) -> tuple[Line, ...]:
    """The details of a symbol in at most `height` lines of `width` cells, the most urgent first.

    `known` names what stands elsewhere on the screen: "row" and the columns of the table, the
    panels of the board.
    """
    title: Line = (
        (f"{row.symbol} ", "head"),
        (row.state.value, STATE_STYLES[row.state]),
        (f"  {row.company}", "dim"),
    )
    why = (0, (title, *why_lines(row, width)))
    return _fitted((why, *_sections(row, snapshot, width, glyphs, known=known)), height)


def _sections(
    row: SymbolRow, snapshot: Snapshot, width: int, glyphs: Glyphs, *, known: frozenset[str]
) -> tuple[tuple[int, Sequence[Line]], ...]:
    """The sections below the reason, each with its rank: the least needed has the highest."""
    now, ascii_only = snapshot.taken_at, glyphs is ASCII
    live = row.job if row.job is not None and row.job.state is JobState.RUNNING else None
    trained = live or row.last_job
    alerts = () if "alerts" in known else _alert_lines(snapshot.alerts, row.symbol, now, width)
    no_forecast = (line("no forecast", "dim"),)
    losses: tuple[Line, ...] = ()
    if trained and trained.losses:
        losses = loss_lines(trained, width, CHART_LINES, ascii_only=ascii_only)
    return (
        (1, alerts),
        (2, _progress_lines(live, glyphs) if live else ()),
        (3, forecast_lines(row.forecast, width, known) if row.forecast else no_forecast),
        (4, naive_lines(row.model.metrics, known) if row.model else ()),
        (7, losses),
        (5, _model_lines(row.model, width, known) if row.model else ()),
        (6, () if "earlier" in known else run_lines(snapshot.runs, row.symbol, now)),
        (9, session_lines(parse_recent(row.recent).record, SESSIONS_SHOWN)),
        (8, _weight_lines(row.model, glyphs) if row.model else ()),
    )


def _fitted(sections: Sequence[tuple[int, Sequence[Line]]], height: int) -> tuple[Line, ...]:
    """The sections that have room, an empty line between two; the first is cut if need be."""
    kept = sorted(((rank, body) for rank, body in sections if body), key=lambda section: section[0])
    while len(kept) > 1 and sum(len(body) + 1 for _, body in kept) - 1 > height:
        kept.pop()
    ranks = {rank for rank, _ in kept}
    lines: list[Line] = []
    for rank, body in sections:
        if body and rank in ranks:
            lines += [*([line("")] if lines else []), *body]
    return tuple(lines[:height])


def why_lines(row: SymbolRow, width: int) -> tuple[Line, ...]:
    """Why it is as it is, and whether automatic training will take it."""
    style = "crit" if row.state in BAD_STATES else ""
    reasons = [line(row.note or SYMBOL_STATES[row.state], style)]
    if row.hold and row.hold not in row.note:
        reasons.append(line(f"on hold: {row.hold}", "warn"))
    if row.retrain:
        reasons.append(line(retrain_sentence(row), "warn"))
    return tuple(piece for reason in reasons for piece in wrapped(reason, width, 2))


def _alert_lines(
    alerts: Sequence[Alert], symbol: str, now: datetime, width: int
) -> tuple[Line, ...]:
    lines: list[Line] = []
    for alert in alerts:
        if alert.symbol == symbol:
            since = times.age_since(alert.since, now)
            head = f"! {alert.rule} {_alert_word(alert)} {since}"
            lines.append(((head, "warn"), (f": {alert.text}", "")))
    return tuple(piece for spans in lines for piece in wrapped(spans, width, 2))


def _alert_word(alert: Alert) -> str:
    if alert.acked:
        return "acknowledged"
    return "silenced" if alert.silenced else alert.state


def _progress_lines(job: Job, glyphs: Glyphs) -> tuple[Line, ...]:
    """The running training: phase, epochs, losses, time left."""
    if not job.epochs:
        return (line(phase_word(job), "live"),)
    count = f"{phase_word(job)}, epoch {job.epoch}/{job.epochs}, {time_left(job)}"
    losses = f"loss {figures.loss(job.loss)}, validation {figures.loss(job.val_loss)}"
    return (
        line(count, "live"),
        line(progress_bar(job.epoch / job.epochs, 24, glyphs), "live"),
        line(losses),
    )


def forecast_lines(
    forecast: Forecast, width: int, known: frozenset[str] = frozenset()
) -> tuple[Line, ...]:
    """The range of the next close, the next report and the chances, but what is `known`."""
    reach = f"{forecasts.half_range(forecast)} for {forecast.target_session[5:]}"
    report = forecasts.next_report(forecast)
    style = "warn" if forecasts.is_widened(forecast) else ""
    close = line(f"close {figures.number(forecast.last_close, 2)} of {forecast.last_bar}")
    interval = line(f"80 % {figures.interval(forecast.low80, forecast.high80)}")
    chances = wrapped(line(forecasts.chances(forecast)), width, 2)
    in_row = "row" in known
    return (
        *(() if in_row else (close, line(f"range {reach}", "head"))),
        *((line(f"for {forecast.target_session}", "head"),) if in_row else ()),
        *(() if known & {"price", "80% INTERVAL"} else (interval,)),
        line(f"95 % {figures.interval(forecast.low95, forecast.high95)}"),
        *wrapped(line(f"report {report}", style), width, 2),
        *(() if in_row else chances),
    )


def naive_lines(metrics: Metrics, known: frozenset[str] = frozenset()) -> tuple[Line, ...]:
    """The model's errors and the naive forecast's on the same unseen sessions."""
    if not metrics.n_scored:
        return (line("no unseen session was scored", "dim"),)
    if "row" in known:
        naive = f"naive MAPE {figures.percent(metrics.naive_mape, 2)}"
        return (line(f"{naive}, n {metrics.n_scored} out of sample"),)
    rows = (
        ("MAPE %", figures.number(metrics.mape, 2), figures.number(metrics.naive_mape, 2)),
        ("MASE", figures.number(metrics.mase, 3), "1"),
        ("direction %", figures.number(metrics.direction_accuracy, 1), figures.ABSENT),
    )
    sessions = f"{metrics.n_scored} sessions"
    head = line(f"{sessions:<14}{'MODEL':>8}{'NAIVE':>8}", "head")
    verdict = forecasts.against_naive(metrics.mase)
    lines = [line(f"{name:<14}{own:>8}{naive:>8}") for name, own, naive in rows]
    return (head, *lines, *([line(verdict, "dim")] if verdict else []))


def _model_lines(model: ModelInfo, width: int, known: frozenset[str]) -> tuple[Line, ...]:
    mark = (
        ("SIMULATED bars", "warn")
        if model.simulated
        else (f"{short_source(model.source)} bars", "")
    )
    made = f"{model.reason}, {figures.size(model.size_bytes)}"
    return (
        line(made if "GEN" in known else f"generation {model.generation}, {made}"),
        *(() if "TRAINED" in known else (line(f"trained {times.moment(model.trained_at)}"),)),
        *wrapped((mark, (f" {model.first_bar} to {model.last_bar}", "")), width, 2),
    )


def run_lines(runs: Sequence[Run], symbol: str, now: datetime) -> tuple[Line, ...]:
    """How its last trainings ended, the newest first."""
    ended: list[Line] = []
    for run in runs:
        job = run.job(symbol)
        if job is not None and len(ended) < RUNS_SHOWN:
            when = times.brief_moment(job.ended_at or run.ended_at or run.created_at, now, 7)
            text = f" {run.reason}" + (f": {job.message}" if job.message else "")
            ended.append(
                ((f"{when:<7} ", ""), (job.state.value.upper(), STYLES[job.state]), (text, "dim"))
            )
    return (line("last runs", "head"), *ended) if ended else ()


def _weight_lines(model: ModelInfo, glyphs: Glyphs) -> tuple[Line, ...]:
    rows = weight_bars(model, glyphs)
    return (line("weights of its members", "head"), *rows) if rows else ()
