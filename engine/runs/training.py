"""Training one symbol: bars → fit → guard → verify → backup → publish → status.

Each step is a `phase`; the last step that can fail replaces the live model, or nothing does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.core.clock import iso
from engine.core.errors import Interrupted, StockmlError
from engine.core.records import ModelInfo
from engine.forecast import build_status, guard
from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.guard import GuardVerdict
from engine.forecast.members import base
from engine.forecast.members.base import FitOptions
from engine.market.bars import Bars
from engine.runs.champion import check_source, last_known, live_model
from engine.runs.start import check_disk
from engine.runs.training_bars import load_bars
from engine.runs.verify import PinnedForecast, Verifier
from engine.runs.work import Task
from engine.vault.backup import ensure_backup
from engine.vault.manifest import model_info
from engine.vault.publish import publish

Fit = Callable[[Task, Bars, dict[str, Bars]], Candidate]
"""Fits the symbol of a task on its bars and those of the market."""


def train_symbol(task: Task, fit: Fit | None = None) -> None:
    """Train the symbol and publish the model if the guard allows; the work of `train` runs.

    `fit` makes the candidate, `fit_candidate` where none is given.
    NoDataError, RefusedError (other kind of source), StockmlError (disk, backup), Interrupted.
    """
    check_disk(task.home, task.settings.training.free_disk_mb)
    task.report("phase", {"name": "load"})
    champion = live_model(task)
    if champion is not None and champion.manifest.run_id == task.spec.id:
        # A second try of this run: the first one died between publishing and reporting it.
        report_published(task, model_info(champion.manifest, champion.size_bytes))
        return
    check_source(task, champion)
    verifier()  # its imports take place while this process fits
    bars, context = load_bars(task)
    candidate = (fit or fit_candidate)(task, bars, context)
    verdict = guard.judge(candidate, champion, task.settings)
    task.report("scored", scores(candidate, verdict))
    if not verdict.publish and not task.spec.accept_worse:
        report_refused(task, candidate, verdict)
        return
    if task.cancelled():
        raise Interrupted("stopped before publishing")
    task.report("phase", {"name": "publish"})
    pinned = PinnedForecast(bars, context, candidate.forecast.next_close)
    report_published(task, publish_candidate(task, candidate, verdict, pinned))


def fit_candidate(task: Task, bars: Bars, context: dict[str, Bars]) -> Candidate:
    """Fit the members that the run asked for, else those of the settings."""
    members = task.spec.members or task.settings.training.members
    try:
        return fit_symbol(bars, context, task.settings, members, fit_options(task))
    except base.Cancelled as error:
        raise Interrupted("stopped at a batch") from error


def fit_options(task: Task) -> FitOptions:
    """How to fit: the settings, overridden by what the run asked for."""
    epochs = task.spec.epochs or task.settings.training.epochs
    return FitOptions.of(
        task.settings.training, epochs=epochs, report=task.report, cancelled=task.cancelled
    )


def scores(candidate: Candidate, verdict: GuardVerdict) -> dict[str, Any]:
    """The figures of candidate and champion, on the same sessions where there is a champion."""
    champion = verdict.champion_metrics
    return {
        "metrics": asdict(verdict.candidate_metrics if champion else candidate.metrics),
        "champion": asdict(champion) if champion else None,
        "sessions": verdict.sessions,
        "weights": candidate.weights,
        "why": verdict.reason,
    }


def publish_candidate(
    task: Task, candidate: Candidate, verdict: GuardVerdict, pinned: PinnedForecast
) -> ModelInfo:
    """Make the candidate live, after a second process checked it and a backup holds the old one."""
    spec = task.spec
    manifest = candidate.manifest(
        iso(task.clock.now()),
        reason=dict(spec.reasons).get(task.symbol, spec.reason),
        run_id=spec.id,
        champion=_comparison(verdict),
        accept_worse=not verdict.publish,
    )

    def back_up() -> None:
        made = ensure_backup(
            task.home, task.settings, task.symbol, spec.symbols, spec.id, task.clock
        )
        for problem in made.problems if made else ():
            task.warn(f"the backup is here only: {problem}")

    def verify(path: Path) -> None:
        verifier().check(task.home, path, pinned)

    return publish(
        task.home,
        task.symbol,
        manifest,
        candidate.layers,
        candidate.arrays,
        back_up,
        verify=verify,
        history_max=last_known(task).generation,
    )


def _comparison(verdict: GuardVerdict) -> dict[str, Any] | None:
    """What the manifest keeps of the guard's comparison."""
    if verdict.champion_metrics is None:
        return None
    return {
        "sessions": verdict.sessions,
        "ratio": verdict.ratio,
        "why": verdict.reason,
        "metrics": asdict(verdict.champion_metrics),
    }


def report_published(task: Task, info: ModelInfo) -> None:
    """Report that the model is live, and rebuild the derived status to show it."""
    task.report(
        "published",
        {"generation": info.generation, "digest": info.digest, "metrics": asdict(info.metrics)},
    )
    try:
        build_status.build(task.home, task.settings, task.symbol, task.clock)
    except (StockmlError, OSError) as error:
        # Any reader can rebuild it.
        task.warn(f"the status was not rebuilt: {error}")


def report_refused(task: Task, candidate: Candidate, verdict: GuardVerdict) -> None:
    """Report that the guard keeps the live model, and how to publish all the same."""
    hint = f"to publish it anyway: stockml train {task.symbol} --accept-worse"
    task.report("refused", {**scores(candidate, verdict), "message": verdict.reason, "hint": hint})


_verifiers: list[Verifier] = []


def verifier() -> Verifier:
    """This worker's checking process, started again if it has died."""
    if _verifiers and not _verifiers[0].alive:
        _verifiers.clear()
    if not _verifiers:
        _verifiers.append(Verifier())
    return _verifiers[0]
