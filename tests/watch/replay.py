"""A year of decisions on a movable clock: the planner and the triggers as they stand, a trainer
that only notes the time.

Day by day at 06:00, 12:00 and 18:00 New York time a check looks at every symbol, on Sundays at
02:00 `auto-train` does. Live forecasts are scored as the ledger scores them; the stand-in model
bets on a reversal of the last session, which on real bars is worth about as much as a coin.
Plans that a person would ask about are kept as lines.

    python -m tests.watch.replay FOLDER [REPORTS]        the decisions as Markdown
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from engine.core.paths import Home
from engine.core.records import Metrics
from engine.core.snapshot import PlannedAction
from engine.forecast.metrics import score
from engine.market.bars import Bars
from engine.market.calendar import NEW_YORK, exchange_day, last_complete_session, sessions_between
from engine.market.csv_file import read_rows
from engine.market.quality import checked_bars
from engine.market.report_dates import report_dates
from engine.settings import load as config
from engine.settings.home import default_settings
from engine.settings.schema import Settings
from engine.watch.auto_train import planning_context
from engine.watch.ledger import Scored, live_of
from engine.watch.planner import YEAR, PlanningContext, TrainingCandidate, decide_all
from engine.watch.reason_history import ReasonHistory, after_check, after_training
from engine.watch.records import Decision
from engine.watch.signals import drift_signals, volatility_signals, within_share
from engine.watch.trigger_facts import Live, ModelFile, Signal, SymbolFacts, TriggerVerdict
from engine.watch.triggers import TRIGGERS, verdicts

CHECKS = (time(6), time(12), time(18))
WEEKLY = time(2)


@cache
def calendar() -> list[str]:
    """The sessions of the replayed years."""
    return [day.isoformat() for day in sessions_between(date(2023, 1, 1), date(2026, 6, 30))]


def sessions_after(day: str, today: date) -> int:
    """The sessions after `day` up to `today`."""
    return max(0, bisect_right(calendar(), today.isoformat()) - bisect_right(calendar(), day))


def packaged() -> Settings:
    """The settings as they are shipped."""
    settings, problems = config.parse(default_settings(), "packaged", {})
    assert settings is not None, problems
    return settings


@dataclass
class Model:
    """The stand-in model of one symbol."""

    trained_at: datetime
    trained_to: str
    heldout: Metrics
    broken: str = ""


@dataclass(frozen=True)
class Line:
    """One decision, when it was made."""

    at: datetime
    by: str
    decision: Decision


@dataclass
class Replay:
    """Symbols, their bars and what became of them;
    `outage` days bring no bars, `corrupt` breaks a model on a day."""

    bars: dict[str, Bars]
    settings: Settings
    outage: tuple[date, ...] = ()
    corrupt: dict[date, str] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    histories: dict[str, dict[str, ReasonHistory]] = field(default_factory=dict)
    confidences: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    _signals: dict[tuple[str, str, str], tuple[tuple[Signal, ...], ...]] = field(
        default_factory=dict
    )
    _live: dict[tuple[str, str], Live] = field(default_factory=dict)
    _spent: dict[str, list[datetime]] = field(default_factory=dict)
    """When each symbol was trained for performance or drift."""
    _asked: dict[str, datetime] = field(default_factory=dict)
    """When the first forecast for a session was made live."""

    def run(self, first: date, last: date) -> list[Line]:
        """Every check and weekly training from `first` to `last`; what was decided."""
        day = first
        while day <= last:
            if day in self.corrupt and self.corrupt[day] in self.models:
                self.models[self.corrupt[day]].broken = "digest does not match"
            if day.weekday() == 6:
                self._look(_at(day, WEEKLY), "auto-train")
            for hour in CHECKS if day.weekday() < 5 else ():
                self._look(_at(day, hour), "check")
            day += timedelta(days=1)
        return self.lines

    def known(self, symbol: str, now: datetime) -> Bars:
        """The bars of a symbol that a fetch at `now` would have brought."""
        newest = last_complete_session(now, self.settings.market.settle_minutes)
        return self.bars[symbol].until(newest)

    def _look(self, now: datetime, by: str) -> None:
        down = now.astimezone(NEW_YORK).date() in self.outage
        upcoming = None
        if by == "auto-train":
            upcoming = now + timedelta(days=7)
        # A check whose forecasts all fail for want of bars is an outage; auto-train only finds no
        # fresh bars.
        context = replace(
            planning_context(now, next_auto_train=upcoming), outage=down and by == "check"
        )
        candidates = [self._candidate(symbol, now, down) for symbol in self.bars]
        for decision in decide_all(candidates, context, self.settings):
            self.lines.append(Line(now, by, decision))
            if decision.action is PlannedAction.TRAIN:
                self._train(decision, context)

    def _candidate(self, symbol: str, now: datetime, down: bool) -> TrainingCandidate:
        model, bars = self.models.get(symbol), self.known(symbol, now)
        facts = self._facts(symbol, model, bars, now, down)
        found = verdicts(facts, self.settings)
        known = self._judge(symbol, found, now, str(bars.dates[-1]))
        newest = last_complete_session(now, self.settings.market.settle_minutes)
        return TrainingCandidate(
            symbol,
            self.settings.symbols[symbol].priority,
            found,
            known,
            age_days=facts.age_days,
            trained_to=facts.trained_to,
            last_bar=str(bars.dates[-1]),
            lag_sessions=sessions_after(str(bars.dates[-1]), newest),
            bars_fault="the source cannot be reached" if down else "",
            spent=sum(now - at < YEAR for at in self._spent.get(symbol, ())),
        )

    def _judge(
        self, symbol: str, found: tuple[TriggerVerdict, ...], now: datetime, last_bar: str
    ) -> dict[str, ReasonHistory]:
        histories = self.histories.setdefault(symbol, {})
        for verdict in found:
            history = histories.get(verdict.reason, ReasonHistory())
            yesterday = exchange_day(now) - timedelta(days=1)
            sessions, quiet = (
                sessions_after(each, yesterday) if each else 0
                for each in (history.last_bar, history.fired_bar)
            )
            histories[verdict.reason] = after_check(
                replace(history, sessions=sessions, quiet=quiet), verdict, self.settings, last_bar
            )
        return histories

    def _facts(
        self, symbol: str, model: Model | None, bars: Bars, now: datetime, down: bool
    ) -> SymbolFacts:
        if model is None:
            return SymbolFacts(symbol, model=ModelFile.NONE)
        newest = (symbol, str(bars.dates[-1]))
        if newest not in self._live:
            self._live[newest] = live_of(
                self._scored(symbol, bars, now), self.settings.watch.live_window
            )
        live = self._live[newest]
        key = (symbol, str(bars.dates[-1]), model.trained_to)
        if key not in self._signals:
            held = (model.heldout.direction_accuracy, model.heldout.n_scored)
            market = self.bars.get("SPY")
            market = market.until(bars.last_date) if market is not None else None
            self._signals[key] = (
                volatility_signals(bars, market, model.trained_to, self.settings.watch),
                drift_signals(bars, live, held, self.settings.watch, market),
            )
        volatility, drift = self._signals[key]
        share = within_share(bars.close, self.settings.thresholds.max_mape, 250)
        seen = self.confidences.setdefault(symbol, [])
        if share is not None and not down and (not seen or seen[0][0] != str(bars.dates[-1])):
            seen.insert(0, (str(bars.dates[-1]), share))
        return SymbolFacts(
            symbol,
            model=ModelFile.CORRUPT if model.broken else ModelFile.OK,
            problem=model.broken,
            age_days=(now - model.trained_at).total_seconds() / 86400,
            age_sessions=sessions_after(
                exchange_day(model.trained_at).isoformat(), exchange_day(now)
            ),
            trained_to=model.trained_to,
            heldout=model.heldout,
            live=live,
            confidences=tuple(seen[:10]),
            naive_within=within_share(bars.close, self.settings.thresholds.max_mape),
            volatility=volatility,
            drift=drift,
        )

    def _scored(self, symbol: str, bars: Bars, now: datetime) -> tuple[Scored, ...]:
        """The live forecasts that were made since the first model stood, each before its
        session."""
        begun = self._asked.setdefault(symbol, now)
        rows = np.flatnonzero(bars.dates > np.datetime64(exchange_day(begun), "D"))
        return tuple(
            scored_row(symbol, bars, int(row))
            for row in rows[-self.settings.watch.live_window :]
            if row > 1
        )

    def _train(self, decision: Decision, context: PlanningContext) -> None:
        symbol, now = decision.symbol, context.now
        if (trigger := TRIGGERS.get(decision.reason)) and trigger.yearly:
            self._spent.setdefault(symbol, []).append(now)
        bars = self.known(symbol, now)
        self.models[symbol] = Model(now, str(bars.dates[-1]), held_out(bars))
        histories = self.histories.setdefault(symbol, {})
        for reason in {verdict.reason for verdict in decision.fired}:
            histories[reason] = after_training(
                histories.get(reason, ReasonHistory()), now, str(bars.dates[-1])
            )


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, NEW_YORK).astimezone(UTC)


def bet(bars: Bars, row: int) -> float:
    """The stand-in's log return for the session of `row`: a tenth of the last move, reversed."""
    return -0.1 * float(np.log(bars.close[row - 1] / bars.close[row - 2]))


