"""Training one symbol, from bars to the live model: load → fit → guard → backup → publish → status."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.core.clock import iso
from engine.core.errors import Interrupted, ModelError, NoDataError, RefusedError, StockmlError
from engine.core.records import Metrics, ModelInfo
from engine.forecast import status
from engine.forecast.dataset import CONTEXT
from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.guard import Verdict, judge
from engine.forecast.inference import load_forecaster
from engine.forecast.members.base import Cancelled, FitOptions
from engine.market.bars import Bars
from engine.market.fetch import fetch_bars, stored_bars
from engine.market.source import parse_source
from engine.runs.work import Report, Task
from engine.vault.backup import automatic
from engine.vault.model_file import ForeignModelError, StoredModel, read_model
from engine.vault.publish import publish

# Epochs of a small network take milliseconds; four lines a second are all that a reader can use.
_EPOCH_EVERY_S = 0.25
_CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Market:
    """What one symbol is trained on."""

    bars: Bars
    context: Mapping[str, Bars]


def train_symbol(task: Task, report: Report, cancelled: Callable[[], bool]) -> None:
    """Train `task.symbol`, report `published` or `refused`; the live model changes only by the last step.

    Raises Interrupted when cancelled, NoDataError, RefusedError (a guard said no before training), StockmlError.
    """
    check_disk(task)
    champion = live_model(task)
    check_source(task, champion)
    report("phase", {"name": "bars"})
    market = load_market(task)
    for warning in market.bars.warnings[:5]:
        report("warning", {"message": warning})
    try:
        candidate = fit(task, market, report, cancelled)
    except Cancelled as error:
        raise Interrupted(f"{task.symbol}: cancelled while fitting; nothing was replaced") from error
    for name, weight in candidate.weights.items():
        report("member", {"name": name, "weight": round(weight, 4)})
    verdict = judge(candidate, champion, task.settings)
    figures = {"metrics": _figures(verdict.candidate_metrics), "champion": _figures(verdict.champion_metrics)}
    report("scored", {**figures, "message": verdict.reason})
    if not verdict.publish and not task.spec.accept_worse:
        report("refused", {**figures, "message": f"the live model stays: {verdict.reason}", "hint": "--accept-worse overrides"})
        return
    if cancelled():
        raise Interrupted(f"{task.symbol}: cancelled before publishing; nothing was replaced")
    report("phase", {"name": "publish"})
    live = replace_live(task, market, candidate, verdict)
    report("phase", {"name": "status"})
    status.build(task.home, task.settings, task.symbol, task.clock)
    said = {"generation": live.generation, "digest": live.digest, "message": verdict.reason}
    report("published", {**said, "metrics": _figures(candidate.metrics), "champion": figures["champion"]})


def check_disk(task: Task) -> None:
    """Refuse to begin on a disk that could not take the result."""
    folder = next(path for path in (task.home.models, *task.home.models.parents) if path.is_dir())
    free, need = shutil.disk_usage(folder).free, task.settings.training.free_disk_mb * 1_000_000
    if free < need:
        message = f"{folder} has {free / 1e6:.0f} MB free, training.free_disk_mb asks for {need / 1e6:.0f}"
        raise StockmlError(message, "free space: stockml clean; nothing was changed")


def live_model(task: Task) -> StoredModel | None:
    """The champion; None when there is no file, or none that can be compared with (it is backed up all the same)."""
    try:
        return read_model(task.home.model(task.symbol))
    except (FileNotFoundError, ForeignModelError, ModelError):
        return None


def check_source(task: Task, champion: StoredModel | None) -> None:
    """RefusedError when another kind of source would take over a live model (simulated bars over real ones)."""
    if champion is None or task.spec.replace_source:
        return
    live, asked = parse_source(champion.manifest.source).kind, parse_source(task.spec.source).kind
    if live != asked:
        message = f"the live model of {task.symbol} was trained on {live} bars, this run has {asked} bars"
        raise RefusedError(message, "--replace-source trains it all the same")


def load_market(task: Task) -> Market:
    """Fresh bars of the symbol, and of what its features need beside it.

    A market index that cannot be had costs its columns, not the training: the warning says so.
    """
    bars = fetch_bars(task.home, task.settings, task.spec.source, task.symbol, task.clock)
    context = {}
    for name in CONTEXT:
        if name != task.symbol and name in task.settings.symbols:
            context[name] = _context(task, name)
    return Market(bars, {name: found for name, found in context.items() if found is not None})


def _context(task: Task, name: str) -> Bars | None:
    for load in (fetch_bars, stored_bars):
        try:
            return load(task.home, task.settings, task.spec.source, name, task.clock)
        except NoDataError:
            continue
    return None


def fit(task: Task, market: Market, report: Report, cancelled: Callable[[], bool]) -> Candidate:
    """The candidate, with progress reported at most a few times a second."""
    training, spec = task.settings.training, task.spec
    options = FitOptions(
        epochs=spec.epochs or training.epochs,
        batch_size=training.batch_size,
        sequence_length=training.sequence_length,
        patience=training.patience,
        early_stopping=training.early_stopping,
        seed=training.seed,
        report=_paced(report),
        cancelled=cancelled,
    )
    return fit_symbol(market.bars, market.context, task.settings, spec.members or training.members, options)


def _paced(report: Report) -> Callable[[str, dict[str, Any]], None]:
    """Passes on every phase, the first epoch, the last one, and those in between four times a second."""
    last = -math.inf

    def say(kind: str, values: dict[str, Any]) -> None:
        nonlocal last
        now = time.monotonic()
        final = values.get("epoch") in (1, values.get("epochs"))
        if kind == "epoch" and not final and now - last < _EPOCH_EVERY_S:
            return
        if kind == "epoch":
            last = now
        report(kind, values)

    return say


def replace_live(task: Task, market: Market, candidate: Candidate, verdict: Verdict) -> ModelInfo:
    """Publish the candidate: verified, the old model backed up, renamed into place."""
    comparison = None
    if verdict.champion_metrics is not None:
        comparison = {"metrics": _figures(verdict.champion_metrics), "sessions": verdict.sessions, "ratio": verdict.ratio}
    manifest = candidate.manifest(
        iso(task.clock.now()),
        task.spec.reason,
        task.spec.id,
        champion=comparison,
        accept_worse=task.spec.accept_worse and not verdict.publish,
    )

    def verify(path: Path) -> None:
        found = load_forecaster(read_model(path)).forecast(market.bars, market.context).next_close
        if not abs(found / candidate.forecast.next_close - 1.0) <= _CLOSE:
            raise ModelError(
                f"{path} forecasts {found}, the fit {candidate.forecast.next_close}", "report this; nothing was replaced"
            )

    def backup() -> object:
        return automatic(task.home, task.settings, task.symbol, task.spec.symbols, task.spec.id, task.clock)

    return publish(task.home, task.symbol, manifest, candidate.layers, candidate.arrays, backup, verify=verify)


def _figures(metrics: Metrics | None) -> dict[str, float | int | None] | None:
    return asdict(metrics) if metrics is not None else None
