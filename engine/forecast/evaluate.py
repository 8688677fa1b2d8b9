"""Score a live model on sessions it could not have seen: those after its last training bar, else
its held-out ones.

Every session is stated as it was on its day: forecast one step ahead, interval and chances from
the outcomes before it alone, the calibration having learned from each in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.core.clock import Clock
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.records import ModelInfo
from engine.core.sources import is_simulated
from engine.forecast.dataset import Dataset, build_dataset
from engine.forecast.inference import Forecaster, load_forecaster
from engine.forecast.members.base import Floats, within
from engine.forecast.record import Record, score_rows
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.vault.model_file import StoredModel

LIVE, HELD_OUT = "live", "held-out"
LIVE_MIN = 20
"""Sessions after the last training bar from which they alone are scored: a trading month."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """One live model and the sessions it is scored on."""

    model: ModelInfo
    source: str
    """Where the scored sessions come from."""
    part: str
    """LIVE or HELD_OUT."""
    why: str
    """Why these sessions, in words."""
    record: Record
    before: Floats
    """[n] close before each session, dollars; where bars are absent an index that starts at 100."""
    indexed: bool
    tolerance: float
    """The relative error that the confidence speaks of, a fraction."""

    @property
    def symbol(self) -> str:
        return self.model.symbol

    @property
    def simulated(self) -> bool:
        """Whether model or sessions come from the simulated market."""
        return is_simulated(self.source) or self.model.simulated


def evaluate(
    home: Home, settings: Settings, symbols: Iterable[str], clock: Clock, source: str = ""
) -> dict[str, Evaluation | StockmlError]:
    """Every symbol's evaluation, or the reason why there is none;
    bars are the stored ones of `source`, else the model's."""
    found: dict[str, Evaluation | StockmlError] = {}
    for symbol in symbols:
        try:
            found[symbol] = evaluate_symbol(home, settings, symbol, clock, source)
        except StockmlError as error:
            found[symbol] = error
    return found


def evaluate_symbol(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> Evaluation:
    """Score the live model of `symbol`;
    NoDataError without one, ModelError for a file that cannot be trusted."""
    from engine.vault.model_file import model_info, read_model

    try:
        stored = read_model(home.model(symbol))
    except FileNotFoundError as error:
        raise NoDataError(f"{symbol} has no model", f"stockml train {symbol}") from error
    forecaster = load_forecaster(stored)
    source = source or stored.manifest.source
    bars: Bars | None = None
    try:
        bars = stored_bars(home, settings, source, symbol, clock)
        context = {
            name: stored_bars(home, settings, source, name, clock) for name in forecaster.context
        }
        live = live_record(forecaster, build_dataset(bars, context))
        why = f"sessions after its last training bar, {stored.manifest.last_bar}"
        few = _too_few(int(np.sum(bars.dates > forecaster.last_bar)), len(live))
    except NoDataError as error:
        live, why, few = None, "", f"no later session can be scored: {error.message}"
    if live is not None and len(live) >= LIVE_MIN:
        record, part = live, LIVE
    else:
        record, part, why = held_out(stored), HELD_OUT, few
    before, indexed = closes_before(record, bars)
    info = model_info(stored.manifest, stored.size_bytes)
    return Evaluation(info, source, part, why, record, before, indexed, forecaster.tolerance)


def live_record(forecaster: Forecaster, data: Dataset) -> Record:
    """The sessions after the last training bar whose outcome is known, each as it was stated on
    its day; may be empty."""
    start = int(np.searchsorted(data.dates, forecaster.last_bar))
    first = max(start, forecaster.sequence_length - 1)
    rows = np.arange(first, max(first, len(data) - 1), dtype=np.intp)
    return score_rows(forecaster.model, data, rows, forecaster.calibrator, forecaster.tolerance)[0]


def held_out(stored: StoredModel) -> Record:
    """The sessions at the end of its training bars that its fitting never saw, from the model
    file itself."""
    try:
        return Record.load(within("record", stored.arrays))
    except KeyError as error:
        symbol = stored.manifest.symbol
        raise ModelError(
            f"the model of {symbol} kept no held-out forecasts to score", f"stockml train {symbol}"
        ) from error


def closes_before(record: Record, bars: Bars | None) -> tuple[Floats, bool]:
    """[n] the close before each session, and whether it is an index for want of the bars."""
    if bars is not None and len(record):
        at = np.searchsorted(bars.dates, record.dates)
        if at[0] > 0 and at[-1] < len(bars) and np.array_equal(bars.dates[at], record.dates):
            return bars.close[at - 1], False
    moves = np.cumsum(record.target) - record.target
    return 100.0 * np.exp(moves), True


def _too_few(later: int, scored: int) -> str:
    """Why the later sessions are not scored alone: there are too few, or too few bars before
    them."""
    if later > scored:
        short = (
            f"{scored} of the {later} sessions after its last training bar have the bars before"
            " them that a forecast takes"
        )
        return f"only {short}, {LIVE_MIN} are needed to score those alone"
    return (
        f"{_counted(scored)} after its last training bar, {LIVE_MIN} are needed to score those"
        " alone"
    )


def _counted(count: int) -> str:
    return (
        "no session lies"
        if count == 0
        else "only 1 session lies"
        if count == 1
        else f"only {count} sessions lie"
    )
