"""The panels of a large dashboard: each a title and a pure function of what the console knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core.recent import parse_recent
from engine.core.records import SymbolState
from engine.core.snapshot import AlertState, Snapshot, Subject, SymbolRow
from engine.schedule.records import JobView
from engine.words import figures, times
from engine.words.phrases import without_folders
from engine.words.runs import job_counts, run_seconds, run_state
from tui.dashboard.pulse import Pulse
from tui.dashboard.text import BAD_STATES
from tui.look.chart import chart_lines
from tui.look.glyphs import ASCII, Glyphs
from tui.look.sparkline import sparkline
from tui.runs.race import race_lines
from tui.runs.text import STYLES
from tui.symbol.charts import error_lines, held_line, price_chart
from tui.widgets.lines import Line, Span, line, wrapped_all

_NAME = 9
_DAY_S = 86400
_TALL = 7
"""Lines from which a panel explains what it lists."""
_JOB_STYLES = {"Missed": "crit", "Failed": "crit", "Late": "warn", "Started": "live"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelContext:
    """What a panel draws from, and its room."""

    snapshot: Snapshot
    row: SymbolRow | None
    pulse: Pulse
    width: int
    height: int
    now: datetime
    glyphs: Glyphs

    @property
    def ascii_only(self) -> bool:
        return self.glyphs is ASCII


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlace:
    """A panel: its name in the table of sizes, its title, its lines."""

    name: str
    title: Callable[[PanelContext], str]
    lines: Callable[[PanelContext], Sequence[Line]]


def _symbol(context: PanelContext) -> str:
    return context.row.symbol if context.row else ""


def _price(context: PanelContext) -> Sequence[Line]:
    row = context.row
    recent = parse_recent(row.recent) if row else None
    if row is None or recent is None or len(recent.closes) < 2:
        return (line("no stored session to draw", "dim"),)
    chart = price_chart(recent.closes, recent.record, row.forecast)
    return chart_lines(chart, context.width, context.height, ascii_only=context.ascii_only)


def _error(context: PanelContext) -> Sequence[Line]:
    record = parse_recent(context.row.recent).record if context.row else ()
    held = held_line(record) if context.height > _TALL else ()
    height = context.height - len(held)
    drawn = error_lines(record, context.width, height, ascii_only=context.ascii_only)
    return (*held, *drawn)


def _lanes(context: PanelContext) -> Sequence[Line]:
    live = context.snapshot.live_runs
    if not live:
        return (line("nothing trains", "dim"),)
    height = max(2, context.height // len(live))
    return [
        piece
        for run in live
        for piece in race_lines(run, context.width, height, context.now, context.glyphs)
    ]


def _runs(context: PanelContext) -> Sequence[Line]:
    """The ended runs behind the newest, which has its own line."""
    ended = [run for run in context.snapshot.runs if not run.live]
    skipped = 0 if context.snapshot.live_runs else 1
    lines: list[Line] = []
    for run in ended[skipped : skipped + context.height]:
        when = times.brief_moment(run.created_at, context.now, 7)
        took = times.duration(run_seconds(run, context.now))
        state: Span = (f"{run_state(run).upper():<10}", STYLES[run.state])
        lines.append(((f"{when:<7} {took:>7} ", ""), state, (f"{run.reason}: ", "dim")))
        lines[-1] = (*lines[-1], (job_counts(run.jobs), ""))
    return lines or (line("no earlier run", "dim"),)


def _host(context: PanelContext) -> Sequence[Line]:
    """A sparkline a meter with its lowest and highest, then the service's requests."""
    samples = context.pulse.samples
    if not samples:
        return (line("the first sample comes in seconds", "dim"),)
    series: list[tuple[str, list[float | None], str, float]] = [
        (name, [each.meters.get(name) for each in samples], " %", 100.0)
        for name in samples[-1].meters
    ]
    if any(each.requests is not None for each in samples):
        series.append(("requests", [each.requests for each in samples], "/s", 1.0))
        series.append(("p50", [each.p50_ms for each in samples], " ms", 1.0))
        series.append(("p95", [each.p95_ms for each in samples], " ms", 1.0))
    room = [
        line(f"{meter.name:<{_NAME}} {meter.detail}", "dim")
        for meter in context.snapshot.meters
        if meter.detail
    ]
    return [*(_history(*each, context) for each in series), *_service(context), *room]