def scored_row(symbol: str, bars: Bars, row: int) -> Scored:
    """The stand-in's forecast for one session and what came."""
    base, actual = float(bars.close[row - 1]), float(bars.close[row])
    forecast = base * float(np.exp(bet(bars, row)))
    return Scored(
        symbol,
        str(bars.dates[row]),
        base,
        forecast,
        base,
        base,
        base,
        base,
        50.0,
        50.0,
        base,
        actual,
    )


def held_out(bars: Bars, n: int = 120) -> Metrics:
    """The stand-in's figures on the newest `n` sessions."""
    logs = np.log(bars.close[-n - 2 :])
    moves = np.diff(logs)
    found = score(-0.1 * moves[:-1], moves[1:])
    return Metrics(found.n, found.direction, found.mape, found.naive_mape, found.mase, None)


def read_folder(folder: Path, reports: Path | None = None) -> dict[str, Bars]:
    """The bars of every configured symbol in a folder of CSV files, with its report dates."""
    settings = packaged()
    if reports is not None:
        settings = config.with_reports(settings, str(reports.absolute()))
    now, home = _at(LAST, CHECKS[-1]), Home(folder)
    paths = {name: folder / f"{name}.csv" for name in settings.names}
    return {
        name: replace(
            checked_bars(read_rows(path, name, "csv")),
            reports=report_dates(home, settings, f"csv:{folder.absolute()}", name, now),
        )
        for name, path in paths.items()
        if path.exists()
    }


