"""Records as text: pure functions that the commands share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap

from engine.core.records import Forecast, Job, Level, Metrics, SymbolState
from engine.core.snapshot import Meter, Snapshot, SymbolRow
from engine.core.text import clean
from engine.words import figures, forecasts, times
from engine.words.phrases import bars_age
from engine.words.runs import job_progress, run_line
from engine.words.sources import NOT_REAL, source_name
from engine.words.tables import columns, text_table

STATUS_COLUMNS = columns(
    (
        "SYMBOL",
        "STATE",
        ">CLOSE",
        ">NEXT",
        ">RANGE",
        "REPORT",
        ">CONF%",
        ">DIR%",
        ">MAPE%",
        ">MASE",
        ">N",
        ">AGE",
        "TRAINED",
        "SOURCE",
        "NOTE",
    ),
    dropped_first=("TRAINED", "N", "REPORT"),
)
"""AGE nearly repeats TRAINED, N is nearly always the same; the source must stay."""
# Another word tells of a model file that is there, even where its figures could not be read yet.
_NEVER_TRAINED = (
    SymbolState.NONE,
    SymbolState.FAILED,
    SymbolState.LOST,
    SymbolState.CANCELLED,
    SymbolState.HELD,
)


def status_cells(row: SymbolRow, now: datetime) -> tuple[str, ...]:
    """A symbol as STATUS_COLUMNS cells; a running job shows its progress as the note.

    CONF% belongs to the forecast, not the held-out mean; N counts the sessions of DIR% to MASE.
    """
    forecast, model = row.forecast, row.model
    metrics = model.metrics if model else Metrics()
    return (
        row.symbol,
        row.state,
        figures.number(forecast.last_close if forecast else None, 2),
        figures.number(forecast.next_close if forecast else None, 2),
        forecasts.half_range(forecast),
        forecasts.next_report(forecast),
        figures.number(forecast.confidence if forecast else None),
        figures.number(metrics.direction_accuracy),
        figures.number(metrics.mape, 2),
        figures.number(metrics.mase, 3),
        str(metrics.n_scored) if metrics.n_scored else figures.ABSENT,
        times.age(row.age_days),
        times.brief_moment(model.trained_at if model else None, now),
        source_name(model.source if model else None),
        job_progress(row.job) if row.job else row.note,
    )


def status_table(snapshot: Snapshot, width: int | None = None) -> list[str]:
    """All symbols, then live runs, what could not be read, and what to do next in an empty home."""
    rows = [status_cells(row, snapshot.taken_at) for row in snapshot.rows]
    lines = text_table(STATUS_COLUMNS, rows, width)
    lines += legend([row.forecast for row in snapshot.rows], width)
    lines += ["", *live_lines(snapshot)] if snapshot.live_runs else []
    lines += [f"could not be read: {clean(problem)}" for problem in snapshot.problems]
    if not snapshot.live_runs and not any(
        row.model or row.state not in _NEVER_TRAINED for row in snapshot.rows
    ):
        lines += [
            "",
            (
                "no model yet: `stockml train-all` trains all of them, `stockml demo` shows how it"
                " looks"
            ),
        ]
    return lines if width is None else [line[:width] for line in lines]


def title(snapshot: Snapshot) -> str:
    """Host, home, source, worst state and the age of the bars; SIMULATED is spelled out."""
    mark = f"  {NOT_REAL}" if snapshot.simulated else ""
    age = bars_age(snapshot.bars_behind)
    old = f"  {age}" if age else ""
    return clean(
        f"{snapshot.host}  {snapshot.home}  source {snapshot.source} "
        f" {snapshot.worst}{_why(snapshot)}{old}{mark}"
    )


def _why(snapshot: Snapshot) -> str:
    """The meters behind WARN or CRIT; the table already shows bad rows."""
    bad = [
        f"{meter.name} {figures.number(meter.value, 0)}{meter.unit}"
        for meter in snapshot.meters
        if meter.level is snapshot.worst
    ]
    return f" ({', '.join(bad)})" if bad and snapshot.worst is not Level.OK else ""


def live_lines(snapshot: Snapshot) -> list[str]:
    """One line per live run."""
    return [run_line(run, snapshot.taken_at) for run in snapshot.live_runs]


# The held-out mean of the confidence: CONF% alone is what is said of one forecast.
RESULT_COLUMNS = columns(
    ("SYMBOL", "STATE", ">DIR%", ">MAPE%", ">NAIVE%", ">MASE", ">MEAN CONF%", ">TIME", "MESSAGE")
)


def result_table(
    jobs: Sequence[Job],
    busy: Sequence[tuple[str, str]] = (),
    width: int | None = None,
    *,
    simulated: bool = False,
) -> list[str]:
    """Every job's outcome, and who trains the skipped symbols; simulated figures are marked."""
    rows = [_result_cells(job) for job in jobs]
    rows += [
        (symbol, "busy", *[figures.ABSENT] * 6, f"held by {holder}") for symbol, holder in busy
    ]
    mark = [NOT_REAL] if simulated else []
    return mark + text_table(RESULT_COLUMNS, rows, width, fold=True)


def _result_cells(job: Job) -> tuple[str, ...]:
    metrics = job.metrics or Metrics()
    return (
        job.symbol,
        str(job.state),
        figures.number(metrics.direction_accuracy),
        figures.number(metrics.mape, 2),
        figures.number(metrics.naive_mape, 2),
        figures.number(metrics.mase, 3),
        figures.number(metrics.confidence),
        times.duration(job.duration_s),
        job.message,
    )


def forecast_cells(symbol: str, forecast: Forecast | None, source: str) -> tuple[str, ...]:
    """One forecast as cells: range, report, confidence, session; `-` where it is withheld."""
    if forecast is None:
        return (symbol, *[figures.ABSENT] * 10, source_name(source))
    return (
        symbol,
        figures.number(forecast.last_close, 2),
        figures.number(forecast.next_close, 2),
        forecasts.half_range(forecast),
        forecasts.next_report(forecast),
        figures.interval(forecast.low80, forecast.high80),
        figures.interval(forecast.low95, forecast.high95),
        forecasts.p_up(forecast),
        figures.number(forecast.confidence),
        forecast.last_bar,
        forecast.target_session,
        source_name(source),
    )


FORECAST_COLUMNS = columns(
    (
        "SYMBOL",
        ">CLOSE",
        ">NEXT",
        ">RANGE",
        "REPORT",
        "80 %",
        "95 %",
        ">UP%",
        ">CONF%",
        "LAST BAR",
        "FOR",
        "SOURCE",
    ),
    dropped_first=("95 %", "LAST BAR", "REPORT"),
)


def legend(shown: Sequence[Forecast | None], width: int | None = None) -> list[str]:
    """What RANGE and CONF% are, below a table that has a forecast."""
    made = [forecast for forecast in shown if forecast]
    if not made:
        return []
    near = forecasts.within(made[0])
    text = f"RANGE: half the 80 % interval; CONF%: chance of a close {near}"
    return wrap(text, width) if width else [text]


def forecast_table(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Forecasts as a table; wide lines wrap and are never cut, so the SIMULATED mark stays."""
    return text_table(FORECAST_COLUMNS, rows, width, cut=False)


def meter_line(meter: Meter) -> str:
    """One resource against its limits."""
    detail = f"  ({meter.detail})" if meter.detail else ""
    value = f"{figures.number(meter.value):>6}{meter.unit:<1}"
    return clean(f"{meter.name:<5} {value}  {meter.level}{detail}")
