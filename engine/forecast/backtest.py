"""The walk-forward backtest: folds fitted in parallel, each kept as a file, so it can be resumed.

Folds are in evaluation_results/.backtest-<key>/ until the table is made; the key depends on bars,
settings, members and the forecasting code (`walk.CODE`).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.core.clock import Clock, FrozenClock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.forecast.backtest_data import BacktestData, load_symbols
from engine.forecast.baselines import check_arch
from engine.forecast.dataset import Dataset
from engine.forecast.features import WARMUP
from engine.forecast.fold_files import exclusive, fold_path, read_fold
from engine.forecast.fold_pool import FitRequest, Progress, fit_folds
from engine.forecast.problems import problem_entry
from engine.forecast.scoreboard import scoreboard
from engine.forecast.walk import CODE, Fold, FoldForecast, Walk, join, plan_folds
from engine.forecast.week_scores import week_record
from engine.market.bars import day
from engine.market.reports import AHEAD
from engine.settings.schema import Settings

_FORMAT = 1
"""Of the file of a fold; with another number all are fitted anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What to walk; `first` and `last` are target sessions, both included."""

    symbols: tuple[str, ...]
    source: str
    first: date
    last: date
    retrain_every: int
    members: tuple[str, ...]
    epochs: int
    baselines: bool = False
    """Whether EWMA and GARCH(1,1)-t are scored beside."""


def backtest(
    home: Home, settings: Settings, request: BacktestRequest, clock: Clock, progress: Progress
) -> dict[str, Any]:
    """The table of `request` (see `scoreboard`) with the request, `notes` and `problems`.

    Notes are on what was left out, problems on symbols without a scored session; NoDataError if all
    are such. KeyboardInterrupt leaves the fitted folds for next time.
    """
    if request.baselines:
        check_arch()
    tolerance = settings.thresholds.max_mape / 100.0
    moment = FrozenClock(clock.now())
    loaded, problems = load_symbols(home, settings, request.source, request.symbols, moment)
    folds = {symbol: folds_of(part.data, request) for symbol, part in loaded.items()}
    folder = home.evaluations / f".backtest-{key_of(settings, request, loaded)}"
    fit_request = _fit_request(home, folder, request, moment.now())
    walks: list[Walk] = []
    notes: list[str] = []
    with exclusive(folder):
        every_fold = list(chain(*folds.values()))
        workers = settings.training.workers_for(len(every_fold)).count
        fit_folds(fit_request, every_fold, workers, progress)
        for symbol, part in loaded.items():
            try:
                walk, walk_notes = collect(part, folds[symbol], request, folder, tolerance)
            except NoDataError as error:
                problems[symbol] = error
            else:
                walks.append(walk)
                notes += walk_notes
        shutil.rmtree(folder)
    if not walks:
        raise next(problems[symbol] for symbol in request.symbols)
    return {
        "request": msgspec.to_builtins(request),
        "notes": notes,
        "report_dates": _reports_used(loaded),
        "problems": [problem_entry(symbol, error) for symbol, error in problems.items()],
        **scoreboard(walks, tolerance),
    }


def _reports_used(loaded: Mapping[str, BacktestData]) -> dict[str, Any]:
    """Symbols without report dates, and from how many sessions ahead a date counts as known.

    None where every date says since when it was public.
    """
    unknown = {symbol: part.report_note for symbol, part in loaded.items() if part.report_note}
    assumed = any(part.assumed_known for part in loaded.values())
    return {"unknown": unknown, "known_sessions_ahead": AHEAD if assumed else None}


def _fit_request(home: Home, folder: Path, request: BacktestRequest, at: datetime) -> FitRequest:
    return FitRequest(
        home=home.root,
        folder=folder,
        source=request.source,
        members=request.members,
        epochs=request.epochs,
        at=at,
    )


def folds_of(data: Dataset, request: BacktestRequest) -> tuple[Fold, ...]:
    """The folds of one symbol."""
    first = np.datetime64(request.first, "D")
    last = np.datetime64(request.last, "D")
    return plan_folds(data, first, last, request.retrain_every)


def key_of(settings: Settings, request: BacktestRequest, loaded: Mapping[str, BacktestData]) -> str:
    """Sixteen hex digits that change with anything that could change a fold."""
    digests = sorted((symbol, part.digest) for symbol, part in loaded.items())
    key = hashlib.sha256(msgspec.json.encode([_FORMAT, request, settings.training, digests]))
    for name in CODE:
        key.update((Path(__file__).parents[1] / name).read_bytes())
    return key.hexdigest()[:16]


def collect(
    loaded: BacktestData,
    folds: Sequence[Fold],
    request: BacktestRequest,
    folder: Path,
    tolerance: float,
) -> tuple[Walk, list[str]]:
    """The walk of a symbol, and notes on sessions left out; NoDataError when none was scored."""
    data = loaded.data
    if not folds:
        raise _no_session(loaded, request)
    fitted: list[tuple[Fold, FoldForecast]] = []
    skipped = 0
    cause = ""
    for fold in folds:
        outcome = read_fold(fold_path(folder, fold))
        if isinstance(outcome, FoldForecast):
            fitted.append((fold, outcome))
        else:
            skipped += fold.stop - fold.start
            cause = outcome.removeprefix(f"{data.symbol}: ")
    notes = loaded.notes_on_dates(request.first, request.last)
    if skipped:
        left = f"{skipped} sessions are left out, the history before them is too short to train on"
        notes.append(f"{data.symbol}: {left}: {cause}")
    if not fitted:
        raise NoDataError(notes[-1], "choose later dates, or fetch more history")
    every = request.retrain_every if request.baselines else 0
    walk = join(data, fitted, skipped, tolerance, every)
    week = week_record(loaded.week, walk.dates, tolerance) if loaded.week else None
    return replace(walk, week=week), [*loaded.notes, *notes]


def _no_session(loaded: BacktestData, request: BacktestRequest) -> NoDataError:
    data = loaded.data
    return NoDataError(
        f"{data.symbol}: no session from {request.first} to {request.last} can be forecast: bars go"
        f" from {loaded.first_bar} to {day(data.dates[-1])}, and features take the first {WARMUP}",
        "choose other dates, or fetch more history",
    )