def trainings(lines: list[Line]) -> list[Line]:
    """The decisions to train."""
    return [line for line in lines if line.decision.action is PlannedAction.TRAIN]


def page(lines: list[Line]) -> Iterator[str]:
    """The decisions as Markdown: a count of what is ordinary, a row for each that is not."""
    counts = Counter(
        (line.by, str(line.decision.action), line.decision.reason)
        for line in lines
        if line.decision.reason
    )
    yield "| by | decision | reason | times |"
    yield "|---|---|---|---|"
    for (by, action, reason), count in sorted(counts.items()):
        yield f"| {by} | {action} | {reason} | {count} |"
    yield ""
    yield "| when (New York) | by | symbol | decision | reason and figures |"
    yield "|---|---|---|---|---|"
    told: set[tuple[str, ...]] = set()
    groups: dict[tuple[datetime, str, PlannedAction, str], list[Decision]] = {}
    for line in lines:
        decision = line.decision
        ordinary = decision.reason in ("", "missing") or (
            decision.reason == "age" and line.by == "auto-train"
        )
        if (ordinary and decision.action is not PlannedAction.NO_BARS) or decision.action in (
            PlannedAction.COOLDOWN,
            PlannedAction.NO_NEW_BARS,
        ):
            continue
        # What stands in the way is told once a day, a chronic reason once.
        day = "" if decision.action is PlannedAction.CHRONIC else f"{line.at:%Y%m%d}"
        key = (decision.symbol, str(decision.action), decision.reason, day)
        if key not in told:
            told.add(key)
            alone = (
                decision.symbol
                if decision.action in (PlannedAction.TRAIN, PlannedAction.CHRONIC)
                and decision.reason != "age"
                else ""
            )
            groups.setdefault(
                (line.at, line.by, decision.action, decision.reason + alone), []
            ).append(decision)
    for (at, by, action, _), group in groups.items():
        names = " ".join(each.symbol for each in group)
        yield (
            f"| {at.astimezone(NEW_YORK):%a %Y-%m-%d %H:%M} | {by} | {names} | {action} |"
            f" {group[0].text} |"
        )


def sessions(first: date, last: date) -> int:
    """How many sessions there were."""
    return len(sessions_between(first, last))


FIRST, LAST = date(2024, 6, 3), date(2025, 8, 29)
OUTAGE = tuple(date(2024, 10, 13) + timedelta(days=each) for each in range(8))
CORRUPT = {date(2024, 12, 3): "NVDA"}

if __name__ == "__main__":
    replayed = Replay(read_folder(*map(Path, sys.argv[1:3])), packaged(), OUTAGE, CORRUPT)
    for text in page(replayed.run(FIRST, LAST)):
        sys.stdout.write(text + "\n")
