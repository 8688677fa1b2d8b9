"""Training one symbol: bars → fit → guard → verify → backup → publish → status.

Every step says its name as a `phase`. The live model is replaced by the last step that can fail,
or not at all.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.errors import Interrupted, ModelError, NoDataError, RefusedError, StockmlError
from engine.market.source import SOURCES, parse_source
from engine.runs.provenance import LastKnownModel, last_known_model
from engine.runs.spec import AUTOMATIC
from engine.runs.start import check_disk
from engine.runs.store import RunStore
from engine.runs.verify import Pinned, Verifier
from engine.runs.work import Cancelled, Reporter, Task

if TYPE_CHECKING:
    from pathlib import Path

    from engine.core.paths import Home
    from engine.core.records import ModelInfo
    from engine.forecast.fit import Candidate
    from engine.forecast.guard import GuardVerdict
    from engine.forecast.members.base import FitOptions
    from engine.market.bars import Bars
    from engine.vault.model_file import StoredModel

_MOST_WARNINGS = 5


def train_symbol(task: Task, report: Reporter, cancelled: Cancelled) -> None:
    """Train the symbol and publish the model if the guard allows.

    The work function of `train` runs.

    Raises NoDataError, RefusedError (another kind of source), StockmlError (disk, backup, file),
    Interrupted.
    """
    from engine.forecast.fit import fit_symbol
    from engine.forecast.guard import judge
    from engine.forecast.members import base
    from engine.vault.manifest import model_info

    check_disk(task.home, task.settings.training.free_disk_mb)
    report("phase", {"name": "load"})
    champion = live_model(task, report)
    if champion is not None and champion.manifest.run_id == task.spec.id:
        # A second try of this run: the first one died after its model went live and before it could
        # say so.
        report_published(task, report, model_info(champion.manifest, champion.size_bytes))
        return
    check_source(task, live_source(task, champion))
    verifier()  # its imports take place while this process fits
    bars, context = load_bars(task, report)
    members = task.spec.members or task.settings.training.members
    try:
        candidate = fit_symbol(
            bars, context, task.settings, members, fit_options(task, report, cancelled)
        )
    except base.Cancelled as error:
        raise Interrupted("stopped at a batch") from error
    verdict = judge(candidate, champion, task.settings)
    report("scored", scored(candidate, verdict))
    if not verdict.publish and not task.spec.accept_worse:
        report(
            "refused",
            {**scored(candidate, verdict), "message": verdict.reason, "hint": _accept_hint(task)},
        )
        return
    if cancelled():
        raise Interrupted("stopped before publishing")
    report("phase", {"name": "publish"})
    info = publish_candidate(
        task, report, candidate, verdict, Pinned(bars, context, candidate.forecast.next_close)
    )
    report_published(task, report, info)


def live_model(task: Task, report: Reporter) -> StoredModel | None:
    """The live model.

    None, with a warning, for a file that cannot be compared with (a backup keeps it).

    RefusedError where nobody asked for the training and a newer stockml made the file.
    """
    from engine.vault.model_file import ForeignModelError, NewerModelError, read_model

    path = task.home.model(task.symbol)
    try:
        return read_model(path)
    except FileNotFoundError:
        return None
    except ForeignModelError:
        report(
            "warning",
            {"message": f"{path.name} was not written by stockml: it is backed up, then replaced"},
        )
    except NewerModelError as error:
        if task.spec.reason.startswith(AUTOMATIC):
            raise RefusedError(
                error.message,
                f"update stockml; a person may replace it: stockml train {task.symbol}",
            ) from error
        report("warning", {"message": f"{error.message}: it is backed up, then replaced"})
    except ModelError as error:
        report(
            "warning",
            {
                "message": (
                    f"the live model is broken: {error.message}: it is backed up, then replaced"
                )
            },
        )
    return None


def live_source(task: Task, champion: StoredModel | None) -> str:
    """Where the bars of the live model came from;
    of a broken file, what status, runs and backups still know ('' = nothing)."""
    if champion is not None:
        return champion.manifest.source
    return _known(task).source if task.home.model(task.symbol).exists() else ""


def _known(task: Task) -> LastKnownModel:
    return last_known_model(task.home, task.symbol, _runs(task.home))


@lru_cache(maxsize=1)
def _runs(home: Home) -> RunStore:
    """One for the worker's life: a new one would read its own run's journal anew for every
    symbol, a square in all."""
    return RunStore(home)


def check_source(task: Task, live: str) -> None:
    """RefusedError when the live model comes from another kind of source (simulated over real,
    say)."""
    asked = task.spec.source
    if not live or task.spec.replace_source or live.partition(":")[0] == asked.partition(":")[0]:
        return
    raise RefusedError(
        f"the live model of {task.symbol} was trained from {live}, this run reads {asked}",
        f"stockml train {task.symbol} --source {shlex.quote(asked)} --replace-source",
    )


def load_bars(task: Task, report: Reporter) -> tuple[Bars, dict[str, Bars]]:
    """The symbol's bars and those of the market it is seen against;
    NoDataError without the symbol's own."""
    from engine.forecast.dataset import CONTEXT

    bars = bars_of(task, task.symbol)
    for warning in bars.warnings[:_MOST_WARNINGS]:
        report("warning", {"message": warning})
    context = {}
    for name in CONTEXT:
        if name == task.symbol:
            continue
        try:
            context[name] = bars_of(task, name)
        except NoDataError as error:
            report(
                "warning", {"message": f"trained without the context of {name}: {error.message}"}
            )
    return bars, context


