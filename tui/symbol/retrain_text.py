"""Why a symbol is or is not retrained, for its row, the line under the table and its page."""

from __future__ import annotations

from datetime import datetime

from engine.core.clock import parse_iso
from engine.core.snapshot import PlannedAction, SymbolRow
from engine.core.symbol_details import (
    EarningsReport,
    RetrainExplanation,
    SignalReport,
    StandingHold,
    TriggerReport,
)
from engine.words import times
from engine.words.triggers import OBSTACLE_WORDS, not_retrained, retrain_sentence
from tui.keys.labels import key
from tui.widgets.lines import Line, Span, line, wrapped, wrapped_all


def retrain_lines(
    row: SymbolRow, explanation: RetrainExplanation | None, now: datetime, width: int
) -> tuple[Line, ...]:
    """The decision, obstacles and every trigger's verdict; less until there is an explanation."""
    if explanation is None:
        sentence = retrain_sentence(row) or "nothing fired at the newest check"
        hold = StandingHold(row.hold) if row.hold else None
        known = [line(sentence, "warn" if row.retrain else ""), *_hold_lines(row.symbol, hold)]
        return _folded(known, width)
    head = [
        _decision(explanation),
        *_hold_lines(row.symbol, explanation.hold),
        *_next_lines(explanation, now),
    ]
    triggers = [
        piece
        for verdict in explanation.verdicts
        for piece in _trigger_lines(verdict, explanation, now, width)
    ]
    return (*_folded(head, width), *triggers)


def _folded(lines: list[Line], width: int) -> tuple[Line, ...]:
    return wrapped_all(lines, width, 4)


def _trigger_lines(
    verdict: TriggerReport, explanation: RetrainExplanation, now: datetime, width: int
) -> list[Line]:
    """A verdict, the signals of its trigger that it does not name itself, known releases."""
    lines = [*wrapped(_verdict(verdict, now), width, 18)]
    texts = {report.text for report in explanation.verdicts}
    for signal in explanation.signals:
        if signal.reason == verdict.reason and signal.text not in texts:
            lines += wrapped(_signal(signal), width, 20)
    if verdict.reason == "earnings":
        releases = earnings_words(explanation.earnings, now)
        lines += wrapped(line(f"{'':18}{releases}", "dim"), width, 18)
    return lines


def _decision(explanation: RetrainExplanation) -> Line:
    """What the planner would do now."""
    action, text = explanation.action, explanation.text
    if action is PlannedAction.TRAIN:
        return line(f"to be retrained by the next check or auto-train: {text}", "warn")
    if action is PlannedAction.FINE:
        return line(f"no reason to retrain: {text}", "ok")
    obstacle = None if text.startswith(action) else OBSTACLE_WORDS.get(action)
    meaning = f" ({action}: {obstacle.meaning})" if obstacle else ""
    return line(f"{not_retrained(action)}: {text}{meaning}", "warn")


def _hold_lines(symbol: str, hold: StandingHold | None) -> list[Line]:
    if hold is None:
        return []
    since = f" since {times.moment(parse_iso(hold.since))}" if hold.since else ""
    until = f" up to and including {hold.until}" if hold.until else ""
    ends = f"`stockml unhold {symbol}` ends it, {key('symbol_retrain')} trains it anyway"
    return [line(f"on hold{since}{until}: {hold.reason}; {ends}", "warn")]


def _next_lines(explanation: RetrainExplanation, now: datetime) -> list[Line]:
    """When automatic training and the checks look again."""
    upcoming, checked_at = explanation.next_auto_train, explanation.checked_at
    by_itself = (
        f"next scheduled training {times.moment(upcoming)}"
        if upcoming
        else f"no training is scheduled ({key('main_to_schedule')} shows the schedule)"
    )
    last = (
        f"last check {times.moment(checked_at)} ({_ago(checked_at, now)} ago)"
        if checked_at
        else f"never checked: {key('check')} on the dashboard does"
    )
    return [line(f"{by_itself}; {last}", "dim")]


def _verdict(verdict: TriggerReport, now: datetime) -> Line:
    mark: Span = ("FIRES ", "warn") if verdict.fired else ("ok    ", "ok")
    past = f"; chronic: {verdict.chronic}" if verdict.chronic else ""
    if verdict.trained_at:
        past += f"; trained for it {_ago(verdict.trained_at, now)} ago"
    return (mark, (f"{verdict.reason:<12}", "head"), (f"{verdict.text}{past}", ""))


def _signal(signal: SignalReport) -> Line:
    return line(f"{'':18}{signal.text}", "warn" if signal.fired else "dim")


def earnings_words(earnings: EarningsReport, now: datetime) -> str:
    """The releases known, and how old that knowledge is."""
    if not earnings.covered:
        return "releases are looked up for Yahoo's symbols alone (watch.earnings)"
    if earnings.fetched_at is None and not earnings.origin:
        return "releases were not looked up yet: the next check does"
    coming = f", next on {earnings.coming}" if earnings.coming else ""
    newest = f"newest release {earnings.newest}" if earnings.newest else "no release known"
    if earnings.fetched_at is None:
        return f"{newest}{coming}; from {earnings.origin}"
    return f"{newest}{coming}; looked up {_ago(earnings.fetched_at, now)} ago"


def _ago(moment: datetime, now: datetime) -> str:
    return times.age_since(moment, now)
