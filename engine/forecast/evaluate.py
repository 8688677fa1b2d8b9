"""Score a live model on sessions it could not have seen: those since its training, else held-out.

Each is stated as on its day: one step ahead, the calibration having learned from those before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.core.clock import Clock
from engine.core.doubts import withheld_reason
from engine.core.errors import ModelError, NoDataError, StockmlError, symbol_fault
from engine.core.paths import Home
from engine.core.progress import counted
from engine.core.records import Forecast, ModelInfo
from engine.core.sources import is_simulated
from engine.forecast.dataset import Dataset, Dates, build_dataset
from engine.forecast.inference import Forecaster, load_forecaster
from engine.forecast.members.base import Floats, within
from engine.forecast.record import ForecastRecord, score_rows
from engine.forecast.week import week_rows
from engine.forecast.week_scores import WeekRecord, week_record
from engine.market.bars import Bars
from engine.market.fetch import stored_bars
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.vault.model_file import StoredModel

LIVE, HELD_OUT = "live", "held-out"
LIVE_MIN = 20
"""Sessions after the last training bar from which they alone are scored: a trading month."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Evaluation:
    """One live model and the sessions it is scored on."""

    model: ModelInfo
    source: str
    """Where the scored sessions come from."""
    part: str
    """LIVE or HELD_OUT."""
    why: str
    """Why these sessions, in words."""
    record: ForecastRecord
    before: Floats
    """[n] close before each session, dollars; where bars are absent an index that starts at 100."""
    indexed: bool
    tolerance: float
    """The relative error of the confidence, a fraction."""
    week: WeekRecord | None = None
    """What is stated of five sessions, from the same closes; None without their bars."""
    forecast: Forecast | None = None
    """Of the next session; None where the bars do not allow one."""

    @property
    def symbol(self) -> str:
        return self.model.symbol

    @property
    def simulated(self) -> bool:
        """Whether model or sessions come from the simulated market."""
        return is_simulated(self.source) or self.model.simulated


Evaluations = Mapping[str, Evaluation | StockmlError]
"""By symbol; an error where a symbol could not be scored."""


def evaluate(
    home: Home, settings: Settings, symbols: Iterable[str], clock: Clock, source: str = ""
) -> Evaluations:
    """Every symbol's evaluation on stored bars of `source`, else of the model's own."""
    evaluations: dict[str, Evaluation | StockmlError] = {}
    for symbol in counted(symbols):
        try:
            evaluations[symbol] = evaluate_symbol(home, settings, symbol, clock, source)
        except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
            evaluations[symbol] = symbol_fault(symbol, error)
    return evaluations


def evaluate_symbol(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> Evaluation:
    """Score a live model; NoDataError without one, ModelError for a file that cannot be trusted."""
    from engine.vault.manifest import model_info
    from engine.vault.model_reader import read_model

    try:
        stored = read_model(home, home.model(symbol))
    except FileNotFoundError as error:
        raise NoDataError(f"{symbol} has no model", f"stockml train {symbol}") from error
    forecaster = load_forecaster(stored)
    source = source or stored.manifest.source
    bars: Bars | None = None
    context: dict[str, Bars] = {}
    try:
        bars = stored_bars(home, settings, source, symbol, clock)
        context = {
            name: stored_bars(home, settings, source, name, clock) for name in forecaster.context
        }
        record = live_record(forecaster, build_dataset(bars, context, forecaster.calibrator.scale))
        later = int(np.sum(bars.dates > forecaster.last_bar))
        why_held_out = "" if len(record) >= LIVE_MIN else _too_few(later, len(record))
    except NoDataError as error:
        why_held_out = f"no later session can be scored: {error.message}"
    if why_held_out:
        record = held_out(stored)
    before, indexed = closes_before(record, bars)
    return Evaluation(
        model=model_info(stored.manifest, stored.size_bytes),
        source=source,
        part=HELD_OUT if why_held_out else LIVE,
        why=why_held_out or f"sessions after its last training bar, {stored.manifest.last_bar}",
        record=record,
        before=before,
        indexed=indexed,
        tolerance=forecaster.tolerance,
        week=_week_record(bars, context, record.dates, forecaster.tolerance),
        forecast=_next_forecast(forecaster, bars, context),
    )


def _week_record(
    bars: Bars | None, context: Mapping[str, Bars], dates: Dates, tolerance: float
) -> WeekRecord | None:
    """What was stated of five sessions from the close before each of `dates`."""
    try:
        return week_record(week_rows(bars, context), dates, tolerance) if bars else None
    except NoDataError:
        return None  # too few bars for a range of five sessions


def _next_forecast(
    forecaster: Forecaster, bars: Bars | None, context: Mapping[str, Bars]
) -> Forecast | None:
    """The forecast of the session after the bars, for the report; None where there is none."""
    try:
        if bars is None or withheld_reason(bars.doubts):
            return None
        return forecaster.forecast(bars, context)
    except StockmlError:
        return None  # the figures of past sessions stand without it


def live_record(forecaster: Forecaster, data: Dataset) -> ForecastRecord:
    """The sessions after the last training bar with a known outcome, as stated on their days."""
    start = int(np.searchsorted(data.dates, forecaster.last_bar))
    first = max(start, forecaster.sequence_length - 1)
    rows = np.arange(first, max(first, len(data) - 1), dtype=np.intp)
    return score_rows(forecaster.model, data, rows, forecaster.calibrator, forecaster.tolerance)[0]


def held_out(stored: StoredModel) -> ForecastRecord:
    """The sessions at the end of the training bars that no fitting saw, from the model file."""
    try:
        return ForecastRecord.load(within("record", stored.arrays))
    except KeyError as error:
        symbol = stored.manifest.symbol
        raise ModelError(
            f"the model of {symbol} kept no held-out forecasts to score", f"stockml train {symbol}"
        ) from error


def closes_before(record: ForecastRecord, bars: Bars | None) -> tuple[Floats, bool]:
    """[n] the close before each session, and whether it is an index because bars are missing."""
    if bars is not None and len(record):
        rows = np.searchsorted(bars.dates, record.dates)
        inside = rows[0] > 0 and rows[-1] < len(bars)
        if inside and np.array_equal(bars.dates[rows], record.dates):
            return bars.close[rows - 1], False
    moves = np.cumsum(record.target) - record.target
    return 100.0 * np.exp(moves), True


def _too_few(later: int, scored: int) -> str:
    """Why the later sessions are not scored alone: too few of them, or of the bars before them."""
    if later > scored:
        return (
            f"only {scored} of the {later} sessions after its last training bar have the bars"
            f" before them that a forecast takes, {LIVE_MIN} are needed to score those alone"
        )
    needed = f"after its last training bar, {LIVE_MIN} are needed to score those alone"
    if scored == 0:
        return f"no session lies {needed}"
    if scored == 1:
        return f"only 1 session lies {needed}"
    return f"only {scored} sessions lie {needed}"