def _history(
    name: str, values: list[float | None], unit: str, top: float, context: PanelContext
) -> Line:
    numbers = [number for number in values if number is not None]
    low, high = (min(numbers), max(numbers)) if numbers else (None, None)
    digits = 0 if unit == " %" else 1
    span = f" {figures.number(low, digits)}–{figures.number(high, digits)}{unit}"
    cells = max(0, context.width - _NAME - len(span) - 1)
    curve = sparkline(values, cells, ascii_only=context.ascii_only, least=(0.0, top))
    return ((f"{name:<{_NAME}} ", ""), (curve, "live"), (span, ""))


def _service(context: PanelContext) -> list[Line]:
    """What the service counted since it started."""
    newest = context.pulse.samples[-1]
    if newest.total is None:
        return [line("service   not running", "dim")]
    errors = figures.number(newest.errors, 0)
    style = "" if errors == "0" else "warn"
    text = f"service   {figures.count(int(newest.total))} requests since its start, "
    return [((text, ""), (f"{errors} errors", style))]


def _next(context: PanelContext) -> Sequence[Line]:
    """The jobs by their next run, the troubled ones marked."""
    view = context.pulse.schedule
    if view is None:
        return (line("reading the schedule", "dim"),)
    if not view.installed:
        return (line("no job is installed: stockml schedule install", "warn"),)
    jobs = sorted(view.installed, key=lambda job: _next_run(job) or datetime.max.astimezone())
    lines = [piece for job in jobs for piece in _job_lines(job, context)]
    return [*lines, *(line(str(clash), "warn") for clash in view.clashes)]


def _next_run(job: JobView) -> datetime | None:
    runs = job.explained.next_runs if job.explained and job.line and job.line.enabled else ()
    return runs[0] if runs else None


def _job_lines(job: JobView, context: PanelContext) -> list[Line]:
    upcoming = _next_run(job)
    state = job.status.state.value if job.status else ""
    when = times.brief_slot(upcoming) if upcoming else "paused"
    days = (upcoming - context.now).total_seconds() / _DAY_S if upcoming else None
    span = f"in {times.age(days)}" if upcoming else ""
    head: Line = (
        (f"{when:<16} ", ""),
        (f"{span:<7} ", "dim"),
        (f"{job.job.name:<12} ", "head"),
        (state, _JOB_STYLES.get(state, "dim")),
    )
    if job.in_trouble and job.reason:
        return [head, line(f"  {job.reason}", "warn")]
    rest = job.explained.description if job.explained and context.height > _TALL else ""
    return [head, line(f"  {rest}", "dim")] if rest else [head]


def _alerts(context: PanelContext) -> Sequence[Line]:
    """What rings with its cause; then what is seen and does not ring yet."""
    lines: list[Line] = []
    for alert in context.snapshot.alerts:
        firing = alert.state is AlertState.FIRING
        style = "crit" if firing and not alert.acked else ""
        since = times.age_since(alert.since, context.now)
        head = f"{alert.rule} {alert.symbol}".strip()
        lines.append(((f"{since:>4} ", "dim"), (head, style or "head"), (f"  {alert.text}", "")))
    for row in context.snapshot.rows:
        if row.state in BAD_STATES or row.state is SymbolState.REFUSED:
            state: Span = (f"     {row.symbol} {row.state}", "warn")
            lines.append((state, (f"  {row.note}", "")))
    lines += [
        line(f"     {cause.text}", "warn")
        for cause in context.snapshot.causes
        if cause.subject in (Subject.HOST, Subject.HOME)
    ]
    clean = [tuple((without_folders(text), style) for text, style in spans) for spans in lines]
    return wrapped_all(clean, context.width, 5) or (line("nothing rings", "ok"),)


PANELS = (
    PanelPlace(
        name="price", title=lambda context: f"{_symbol(context)} price, 60 sessions", lines=_price
    ),
    PanelPlace(
        name="error", title=lambda context: f"{_symbol(context)} error ÷ naive", lines=_error
    ),
    PanelPlace(name="lanes", title=lambda _: "Training", lines=_lanes),
    PanelPlace(name="earlier", title=lambda _: "Earlier runs", lines=_runs),
    PanelPlace(name="host", title=lambda _: "Last 15 minutes", lines=_host),
    PanelPlace(name="next", title=lambda _: "Next jobs", lines=_next),
    PanelPlace(name="alerts", title=lambda _: "Alerts and warnings", lines=_alerts),
)
