"""Everything about one symbol, section by section: pure functions of records and of the child's
story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.core.clock import parse_iso
from engine.core.records import Forecast, Job, JobState, ModelInfo, Run
from engine.core.snapshot import SymbolRow
from engine.vault.backups import Backup
from engine.words import figures, times
from engine.words.sources import short_source
from engine.words.states import SYMBOL_STATES
from tui.dashboard.columns import STATE_STYLES
from tui.keys.labels import key
from tui.look.chart import chart
from tui.look.table import Head, table
from tui.runs.text import loss_lines
from tui.symbol.retrain_text import retrain_lines
from tui.widgets.lines import Line, line, wrapped

# Sessions of the price chart, and of one point of the error chart.
PRICES = 90
WINDOW = 20
LEAST = 5

Story = Mapping[str, Any]

# (name, meaning) of the page's sections and of the words in them, for the help.
MEANINGS = (
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
    ("Price", "closes, with the forecasts made for sessions that the model had never seen"),
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
    ("Live accuracy", "forecasts that were kept before their session closed, against what came"),
)
WORDS = (
    (
        "naive",
        "the forecast that the next close equals the last: whatever does not beat it is no use",
    ),
    ("MASE", "error ÷ the naive forecast's; below 1 beats it"),
    ("MAPE", "mean absolute percentage error"),
    ("direction", "how often the forecast had the sign of the change right, percent; 50 is a coin"),
    ("P(up)", "percent chance that the next close is above the last"),
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
    lines += (
        _forecast_lines(row.forecast)
        if row.forecast
        else [line("no forecast: " + (row.note or "no model yet"), "dim")]
    )
    if row.model:
        lines += _model_lines(row.model)
        left = max_age_days - (row.age_days or 0.0)
        if row.hold:
            lines.append(line(f"automatic training is on hold: {row.hold}", "warn"))
        elif left > 0:
            lines.append(line(f"by its age alone it is to be trained again in {left:.1f} days"))
        else:
            past = f"it is {-left:.1f} days past the age limit of {max_age_days}"
            lines.append(line(f"{past}: the next auto-train takes it", "warn"))
    if row.last_job and row.last_job.state is not JobState.DONE:
        lines.append(
            line(
                f"last training {row.last_job.state.value}: {row.last_job.message or 'no word'}",
                "warn",
            )
        )
    return tuple(piece for one in lines for piece in wrapped(one, width, 4))


def _forecast_lines(found: Forecast) -> list[Line]:
    made = (
        f"forecast for {found.target_session}: {found.next_close:.2f}"
        f" ({figures.signed(found.change)} %)"
    )
    inside = (
        f"80 % interval {found.low80:.2f} to {found.high80:.2f}, 95 % {found.low95:.2f} to"
        f" {found.high95:.2f}"
    )
    chances = (
        f"P(up) {figures.chance(found.p_up)} %, confidence {figures.chance(found.confidence)} %"
    )
    return [
        line(f"last close {found.last_close:.2f} of {found.last_bar}; {made}", "head"),
        line(f"{inside}, {chances}"),
    ]


def _model_lines(model: ModelInfo) -> list[Line]:
    mark = "SIMULATED bars" if model.simulated else f"{short_source(model.source)} bars"
    made = (
        f"generation {model.generation}, trained {times.moment(model.trained_at)} ({model.reason})"
    )
    found = model.metrics
    naive, mase = figures.percent(found.naive_mape, 2), figures.number(found.mase, 3)
    errors = f"MAPE {figures.percent(found.mape, 2)} (naive {naive}), MASE {mase}"
    return [
        line(f"{made} on {model.n_bars} {mark} {model.first_bar} to {model.last_bar}"),
        line(
            f"unseen sessions {found.n_scored}: {errors}, direction"
            f" {figures.percent(found.direction_accuracy)}"
        ),
    ]


def price_lines(story: Story, width: int, height: int, *, ascii_only: bool) -> tuple[Line, ...]:
    """Closes with the forecasts and 80 % intervals that the model made for sessions it never
    saw."""
    closes: Sequence[Any] = story["closes"][-PRICES:]
    if len(closes) < 2:
        return (line("no stored bars to draw", "dim"),)
    made = {one[0]: one for one in story["record"]}
    told = [[made[day][at] if day in made else None for day, _ in closes] for at in (2, 3, 4)]
    drawn = chart(
        [[close for _, close in closes], *told], width, height, ascii_only=ascii_only, band=True
    )
    marks = (
        "* close, o forecast, + and x the 80 % interval"
        if ascii_only
        else "line: close, dots: forecast and 80 % interval"
    )
    shown = sum(day in made for day, _ in closes)
    head = (
        f"{closes[0][0]} to {closes[-1][0]}; {marks}; {shown} of {len(closes)} sessions were"
        " forecast unseen"
    )
    return (*wrapped(line(head, "dim"), width, 4), *(line(text, "live") for text in drawn))


def rolling_mase(record: Sequence[Sequence[Any]]) -> tuple[float | None, ...]:
    """Over each window of sessions: the model's mean error divided by the naive forecast's;
    below 1 beats it."""
    found: list[float | None] = []
    for end in range(LEAST, len(record) + 1):
        part = record[max(0, end - WINDOW) : end]
        own = sum(abs(one[2] - one[5]) / one[5] for one in part)
        naive = sum(abs(one[1] - one[5]) / one[5] for one in part)
        found.append(own / naive if naive else None)
    return tuple(found)


def error_lines(story: Story, width: int, height: int, *, ascii_only: bool) -> tuple[Line, ...]:
    """Error against naive over time."""
    values = rolling_mase(story["record"])
    drawn = chart([values, [1.0] * len(values)], width, height, ascii_only=ascii_only)
    if not values:
        return (line(f"fewer than {LEAST} unseen sessions", "dim"),)
    record, mark = story["record"], "o" if ascii_only else "dots"
    span = f"{record[0][0]} to {record[-1][0]}"
    head = (
        f"MASE over {WINDOW} sessions, {span}; {mark} = 1, the naive forecast; now"
        f" {figures.number(values[-1], 3)}"
    )
    return (*wrapped(line(head, "dim"), width, 4), *(line(text, "live") for text in drawn))


def calibration_lines(story: Story, width: int) -> tuple[Line, ...]:
    """Stated confidence against what came, and the intervals' coverage."""
    heads = (
        Head("STATED", 0),
        Head("SESSIONS", 2, right=True),
        Head("MEAN", 0, right=True),
        Head("CAME", 0, right=True),
    )
    rows = []
    for one in story["calibration"]:
        texts = (
            f"{one['low']:.0f} to {one['high']:.0f} %",
            str(one["n"]),
            f"{one['stated']:.0f} %",
            f"{one['came']:.0f} %",
        )
        rows.append(tuple((text, "") for text in texts))
    if not rows:
        return (line("nothing was scored yet", "dim"),)
    header, lines = table(heads, rows, width)
    scores = story["figures"]
    held80 = figures.percent(scores.get("coverage80"), 0)
    held95 = figures.percent(scores.get("coverage95"), 0)
    error = figures.number(scores.get("ece"), 3)
    text = f"80 % intervals held {held80}, 95 % ones {held95}; calibration error {error}"
    return (header, *lines, *wrapped(line(text), width, 4))


