"""The bars that a training reads: the symbol's own and those of the market."""

from __future__ import annotations

from engine.core.clock import is_ahead
from engine.core.errors import NoDataError
from engine.core.sources import parse_source
from engine.forecast.dataset import CONTEXT
from engine.forecast.inference import check_withheld
from engine.market.bars import Bars
from engine.market.fetch import fetch_bars, stored_bars
from engine.market.staleness import bars_behind
from engine.runs.work import Task
from engine.words.phrases import bars_age

_MAX_WARNINGS = 5


def load_bars(task: Task) -> tuple[Bars, dict[str, Bars]]:
    """The symbol's bars and its market context; NoDataError without the symbol's own.

    WithheldError where a doubt would make the model's forecast meaningless and nobody accepts it.
    """
    bars = bars_of(task, task.symbol)
    doubts = [f"doubt: {doubt.text} ({doubt.key})" for doubt in bars.doubts]
    for warning in (*doubts, *bars.warnings)[:_MAX_WARNINGS]:
        task.warn(warning)
    settle_minutes = task.settings.market.settle_minutes
    behind = bars_behind(str(bars.last_date), task.clock.now(), settle_minutes)
    if behind > task.settings.watch.bar_lag_sessions:
        task.warn(bars_age(behind))
    if not task.spec.accept_doubts:
        check_withheld(bars)
    context = {}
    for name in CONTEXT:
        if name == task.symbol:
            continue
        try:
            context[name] = bars_of(task, name)
        except NoDataError as error:
            task.warn(f"trained without the context of {name}: {error.message}")
    return bars, context


def bars_of(task: Task, symbol: str) -> Bars:
    """The bars of `symbol`; a network source is asked once a run, then the stored bars are used."""
    request = (task.home, task.settings, task.spec.source, symbol, task.clock)
    if parse_source(task.spec.source).needs_network:
        try:
            stored = stored_bars(*request)
        except NoDataError:
            stored = None
        if stored is not None and _is_of_this_run(task, stored):
            return stored
    accept_rebase = task.spec.accept_rebase and symbol in task.spec.symbols
    return fetch_bars(*request, accept_rebase=accept_rebase)


def _is_of_this_run(task: Task, stored: Bars) -> bool:
    """Whether the bars were fetched since the run began, by a clock that was right."""
    at = stored.fetched_at
    return at is not None and task.spec.created_at <= at and not is_ahead(at, task.clock.now())