def bars_of(task: Task, symbol: str) -> Bars:
    """The bars of `symbol`: asked of the source, but not of the network again when this run
    already did."""
    from engine.market.fetch import fetch_bars, stored_bars

    asked = (task.home, task.settings, task.spec.source, symbol, task.clock)
    if SOURCES[parse_source(task.spec.source).kind].network:
        try:
            stored = stored_bars(*asked)
        except NoDataError:
            stored = None
        if stored and stored.fetched_at and stored.fetched_at >= task.spec.created_at:
            return stored
    return fetch_bars(*asked)


def fit_options(task: Task, report: Reporter, cancelled: Cancelled) -> FitOptions:
    """How to fit: the settings, with what the run asked for laid over them."""
    from engine.forecast.members.base import FitOptions

    training = task.settings.training
    return FitOptions(
        epochs=task.spec.epochs or training.epochs,
        batch_size=training.batch_size,
        sequence_length=training.sequence_length,
        patience=training.patience,
        early_stopping=training.early_stopping,
        seed=training.seed,
        report=report,
        cancelled=cancelled,
    )


def scored(candidate: Candidate, verdict: GuardVerdict) -> dict[str, Any]:
    """The figures of candidate and champion;
    on the same sessions where there is a champion to compare with."""
    champion = verdict.champion_metrics
    return {
        "metrics": asdict(verdict.candidate_metrics if champion else candidate.metrics),
        "champion": asdict(champion) if champion else None,
        "sessions": verdict.sessions,
        "weights": candidate.weights,
        "why": verdict.reason,
    }


def publish_candidate(
    task: Task, report: Reporter, candidate: Candidate, verdict: GuardVerdict, pinned: Pinned
) -> ModelInfo:
    """Make the candidate the live model, after another process has checked the file and a backup
    holds the old one."""
    from engine.vault.backup import automatic
    from engine.vault.publish import publish

    spec = task.spec
    manifest = candidate.manifest(
        iso(task.clock.now()),
        reason=dict(spec.reasons).get(task.symbol, spec.reason),
        run_id=spec.id,
        champion=_comparison(verdict),
        accept_worse=not verdict.publish,
    )

    def backup() -> None:
        made = automatic(task.home, task.settings, task.symbol, spec.symbols, spec.id, task.clock)
        for problem in made.problems if made else ():
            report("warning", {"message": f"the backup stands here alone: {problem}"})

    def verify(path: Path) -> None:
        verifier().check(path, pinned)

    known = _known(task).generation
    contents = (manifest, candidate.layers, candidate.arrays)
    return publish(task.home, task.symbol, *contents, backup, verify=verify, history_max=known)


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


def report_published(task: Task, report: Reporter, info: ModelInfo) -> None:
    """Say that the model is live, and show it."""
    report(
        "published",
        {"generation": info.generation, "digest": info.digest, "metrics": asdict(info.metrics)},
    )
    refresh_status(task, report)


def refresh_status(task: Task, report: Reporter) -> None:
    """Rebuild the derived status, so that the console shows the new model at once;
    it can be rebuilt by any reader."""
    from engine.forecast import status

    try:
        status.build(task.home, task.settings, task.symbol, task.clock)
    except (StockmlError, OSError) as error:
        report("warning", {"message": f"the status was not rebuilt: {error}"})


_verifiers: list[Verifier] = []


def verifier() -> Verifier:
    """This worker's checking process, started again if it has died."""
    if _verifiers and not _verifiers[0].alive:
        _verifiers.clear()
    if not _verifiers:
        _verifiers.append(Verifier())
    return _verifiers[0]


def _accept_hint(task: Task) -> str:
    return f"to publish it all the same: stockml train {task.symbol} --accept-worse"