def weight_lines(row: SymbolRow, story: Story) -> tuple[Line, ...]:
    """The members' weights with each one's own error against naive."""
    if row.model is None or not row.model.weights:
        return (line("the model tells no weights" if row.model else "no model", "dim"),)
    scores = story.get("figures", {})
    return tuple(
        line(
            f"{name:<10} {figures.percent(100 * weight):>7}   MASE alone"
            f" {figures.number(scores.get(f'mase_{name}'), 3)}"
        )
        for name, weight in sorted(row.model.weights, key=lambda pair: -pair[1])
    )


def lineage_lines(
    row: SymbolRow, backups: Sequence[Backup], runs: Sequence[Run], width: int
) -> tuple[Line, ...]:
    """Generations that are live or in a backup, and what became of every training known;
    newest first."""
    found: list[tuple[datetime, str, str]] = []
    seen: set[int] = set()
    if row.model:
        seen.add(row.model.generation)
        found.append(
            (
                row.model.trained_at,
                f"generation {row.model.generation}  live ({row.model.reason})",
                "ok",
            )
        )
    for backup in backups:
        entry = backup.entry(row.symbol)
        if entry is None or not entry.generation or entry.generation in seen:
            continue
        seen.add(entry.generation)
        try:
            at = parse_iso(entry.trained_at)
        except ValueError:
            at = backup.created_at
        found.append((at, f"generation {entry.generation}  in {backup.name}", ""))
    for run in runs:
        job = run.job(row.symbol)
        if job and job.state.ended and job.state is not JobState.DONE:
            text = f"{job.state.value} challenger  {job.message or 'no word'} ({run.id})"
            found.append((job.ended_at or run.created_at, text, "warn"))
    if not found:
        return (line("never trained", "dim"),)
    lines = [
        line(f"{times.moment(at)}  {text}", style)
        for at, text, style in sorted(found, reverse=True)[:20]
    ]
    return tuple(piece for one in lines for piece in wrapped(one, width, 6))


