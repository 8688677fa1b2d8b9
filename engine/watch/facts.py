"""Facts: everything the triggers and the planner read of one symbol, gathered from model, bars,
ledger and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Metrics
from engine.core.sources import parse_source
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.market.calendar import exchange_day, iter_sessions, last_complete_session
from engine.settings.schema import Settings
from engine.watch import earnings, ledger
from engine.watch.decisions import Histories, read_histories
from engine.watch.planner import TrainingCandidate
from engine.watch.schema import SCHEMA
from engine.watch.trigger_facts import Live, ModelFile, Signal, SymbolFacts, TriggerVerdict

if TYPE_CHECKING:
    from engine.market.bars import Bars

MARKET = "SPY"


def source_for(home: Home, status: Status | None, settings: Settings, asked: str | None) -> str:
    """Where the bars of a symbol come from: what was asked for;
    else the settings, unless the model is of another kind."""
    wanted = parse_source(asked) if asked else parse_source(settings.market.source, home.root)
    if asked is None and status is not None and status.model is not None:
        trained = parse_source(status.model.source)
        return wanted.name if trained.kind == wanted.kind else trained.name
    return wanted.name


@dataclass(slots=True)
class BarLoader:
    """Bars asked for once a check; `fetch` False reads the stored ones and never the network."""

    home: Home
    settings: Settings
    clock: Clock
    fetch: bool
    _kept: dict[tuple[str, str], Bars | StockmlError] = field(default_factory=dict)

    def bars(self, source: str, symbol: str) -> Bars | StockmlError:
        """The bars of a symbol, or the fault why there are none."""
        from engine.market.fetch import fetch_bars, stored_bars

        key = (source, symbol)
        if key not in self._kept:
            ask = fetch_bars if self.fetch else stored_bars
            try:
                self._kept[key] = ask(self.home, self.settings, source, symbol, self.clock)
            except StockmlError as error:
                self._kept[key] = error
        return self._kept[key]


@dataclass(frozen=True, slots=True)
class SymbolInputs:
    """One symbol's model and bars, as they stand."""

    symbol: str
    source: str
    status: Status | None
    bars: Bars | None
    market: Bars | None
    fault: str = ""
    """Why there are no bars."""

    @property
    def last_bar(self) -> str:
        return str(self.bars.dates[-1]) if self.bars is not None and len(self.bars) else ""

    @property
    def trained_to(self) -> str:
        return self.status.model.last_bar if self.status and self.status.model else ""


def observe(desk: BarLoader, symbol: str, asked: str | None) -> SymbolInputs:
    """The symbol's bars, then its model's status, rebuilt where model or bars changed."""
    known = derived.read(desk.home.status(symbol))
    source = source_for(desk.home, known, desk.settings, asked)
    bars, market = desk.bars(source, symbol), desk.bars(source, MARKET)
    status = current_status(desk, symbol, source, known)
    return SymbolInputs(
        symbol,
        source,
        status,
        None if isinstance(bars, StockmlError) else bars,
        None if isinstance(market, StockmlError) else market,
        str(bars) if isinstance(bars, StockmlError) else "",
    )


def current_status(
    desk: BarLoader, symbol: str, source: str, known: Status | None
) -> Status | None:
    """The derived status, built anew unless it is of this model and these bars;
    None without a model file."""
    key = derived.current_key(desk.home, symbol, source)
    if key is None:
        return None
    if known is not None and known.key == key and known.source in ("", source):
        return known
    return derived.build(desk.home, desk.settings, symbol, desk.clock, source)


@dataclass(frozen=True, slots=True)
class PastChecks:
    """What earlier checks of one symbol say."""

    confidences: tuple[tuple[str, float], ...] = ()
    failures: int = 0


def checked(home: Home, symbol: str, source: str, rows: int = 60) -> PastChecks:
    """The confidence on each different last bar, newest first, and the newest checks in a row
    that its model failed."""
    with reading(home, SCHEMA) as connection:
        found = (
            connection.execute(
                "SELECT last_bar, confidence, fault FROM watch_checks WHERE symbol=? AND source=?"
                " ORDER BY id DESC LIMIT ?",
                (symbol, source, rows),
            ).fetchall()
            if connection is not None
            else []
        )
    confidences: dict[str, float] = {}
    for last_bar, confidence, _ in found:
        if last_bar and confidence is not None:
            confidences.setdefault(last_bar, confidence)
    failures = 0
    for _, _, fault in found:
        if fault != "model":
            break
        failures += 1
    return PastChecks(tuple(confidences.items()), failures)


