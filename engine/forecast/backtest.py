"""The walk-forward backtest: folds fitted in parallel, each kept as a file, so that a broken-off
one goes on.

What was fitted lies in evaluation_results/.backtest-<key>/, the key taken from everything that
shapes a fold: bars, settings, members and the code that makes forecasts (`walk.CODE`). The
folder goes when the table is made.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.core.clock import Clock, SystemClock
from engine.core.errors import BusyError, NoDataError, StockmlError
from engine.core.files import FileLock, lock_holder, write_atomic
from engine.core.paths import Home
from engine.forecast.dataset import CONTEXT, Dataset, build_dataset
from engine.forecast.features import WARMUP
from engine.forecast.fit import data_hash
from engine.forecast.members.base import FitOptions, nested, within
from engine.forecast.scoreboard import scoreboard
from engine.forecast.splits import check_bars
from engine.forecast.walk import CODE, Fold, FoldForecast, Walk, join, plan_folds, walk_fold
from engine.market.bars import Bars, day
from engine.market.calendar import next_session, previous_session
from engine.market.fetch import stored_bars
from engine.settings import load as config
from engine.settings.schema import Settings

# One thread a process: two processes fill two cores better than one that shares them with itself.
_SINGLE = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_LOOK_EVERY_S = 0.5
_FORMAT = 1
"""Of the file of a fold; another number fits all of them anew."""
_MOST_WARNINGS = 5

Progress = Callable[[str, int, int], None]
"""Told of the folds that are there at the start (no symbol), then of every one fitted: its
symbol, folds done, folds in all."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a symbol is walked on: its rows, the hash of every bar behind them, its first bar,
    what to tell of its bars."""

    data: Dataset
    digest: str
    begin: date
    notes: tuple[str, ...]


def backtest(
    home: Home, settings: Settings, request: BacktestRequest, clock: Clock, progress: Progress
) -> dict[str, Any]:
    """The table of `request` (see `scoreboard`), with the request itself, `notes` on what was
    left out, and `problems`: one for each symbol of which no session could be scored.

    Raises NoDataError when there is no symbol but such; KeyboardInterrupt leaves the fitted
    folds for next time.
    """
    tolerance = settings.thresholds.max_mape / 100.0
    found, problems = materials(home, settings, request, clock)
    folds = [fold for each in found.values() for fold in plan_of(each.data, request)]
    digests = {name: each.digest for name, each in found.items()}
    folder = home.evaluations / f".backtest-{key_of(settings, request, digests)}"
    with _alone(folder):
        fit_folds(home, request, folds, folder, settings.training.workers, progress)
        walks, notes = walks_of(found, folds, request, folder, tolerance, problems)
        shutil.rmtree(folder)
    if not walks:
        raise next(problems[symbol] for symbol in request.symbols)
    told_of = [
        {
            "symbol": symbol,
            "message": error.message,
            "hint": error.hint,
            "exit_code": int(error.exit_code),
        }
        for symbol, error in problems.items()
    ]
    return {
        "request": msgspec.to_builtins(request),
        "notes": notes,
        "problems": told_of,
        **scoreboard(walks, tolerance),
    }


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder of the folds for this process only: of two that fit the same, one would take it
    from under the other."""
    with FileLock(folder / "lock") as lock:
        if not lock.acquire(f"backtest, process {os.getpid()}"):
            holder = lock_holder(lock.path) or "another process"
            raise BusyError("the same backtest runs already", f"wait for it: {holder}", holder)
        yield


def walks_of(
    found: Mapping[str, Material],
    folds: list[Fold],
    request: BacktestRequest,
    folder: Path,
    tolerance: float,
    problems: dict[str, NoDataError],
) -> tuple[list[Walk], list[str]]:
    """A walk for every symbol that has one, and words for the sessions left out;
    the others join `problems`."""
    walks, notes = [], []
    for symbol, material in found.items():
        try:
            walk, told = collect(
                material,
                [fold for fold in folds if fold.symbol == symbol],
                request,
                folder,
                tolerance,
            )
        except NoDataError as error:
            problems[symbol] = error
        else:
            walks.append(walk)
            notes += told
    return walks, notes


def materials(
    home: Home, settings: Settings, request: BacktestRequest, clock: Clock
) -> tuple[dict[str, Material], dict[str, NoDataError]]:
    """What there is of every symbol, and why there is nothing of the others."""
    found, problems = {}, {}
    for symbol in request.symbols:
        try:
            found[symbol] = load(home, settings, request.source, symbol, clock)
        except NoDataError as error:
            problems[symbol] = error
    return found, problems


