"""Fitting the folds of a backtest in parallel processes that die with their parent."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from engine.core.clock import FrozenClock
from engine.core.errors import NoDataError, StockmlError
from engine.core.paths import Home
from engine.forecast.backtest_data import load_symbol
from engine.forecast.dataset import Dataset
from engine.forecast.fold_files import fold_path, write_fold
from engine.forecast.members.base import FitOptions
from engine.forecast.walk import Fold, walk_fold
from engine.settings import load as config
from engine.settings.schema import Settings

# One thread a process: two processes fill two cores better than one that shares them with itself.
_ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_POLL_S = 0.5

Progress = Callable[[str, int, int], None]
"""Called at the start (no symbol) and after each fold with its symbol, folds done, folds in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """How the folds of a backtest are fitted, and where they are kept."""

    home: Path
    folder: Path
    source: str
    members: tuple[str, ...]
    epochs: int
    at: datetime
    """The moment whose bars are walked: those of each process must be the same."""


def fit_folds(request: FitRequest, folds: Sequence[Fold], workers: int, progress: Progress) -> None:
    """Fit the folds without a file; each leaves one. StockmlError when a process is killed."""
    missing = [fold for fold in folds if not fold_path(request.folder, fold).exists()]
    done = len(folds) - len(missing)
    if folds:
        progress("", done, len(folds))
    with _pool(min(workers, len(missing))) as pool:
        pending: set[Future[str]] = {pool.submit(fit_fold, request, fold) for fold in missing}
        while pending:
            ended, pending = wait(pending, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in ended:
                done += 1
                progress(_symbol_of(future), done, len(folds))


def fit_fold(request: FitRequest, fold: Fold) -> str:
    """Fit one fold and keep what it forecast, or why its history is too short; its symbol."""
    settings, data = _loaded(request.home, request.source, fold.symbol, request.at)
    options = FitOptions.of(settings.training, request.epochs)
    path = fold_path(request.folder, fold)
    try:
        write_fold(path, walk_fold(data, fold, request.members, settings, options))
    except NoDataError as error:
        write_fold(path, error.message)
    return fold.symbol


def _symbol_of(future: Future[str]) -> str:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise StockmlError(
            "a backtest process was killed, possibly out of memory",
            "rerun the same command to resume; training.max_workers = 1 takes half the memory",
        ) from error


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes (forking after a numeric import is unsafe); an error or Ctrl-C ends them."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"), TF_CPP_MIN_LOG_LEVEL="3")
    pool = ProcessPoolExecutor(
        max(1, workers), mp_context=get_context("spawn"), initializer=_initialize
    )
    try:
        yield pool
    except BaseException:
        # There is no public way to end a fit that takes seconds.
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        for name, setting in before.items():
            if setting is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = setting
    pool.shutdown()


def _initialize() -> None:
    """Leave Ctrl-C to the parent, and die with it: nobody would read the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(70)


@cache
def _loaded(root: Path, source: str, symbol: str, at: datetime) -> tuple[Settings, Dataset]:
    """The dataset of a symbol, built once a process."""
    home = Home(root)
    settings = config.load(home)
    return settings, load_symbol(home, settings, source, symbol, FrozenClock(at)).data
