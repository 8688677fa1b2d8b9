"""The walk-forward backtest: folds fitted in parallel, each kept as a file, so that a broken-off one goes on.

What was fitted lies in evaluation_results/.backtest-<key>/, the key taken from everything that shapes a fold: bars,
settings, members and the code of this room. The folder goes when the table is made.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.core import config
from engine.core.clock import Clock, SystemClock
from engine.core.config import Settings
from engine.core.errors import NoDataError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.forecast.dataset import CONTEXT, Dataset, build_dataset
from engine.forecast.fit import data_hash
from engine.forecast.members.base import FitOptions, nested, within
from engine.forecast.scoreboard import scoreboard
from engine.forecast.walk import Fold, FoldForecast, Walk, join, plan_folds, walk_fold
from engine.market.bars import Bars
from engine.market.fetch import stored_bars

# One thread a process: two processes fill two cores better than one that shares them with itself.
_SINGLE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_LOOK_EVERY_S = 0.5

Progress = Callable[[str, int, int], None]
"""Told of every fold that is done: its symbol, folds done, folds in all."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What to walk; `first` and `last` are target sessions, both included."""

    symbols: tuple[str, ...]
    source: str
    first: date
    last: date
    retrain_every: int
    members: tuple[str, ...]
    epochs: int


def backtest(home: Home, settings: Settings, request: BacktestRequest, clock: Clock, progress: Progress) -> dict[str, Any]:
    """The table of `request` (see `scoreboard`), with the request itself and what was left out.

    Raises NoDataError when no symbol has a session to forecast; KeyboardInterrupt leaves the fitted folds for next time.
    """
    tolerance = settings.thresholds.max_mape / 100.0
    data = {symbol: load(home, settings, request.source, symbol, clock) for symbol in request.symbols}
    folds = [fold for each in data.values() for fold in plan_of(each[0], request)]
    if not folds:
        last = max(str(each[0].dates[-1]) for each in data.values())
        message = f"no session of {' '.join(request.symbols)} lies from {request.first} to {request.last}; bars end on {last}"
        raise NoDataError(message, "choose other dates, or fetch more history")
    folder = home.evaluations / f".backtest-{key_of(settings, request, {name: each[1] for name, each in data.items()})}"
    fit_folds(home, request, folds, folder, settings.training.workers, progress)
    walks, notes = collect(data, folds, folder, tolerance)
    if not walks:
        raise NoDataError(notes[0], "choose later dates")
    answer = {"request": msgspec.to_builtins(request), "notes": notes, **scoreboard(walks, tolerance)}
    shutil.rmtree(folder)
    return answer


def load(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> tuple[Dataset, str]:
    """The rows of a symbol from stored bars, and the hash of every bar behind them."""
    bars = stored_bars(home, settings, source, symbol, clock)
    context: dict[str, Bars] = {}
    for name in CONTEXT:
        if name != symbol and name in settings.symbols:
            context[name] = stored_bars(home, settings, source, name, clock)
    return build_dataset(bars, context), "".join(data_hash(each) for each in (bars, *context.values()))


def plan_of(data: Dataset, request: BacktestRequest) -> tuple[Fold, ...]:
    """The folds of one symbol."""
    first, last = np.datetime64(request.first, "D"), np.datetime64(request.last, "D")
    return plan_folds(data, first, last, request.retrain_every)


def key_of(settings: Settings, request: BacktestRequest, hashes: Mapping[str, str]) -> str:
    """Sixteen hex digits that change with anything that could change a fold."""
    total = hashlib.sha256(msgspec.json.encode([request, settings.training, sorted(hashes.items())]))
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def fit_folds(home: Home, request: BacktestRequest, folds: list[Fold], folder: Path, workers: int, progress: Progress) -> None:
    """Fit what has no file yet, the latest folds first, for they are the longest; every one leaves a file."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [fold for fold in folds if not fold_path(folder, fold).exists()]
    done = len(folds) - len(missing)
    if done:
        progress("", done, len(folds))
    with _pool(min(workers, len(missing))) as pool:
        waiting: set[Future[str]] = {pool.submit(fit_fold, str(home.root), request, fold, str(folder)) for fold in missing}
        while waiting:
            ended, waiting = wait(waiting, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            for future in ended:
                done += 1
                progress(future.result(), done, len(folds))


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes started afresh (forking after a numeric import is unsafe); an error or Ctrl-C ends them at once."""
    before = {name: os.environ.get(name) for name in _SINGLE}
    os.environ.update(dict.fromkeys(_SINGLE, "1"), TF_CPP_MIN_LOG_LEVEL="3")
    pool = ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn"), initializer=_prepare)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):  # no public way to end a fit that takes seconds
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    pool.shutdown()


def _prepare() -> None:
    """Ctrl-C is the parent's matter; when it dies, so do we, for nobody would read the answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(70)


@cache
def _loaded(root: str, source: str, symbol: str) -> tuple[Settings, Dataset]:
    """The dataset of a symbol, built once a process."""
    home = Home(Path(root))
    settings = config.load(home)
    return settings, load(home, settings, source, symbol, SystemClock())[0]


def fit_fold(root: str, request: BacktestRequest, fold: Fold, folder: str) -> str:
    """Fit one fold and keep its forecasts; an empty file says that its history is too short. The symbol."""
    settings, data = _loaded(root, request.source, fold.symbol)
    training = settings.training
    options = FitOptions(
        epochs=request.epochs,
        batch_size=training.batch_size,
        sequence_length=training.sequence_length,
        patience=training.patience,
        early_stopping=training.early_stopping,
        seed=training.seed,
    )
    try:
        found = walk_fold(data, fold, request.members, settings, options)
    except NoDataError:
        arrays = {}
    else:
        weights = {name: np.array(value) for name, value in found.weights.items()}
        arrays = nested("forecasts", found.forecasts) | nested("weights", weights)
    buffer = io.BytesIO()
    named: dict[str, Any] = {name.replace("/", "."): values for name, values in arrays.items()}
    np.savez(buffer, **named)
    write_atomic(fold_path(Path(folder), fold), buffer.getvalue(), name="fold")
    return fold.symbol


def fold_path(folder: Path, fold: Fold) -> Path:
    """Where a fold is kept."""
    return folder / f"{fold.name}.npz"


def read_fold(path: Path) -> FoldForecast | None:
    """What a fold forecast; None when its history was too short."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name.replace(".", "/", 1): file[name] for name in file.files}
    if not arrays:
        return None
    weights = {name: float(value) for name, value in within("weights", arrays).items()}
    return FoldForecast(within("forecasts", arrays), weights)


def collect(
    data: Mapping[str, tuple[Dataset, str]], folds: list[Fold], folder: Path, tolerance: float
) -> tuple[list[Walk], list[str]]:
    """A walk for every symbol that has one, and words for the sessions left out."""
    walks, notes = [], []
    for symbol, (rows, _) in data.items():
        mine = [fold for fold in folds if fold.symbol == symbol]
        read = [(fold, read_fold(fold_path(folder, fold))) for fold in mine]
        done = [(fold, found) for fold, found in read if found is not None]
        skipped = sum(fold.stop - fold.start for fold, found in read if found is None)
        if skipped:
            notes.append(f"{symbol}: {skipped} sessions are left out, the history before them is too short to train on")
        if not mine:
            notes.append(f"{symbol}: no bars in these sessions")
        if done:
            walks.append(join(rows, done, skipped, tolerance))
    return walks, notes