def load(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> Material:
    """The rows of a symbol from stored bars;
    where the market's bars are missing, without them, as in training."""
    training, bars = settings.training, stored_bars(home, settings, source, symbol, clock)
    check_bars(bars, training.sequence_length, training.validation_split, training.holdout_sessions)
    notes, context = list(bars.warnings[:_MOST_WARNINGS]), dict[str, Bars]()
    for name in CONTEXT:
        if name != symbol and name in settings.symbols:
            try:
                context[name] = stored_bars(home, settings, source, name, clock)
            except NoDataError as error:
                notes.append(f"{symbol}: walked without the context of {name}: {error.message}")
    digest = "".join(data_hash(each) for each in (bars, *context.values()))
    return Material(build_dataset(bars, context), digest, bars.first_date, tuple(notes))


def plan_of(data: Dataset, request: BacktestRequest) -> tuple[Fold, ...]:
    """The folds of one symbol."""
    first, last = np.datetime64(request.first, "D"), np.datetime64(request.last, "D")
    return plan_folds(data, first, last, request.retrain_every)


def key_of(settings: Settings, request: BacktestRequest, hashes: Mapping[str, str]) -> str:
    """Sixteen hex digits that change with anything that could change a fold."""
    total = hashlib.sha256(
        msgspec.json.encode([_FORMAT, request, settings.training, sorted(hashes.items())])
    )
    for name in CODE:
        total.update((Path(__file__).parent / name).read_bytes())
    return total.hexdigest()[:16]


def fit_folds(
    home: Home,
    request: BacktestRequest,
    folds: list[Fold],
    folder: Path,
    workers: int,
    progress: Progress,
) -> None:
    """Fit what has no file yet; every fold leaves one. StockmlError when a process is killed."""
    missing = [fold for fold in folds if not fold_path(folder, fold).exists()]
    done = len(folds) - len(missing)
    if folds:
        progress("", done, len(folds))
    with _pool(min(workers, len(missing))) as pool:
        waiting: set[Future[str]] = {
            pool.submit(fit_fold, str(home.root), request, fold, str(folder)) for fold in missing
        }
        while waiting:
            ended, waiting = wait(waiting, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            for future in ended:
                done += 1
                progress(_symbol_of(future), done, len(folds))


def _symbol_of(future: Future[str]) -> str:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise StockmlError(
            "a process of the backtest was killed, for want of memory perhaps",
            "the same command goes on where it stopped; training.max_workers = 1 takes half the"
            " memory",
        ) from error


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes started afresh (forking after a numeric import is unsafe);
    an error or Ctrl-C ends them at once."""
    before = {name: os.environ.get(name) for name in _SINGLE}
    os.environ.update(dict.fromkeys(_SINGLE, "1"), TF_CPP_MIN_LOG_LEVEL="3")
    pool = ProcessPoolExecutor(
        max(1, workers), mp_context=get_context("spawn"), initializer=_prepare
    )
    try:
        yield pool
    except BaseException:
        for process in list(
            (pool._processes or {}).values()
        ):  # no public way to end a fit that takes seconds
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
    return settings, load(home, settings, source, symbol, SystemClock()).data


def fit_fold(root: str, request: BacktestRequest, fold: Fold, folder: str) -> str:
    """Fit one fold and keep its forecasts, or in words why its history is too short. The symbol."""
    settings, data = _loaded(root, request.source, fold.symbol)
    options = FitOptions.of(settings.training, request.epochs)
    try:
        found = walk_fold(data, fold, request.members, settings, options)
    except NoDataError as error:
        arrays = {"short": np.array(error.message)}
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


def read_fold(path: Path) -> FoldForecast | str:
    """What a fold forecast; the words why, when its history was too short."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name.replace(".", "/", 1): file[name] for name in file.files}
    if "short" in arrays:
        return str(arrays["short"])
    weights = {name: float(value) for name, value in within("weights", arrays).items()}
    return FoldForecast(within("forecasts", arrays), weights)


def collect(
    material: Material, folds: list[Fold], request: BacktestRequest, folder: Path, tolerance: float
) -> tuple[Walk, list[str]]:
    """The walk of a symbol, and words for the sessions left out;
    NoDataError when none could be scored."""
    data = material.data
    if not folds:
        words = f"{data.symbol}: no session from {request.first} to {request.last} can be forecast"
        reach = (
            f"bars go from {material.begin} to {day(data.dates[-1])}, and features take the first"
            f" {WARMUP}"
        )
        raise NoDataError(f"{words}: {reach}", "choose other dates, or fetch more history")
    done, notes, skipped, why = [], edges(material, request), 0, ""
    for fold in folds:
        found = read_fold(fold_path(folder, fold))
        if isinstance(found, FoldForecast):
            done.append((fold, found))
        else:
            skipped, why = skipped + fold.stop - fold.start, found.removeprefix(f"{data.symbol}: ")
    if skipped:
        left = f"{skipped} sessions are left out, the history before them is too short to train on"
        notes.append(f"{data.symbol}: {left}: {why}")
    if not done:
        raise NoDataError(notes[-1], "choose later dates, or fetch more history")
    return join(data, done, skipped, tolerance), [*material.notes, *notes]


def edges(material: Material, request: BacktestRequest) -> list[str]:
    """Words for the sessions that were asked for and lie before or after what the bars can
    answer."""
    symbol, first, last = (
        material.data.symbol,
        day(material.data.dates[1]),
        day(material.data.dates[-1]),
    )
    notes = []
    if previous_session(first) >= request.first:
        reach = f"bars begin on {material.begin}, and features take {WARMUP} of them"
        notes.append(f"{symbol}: sessions before {first} are left out: {reach}")
    if next_session(last) <= request.last:
        notes.append(f"{symbol}: sessions after {last} are left out: bars end there")
    return notes