def others_answer(home: Home, symbol: str) -> bool:
    """Whether the newest check of some other symbol was answered; True before the first check."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return True
        rows = connection.execute(
            "SELECT fault FROM watch_checks WHERE id IN (SELECT MAX(id) FROM watch_checks WHERE"
            " symbol<>? GROUP BY symbol)",
            (symbol,),
        ).fetchall()
    return not rows or any(fault == "" for (fault,) in rows)


def facts_of(
    seen: SymbolInputs, home: Home, settings: Settings, now: datetime, others: bool | None = None
) -> SymbolFacts:
    """The facts of one symbol;
    `others` None asks the newest checks whether other symbols answer."""
    status, model = seen.status, seen.status.model if seen.status else None
    live = ledger.live_of(ledger.scored(home, seen.symbol, seen.source), settings.watch.live_window)
    heldout = model.metrics if model else Metrics()
    before = checked(home, seen.symbol, seen.source)
    volatility, drift, naive = _signals(seen, live, heldout, settings)
    today = exchange_day(now)
    released = (
        earnings.read(home).get(seen.symbol, earnings.Releases())
        if settings.watch.earnings
        else earnings.Releases()
    )
    return SymbolFacts(
        symbol=seen.symbol,
        model=ModelFile.NONE if status is None else ModelFile(status.kind),
        problem=status.problem if status else "",
        age_days=(now - model.trained_at).total_seconds() / 86400 if model else None,
        age_sessions=(
            _sessions_after(exchange_day(model.trained_at).isoformat(), today) if model else None
        ),
        trained_to=seen.trained_to,
        last_bar=seen.last_bar,
        heldout=heldout,
        live=live,
        confidences=before.confidences,
        naive_within=naive,
        failures=before.failures,
        others_answer=others_answer(home, seen.symbol) if others is None else others,
        volatility=volatility,
        drift=drift,
        earnings=released.newest(today),
    )


Signals = tuple[tuple[Signal, ...], tuple[Signal, ...], float | None]
"""Of volatility, of drift, and the share of sessions that the naive forecast keeps within
max_mape."""


def _signals(seen: SymbolInputs, live: Live, heldout: Metrics, settings: Settings) -> Signals:
    if seen.bars is None or not seen.trained_to:
        return (), (), None
    from engine.watch.signals import drift_signals, volatility_signals, within_share

    record = (heldout.direction_accuracy, heldout.n_scored)
    return (
        volatility_signals(seen.bars, seen.market, seen.trained_to, settings.watch),
        drift_signals(seen.bars, live, record, settings.watch),
        within_share(seen.bars.close, settings.thresholds.max_mape),
    )


def _sessions_after(day: str, today: date) -> int:
    """The sessions after `day` up to `today`."""
    return sum(each.isoformat() > day for each in iter_sessions(date.fromisoformat(day), today))


def histories_of(
    seen: SymbolInputs, home: Home, now: datetime, failed: Callable[[str, str], bool]
) -> Histories:
    """What became of every reason;
    sessions count by scored forecasts where there are any, else by bars."""
    targets = [each.target for each in ledger.scored(home, seen.symbol, seen.source)]

    def since(day: str) -> int:
        return (
            sum(each > day for each in targets)
            if targets
            else _sessions_after(day, exchange_day(now))
        )

    return read_histories(home, seen.symbol, since, failed)


def candidate_of(
    seen: SymbolInputs,
    facts: SymbolFacts,
    verdicts: tuple[TriggerVerdict, ...],
    known: Histories,
    settings: Settings,
    now: datetime,
    hold: str,
    holder: str,
    spent: int,
) -> TrainingCandidate:
    """The symbol as the planner sees it."""
    newest = last_complete_session(now, settings.market.settle_minutes)
    return TrainingCandidate(
        symbol=seen.symbol,
        priority=settings.symbols[seen.symbol].priority,
        verdicts=verdicts,
        histories=known,
        age_days=facts.age_days,
        trained_to=seen.trained_to,
        last_bar=seen.last_bar,
        lag_sessions=_sessions_after(seen.last_bar, newest) if seen.last_bar else 0,
        bars_fault=seen.fault,
        local=not parse_source(seen.source).needs_network,
        hold=hold,
        holder=holder,
        spent=spent,
        newer=facts.problem if facts.model == "newer" else "",
    )
