"""What a backtest walks: the rows of each symbol, made from its stored bars."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from engine.core.clock import Clock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.forecast.dataset import CONTEXT, Dataset, build_dataset
from engine.forecast.features import WARMUP
from engine.forecast.splits import SplitRules, check_bars
from engine.forecast.week import WeekRows, week_rows
from engine.market.bars import Bars, data_hash, day
from engine.market.calendar import next_session, previous_session
from engine.market.fetch import stored_bars
from engine.market.reports import ReportDates, ReportState
from engine.settings.schema import Settings

_MAX_WARNINGS = 5


@dataclass(frozen=True, slots=True, eq=False)
class BacktestData:
    """What one symbol is walked on."""

    data: Dataset
    digest: str
    """The hashes of every bar behind the rows."""
    first_bar: date
    notes: tuple[str, ...]
    """Warnings about the bars."""
    reports: ReportDates | None = None
    week: WeekRows | None = None
    """What is known of the next five sessions; None with too few bars for them."""

    @property
    def report_note(self) -> str:
        """Why report dates are not known; empty when they are, or there are none."""
        if self.reports is None or self.reports.problem:
            return self.reports.problem if self.reports else "unknown"
        known = self.reports.reports or self.reports.state is ReportState.NONE
        return "" if known else "unknown"

    @property
    def assumed_known(self) -> bool:
        """Whether a date does not say when it became public."""
        reports = self.reports.reports if self.reports else ()
        return any(report.known is None for report in reports)

    def notes_on_dates(self, first: date, last: date) -> list[str]:
        """Notes on the sessions from `first` to `last` that the bars cannot answer."""
        symbol = self.data.symbol
        first_target = day(self.data.dates[1])
        last_bar = day(self.data.dates[-1])
        notes = []
        if previous_session(first_target) >= first:
            reach = f"bars begin on {self.first_bar}, and features take {WARMUP} of them"
            notes.append(f"{symbol}: sessions before {first_target} are left out: {reach}")
        if next_session(last_bar) <= last:
            notes.append(f"{symbol}: sessions after {last_bar} are left out: bars end there")
        return notes


def load_symbols(
    home: Home, settings: Settings, source: str, symbols: tuple[str, ...], clock: Clock
) -> tuple[dict[str, BacktestData], dict[str, NoDataError]]:
    """The data of the symbols that have any, and why the others have none."""
    loaded: dict[str, BacktestData] = {}
    problems: dict[str, NoDataError] = {}
    for symbol in symbols:
        try:
            loaded[symbol] = load_symbol(home, settings, source, symbol, clock)
        except NoDataError as error:
            problems[symbol] = error
    return loaded, problems


def load_symbol(
    home: Home, settings: Settings, source: str, symbol: str, clock: Clock
) -> BacktestData:
    """The rows of a symbol from stored bars, as in training without a market that has none."""
    training = settings.training
    bars = stored_bars(home, settings, source, symbol, clock)
    check_bars(bars, SplitRules.of(training, training.sequence_length))
    doubts = (f"{symbol}: doubt: {doubt.text}" for doubt in bars.doubts)
    notes = [*doubts, *bars.warnings][:_MAX_WARNINGS]
    context: dict[str, Bars] = {}
    for name in CONTEXT:
        if name != symbol and name in settings.symbols:
            try:
                context[name] = stored_bars(home, settings, source, name, clock)
            except NoDataError as error:
                notes.append(f"{symbol}: walked without the context of {name}: {error.message}")
    digest = "".join(data_hash(part) for part in (bars, *context.values()))
    data = build_dataset(bars, context)
    week = None
    with suppress(NoDataError):
        week = week_rows(bars, context)
    return BacktestData(data, digest, bars.first_date, tuple(notes), bars.reports, week)
