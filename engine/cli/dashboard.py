"""`dashboard`: the guide's plain-text page."""

from __future__ import annotations

import sys
from typing import Any

from engine.cli import documents, render
from engine.cli.session import Session
from engine.cli.status import current_snapshot
from engine.core.errors import ExitCode
from engine.core.records import Level, SymbolState
from engine.core.snapshot import Alert, Snapshot, SymbolRow
from engine.core.sources import is_simulated
from engine.core.text import clean
from engine.words import figures, forecasts, times
from engine.words.runs import metrics_line
from engine.words.sources import SIMULATED

RECENT = 13
"""Trainings listed: one a symbol of the guide."""
_BAD = (SymbolState.CORRUPT, SymbolState.FOREIGN, SymbolState.FAILED, SymbolState.LOST)


def dashboard(session: Session) -> int:
    """Models with size and time, recent performance, runs and resources, as plain text."""
    snapshot = current_snapshot(session)
    if session.json:
        session.document(documents.status_document(snapshot))
        return ExitCode.DONE
    checks, schedule = (
        session.engine.watch.recent_checks(RECENT),
        session.engine.schedule.view().lines(),
    )
    session.facts(page(snapshot, _can_show("✅❌"), sys.stdout.isatty(), checks, schedule))
    return ExitCode.DONE


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def page(
    snapshot: Snapshot,
    marks: bool = True,
    colour: bool = False,
    checks: tuple[dict[str, Any], ...] = (),
    schedule: tuple[str, ...] = (),
) -> list[str]:
    """The whole page; `checks` come oldest first; without `marks`, states show as OK and --."""
    lines = [
        _head("ML Stock Prediction Dashboard", colour),
        f"Generated: {times.moment(snapshot.taken_at, seconds=True)}",
    ]
    lines.append(render.title(snapshot))
    for name, rows in (
        ("Model Status", [_model_line(row, marks) for row in snapshot.rows]),
        ("Next Session", [_forecast_line(row, marks) for row in snapshot.rows if row.forecast]),
        ("Recent Performance", [_check_line(each) for each in checks] or _performance(snapshot)),
        (
            "Retraining",
            [clean(f"{row.symbol}: {row.retrain}") for row in snapshot.rows if row.retrain],
        ),
        ("Alerts", [_alert_line(alert) for alert in snapshot.alerts]),
        ("Running", render.live_lines(snapshot)),
        ("Schedule", [clean(line) for line in schedule]),
        (
            "System Resources",
            [_coloured(render.meter_line(meter), meter.level, colour) for meter in snapshot.meters],
        ),
        ("Problems", [clean(problem) for problem in snapshot.problems]),
    ):
        if rows:
            lines += ["", _head(name, colour), *rows]
    return lines


def _head(text: str, colour: bool) -> str:
    return f"\x1b[1m=== {text} ===\x1b[0m" if colour else f"=== {text} ==="


def _coloured(text: str, level: Level, colour: bool) -> str:
    code = {Level.WARN: "33", Level.CRIT: "31"}.get(level)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def _model_line(row: SymbolRow, marks: bool) -> str:
    good, bad = ("✅", "❌") if marks else ("OK", "--")
    if row.model is None:
        words = "Not trained" if row.state is SymbolState.NONE else f"{row.state} {row.note}"
        return clean(f"{bad} {row.symbol}: {words}".rstrip())
    source = f" {SIMULATED}" if row.model.simulated else ""
    sign = bad if row.state in _BAD else good
    text = (
        f"{sign} {row.symbol}: {figures.size(row.model.size_bytes)}"
        f" ({times.moment(row.model.trained_at)}) {row.state}{source}"
    )
    return clean(f"{text} {row.note}".rstrip())


def _forecast_line(row: SymbolRow, marks: bool) -> str:
    """The range of the next close and the next report."""
    forecast = row.forecast
    assert forecast is not None, "rows without a forecast are left out"
    half = forecasts.half_range(forecast)
    sign = half if marks else half.replace("±", "+/-")
    reach = f"{figures.number(forecast.last_close, 2)} {sign}"
    report = forecasts.next_report(forecast)
    coming = f", report {report}" if report != figures.ABSENT else ""
    return f"{row.symbol}: {reach} for {forecast.target_session}{coming}"


def _check_line(check: dict[str, Any]) -> str:
    """One check: when, symbol, confidence, status."""
    confidence = check.get("confidence")
    shown = "no confidence" if confidence is None else f"{figures.percent(confidence)} confidence"
    simulated = f" {SIMULATED}" if is_simulated(check.get("source")) else ""
    took = times.latency(check.get("response_time"))
    status = f"{check.get('status')} in {took}{simulated}"
    return clean(f"{check['timestamp']} {check['symbol']}: {shown}, {status}")


def _alert_line(alert: Alert) -> str:
    name = f"{alert.state} {alert.rule} {alert.symbol}".rstrip()
    quiet = " (silenced)" if alert.silenced else ""
    mark = " (acknowledged)" if alert.acked else quiet
    return clean(f"{name} since {times.moment(alert.since)}{mark}: {alert.text}")


def _performance(snapshot: Snapshot) -> list[str]:
    """The held-out figures of the newest models, newest first."""
    trained = sorted(
        (row.model for row in snapshot.rows if row.model),
        key=lambda model: model.trained_at,
        reverse=True,
    )
    return [
        f"{model.trained_at.astimezone().isoformat(timespec='seconds')} {model.symbol}:"
        f" {metrics_line(model.metrics)}"
        for model in trained[:RECENT]
    ]