def live_lines(story: Story, width: int) -> tuple[Line, ...]:
    """Accuracy of the forecasts that were kept before their outcome."""
    live = story.get("live")
    if not live or not live.get("n"):
        hint = (
            "no forecast made before its session is scored yet: `stockml performance` keeps and"
            " scores them"
        )
        return wrapped(line(hint, "dim"), width, 4)
    names = (
        "n",
        "mape",
        "naive_mape",
        "mase",
        "direction_accuracy",
        "coverage80",
        "coverage95",
        "confidence",
    )
    digits = {"n": 0, "mase": 3}
    text = "  ".join(
        f"{name} {figures.number(live[name], digits.get(name, 2))}"
        for name in names
        if live.get(name) is not None
    )
    return wrapped(line(f"{live.get('first')} to {live.get('last')}: {text}"), width, 4)


def page(
    row: SymbolRow,
    story: Story | None,
    job: Job | None,
    backups: Sequence[Backup],
    runs: Sequence[Run],
    width: int,
    room: int,
    max_age_days: int,
    now: datetime,
    *,
    ascii_only: bool,
    unread: str = "",
) -> tuple[Line, ...]:
    """The whole page, each section under its title; `unread` is why there is no story."""
    tall = max(6, min(14, room // 2))
    told = (
        line(f"ERROR: {unread}; {key('symbol_refresh')} asks again", "crit")
        if unread
        else line("reading the model and the bars", "dim")
    )
    reading = wrapped(told, width, 4)
    problems = tuple(
        piece
        for text in (story["problems"] if story else ())
        for piece in wrapped(line(f"! {text}", "warn"), width, 4)
    )
    sections: tuple[tuple[str, Sequence[Line]], ...] = (
        ("Now", (*now_lines(row, max_age_days, width), *problems)),
        ("Retraining", retrain_lines(row, story.get("watch") if story else None, now, width)),
        ("Price", price_lines(story, width, tall, ascii_only=ascii_only) if story else reading),
        (
            "Error against naive",
            error_lines(story, width, tall, ascii_only=ascii_only) if story else reading,
        ),
        ("Calibration", calibration_lines(story, width) if story else reading),
        (
            "Last training",
            loss_lines(job, width, tall, ascii_only=ascii_only)
            or (line("no training is recorded", "dim"),),
        ),
        ("Members", weight_lines(row, story or {})),
        ("Lineage", lineage_lines(row, backups, runs, width)),
        ("Live accuracy", live_lines(story, width) if story else reading),
    )
    lines: list[Line] = []
    for title, body in sections:
        lines += [*([line("")] if lines else []), line(title, "head"), *body]
    return tuple(lines)
