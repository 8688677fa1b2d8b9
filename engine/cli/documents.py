"""Records as `--json` trees: percent as percent, seconds, bytes, UTC ISO times, null if absent."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.doubts import doubt_trees
from engine.core.errors import StockmlError
from engine.core.records import Forecast, Job, Metrics, ModelInfo, Run
from engine.core.snapshot import Alert, Snapshot, SymbolRow

if TYPE_CHECKING:
    from engine.market.bars import Bars

Tree = dict[str, Any]


def when(moment: datetime | None) -> str | None:
    """UTC ISO text, or null."""
    return None if moment is None else iso(moment)


def status_document(snapshot: Snapshot) -> Tree:
    """`status --json`."""
    return {
        "taken_at": iso(snapshot.taken_at),
        "host": snapshot.host,
        "home": snapshot.home,
        "source": snapshot.source,
        "simulated": snapshot.simulated,
        "worst": str(snapshot.worst),
        "symbols": [symbol_tree(row) for row in snapshot.rows],
        "meters": [{**asdict(meter), "level": str(meter.level)} for meter in snapshot.meters],
        "live_runs": [run.id for run in snapshot.live_runs],
        "alerts": [alert_tree(alert) for alert in snapshot.alerts],
        "checked_at": when(snapshot.checked_at),
        "problems": list(snapshot.problems),
    }


def alert_tree(alert: Alert) -> Tree:
    """One alert, its message and its silence."""
    moments = {
        "since": iso(alert.since),
        "silent_until": when(alert.silent_until),
        "sent_at": when(alert.sent_at),
    }
    return {**asdict(alert), **moments, "delivery": alert.delivery or None}


def symbol_tree(row: SymbolRow) -> Tree:
    """All data of one symbol."""
    return {
        "symbol": row.symbol,
        "company": row.company,
        "priority": row.priority,
        "state": str(row.state),
        "age_days": row.age_days,
        "note": row.note,
        "retrain": str(row.retrain) if row.retrain else None,
        "hold": row.hold or None,
        "model": model_tree(row.model) if row.model else None,
        "forecast": forecast_tree(row.forecast) if row.forecast else None,
        "bars_behind": row.bars_behind,
        "doubts": doubt_trees(row.doubts),
        "withheld": row.withheld or None,
        "job": job_tree(row.job) if row.job else None,
        "last_run": _last_run(row),
    }


def _last_run(row: SymbolRow) -> Tree | None:
    job = row.job or row.last_job
    if row.run_id is None or job is None:
        return None
    return {
        "id": row.run_id,
        "state": str(job.state),
        "reason": row.last_run_reason,
        "ended_at": when(job.ended_at),
        "duration_s": job.duration_s,
        "message": job.message,
        "metrics": metrics_tree(job.metrics) if job.metrics else None,
        "champion": metrics_tree(job.champion) if job.champion else None,
    }


def model_tree(model: ModelInfo) -> Tree:
    """The live model and its held-out figures."""
    return {
        "generation": model.generation,
        "digest": model.digest,
        "trained_at": iso(model.trained_at),
        "size_bytes": model.size_bytes,
        "source": model.source,
        "first_bar": model.first_bar,
        "last_bar": model.last_bar,
        "n_bars": model.n_bars,
        "reason": model.reason,
        "run_id": model.run_id,
        **metrics_tree(model.metrics),
        "weights": dict(model.weights),
    }


def metrics_tree(metrics: Metrics) -> Tree:
    """Held-out figures."""
    return asdict(metrics)


def forecast_tree(forecast: Forecast) -> Tree:
    """A forecast: prices in dollars; change and widths in percent of the last close."""
    return {
        **asdict(forecast),
        "doubts": doubt_trees(forecast.doubts),
        "change": forecast.change,
        "range80": forecast.range80,
        "report": forecast.report.tree if forecast.report else None,
        "report_estimated": bool(forecast.report and forecast.report.estimated),
        "width80": 100.0 * (forecast.high80 - forecast.low80) / forecast.last_close,
        "width95": 100.0 * (forecast.high95 - forecast.low95) / forecast.last_close,
    }


def job_tree(job: Job) -> Tree:
    """One symbol of one run, without losses, which stay in the journal."""
    return {
        "symbol": job.symbol,
        "state": str(job.state),
        "phase": job.phase,
        "epoch": job.epoch,
        "epochs": job.epochs,
        "loss": job.loss,
        "val_loss": job.val_loss,
        "eta_s": job.eta_s,
        "started_at": when(job.started_at),
        "ended_at": when(job.ended_at),
        "duration_s": job.duration_s,
        "message": job.message,
        "hint": job.hint,
        "warnings": list(job.warnings),
        "exit_code": job.exit_code,
        "generation": job.generation,
        "metrics": metrics_tree(job.metrics) if job.metrics else None,
        "champion": metrics_tree(job.champion) if job.champion else None,
    }


def run_tree(run: Run) -> Tree:
    """One run with its jobs."""
    return {
        "id": run.id,
        "kind": run.kind,
        "reason": run.reason,
        "source": run.source,
        "starter": run.starter,
        "state": str(run.state),
        "created_at": iso(run.created_at),
        "ended_at": when(run.ended_at),
        "message": run.message,
        "cancelling": run.cancelling,
        "warnings": list(run.warnings),
        "skipped_lines": run.skipped_lines,
        "jobs": [job_tree(job) for job in run.jobs],
    }


def error_tree(error: StockmlError) -> Tree:
    """An error with its next step and exit code."""
    return {"message": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}


def bars_tree(bars: Bars, behind: int | None = None) -> Tree:
    """Stored bars in brief; `behind` is how many complete sessions they lack."""
    empty = len(bars) == 0
    return {
        "symbol": bars.symbol,
        "source": bars.source,
        "n_bars": len(bars),
        "first_bar": None if empty else bars.first_date.isoformat(),
        "last_bar": None if empty else bars.last_date.isoformat(),
        "last_close": None if empty else float(bars.close[-1]),
        "splits": [[day.isoformat(), ratio] for day, ratio in bars.splits],
        "dividends": len(bars.dividends),
        "fetched_at": when(bars.fetched_at),
        "warnings": list(bars.warnings),
        "bars_behind": behind,
        "doubts": doubt_trees(bars.doubts),
        "accepted": doubt_trees(bars.accepted),
    }
