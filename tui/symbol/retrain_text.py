"""Why a symbol is or is not retrained: a word for its row, a sentence under the table, a section
of its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.core.clock import parse_iso
from engine.core.snapshot import SymbolRow
from engine.words import times
from engine.words.triggers import OBSTACLE_WORDS, not_retrained, retrain_sentence
from tui.keys.labels import key
from tui.widgets.lines import Line, Span, line, wrapped

Watch = Mapping[str, Any]


def retrain_lines(
    row: SymbolRow, watch: Watch | None, now: datetime, width: int
) -> tuple[Line, ...]:
    """The decision, what is in the way, every trigger's verdict with value, limit, n and window;
    what is known meanwhile."""
    if watch is None:
        told = retrain_sentence(row) or "nothing fired at the newest check"
        known = [
            line(told, "warn" if row.retrain else ""),
            *_hold_lines(row.symbol, {"reason": row.hold} if row.hold else None),
        ]
        return tuple(piece for one in known for piece in wrapped(one, width, 4))
    lines: list[Line] = [
        _decision(watch),
        *_hold_lines(row.symbol, watch["hold"]),
        *_next_lines(watch, now),
    ]
    short = [piece for one in lines for piece in wrapped(one, width, 4)]
    signals = [
        each
        for each in watch["signals"]
        if each["text"] not in {one["text"] for one in watch["verdicts"]}
    ]
    for verdict in watch["verdicts"]:
        short += wrapped(_verdict(verdict, now), width, 18)
        short += [
            piece
            for each in signals
            if each["reason"] == verdict["reason"]
            for piece in wrapped(_signal(each), width, 20)
        ]
        if verdict["reason"] == "earnings":
            short += wrapped(
                line(f"{'':18}{earnings_words(watch['earnings'], now)}", "dim"), width, 18
            )
    return tuple(short)


def _decision(watch: Watch) -> Line:
    """What the planner would do now."""
    action, text = watch["decision"]["action"], watch["decision"]["text"]
    if action == "train":
        return line(f"to be retrained by the next check or auto-train: {text}", "warn")
    if action == "fine":
        return line(f"no reason to retrain: {text}", "ok")
    obstacle = None if text.startswith(action) else OBSTACLE_WORDS.get(action)
    meaning = f" ({action}: {obstacle.meaning})" if obstacle else ""
    return line(f"{not_retrained(action)}: {text}{meaning}", "warn")


def _hold_lines(symbol: str, hold: Mapping[str, Any] | None) -> list[Line]:
    if not hold:
        return []
    since = f" since {_moment(hold['since'])}" if hold.get("since") else ""
    until = f" up to and including {hold['until']}" if hold.get("until") else ""
    ends = f"`stockml unhold {symbol}` ends it, {key('symbol_retrain')} trains it all the same"
    told = f"on hold{since}{until}: {hold['reason']}; {ends}"
    return [line(told, "warn")]


def _next_lines(watch: Watch, now: datetime) -> list[Line]:
    """When somebody looks again."""
    upcoming, checked = watch["next_auto_train"], watch["checked_at"]
    by_itself = (
        f"next scheduled training {_moment(upcoming)}"
        if upcoming
        else f"no training is scheduled ({key('main_to_schedule')} shows the schedule)"
    )
    last = (
        f"last check {_moment(checked)} ({_ago(checked, now)} ago)"
        if checked
        else f"never checked: {key('check')} on the dashboard does"
    )
    return [line(f"{by_itself}; {last}", "dim")]


def _verdict(verdict: Watch, now: datetime) -> Line:
    mark: Span = ("FIRES ", "warn") if verdict["fired"] else ("ok    ", "ok")
    past = f"; chronic: {verdict['chronic']}" if verdict["chronic"] else ""
    if verdict["trained_at"]:
        past += f"; trained for it {_ago(verdict['trained_at'], now)} ago"
    return (mark, (f"{verdict['reason']:<12}", "head"), (f"{verdict['text']}{past}", ""))


def _signal(signal: Watch) -> Line:
    return line(f"{'':18}{signal['text']}", "warn" if signal["fired"] else "dim")


def earnings_words(found: Watch, now: datetime) -> str:
    """The releases known, and how old that knowledge is."""
    if not found["asked"]:
        return "releases are looked up for Yahoo's symbols alone (watch.earnings)"
    if not found["fetched_at"]:
        return "releases were not looked up yet: the next check does"
    coming = f", next on {found['coming']}" if found["coming"] else ""
    newest = f"newest release {found['newest']}" if found["newest"] else "no release known"
    return f"{newest}{coming}; looked up {_ago(found['fetched_at'], now)} ago"


def _moment(text: str) -> str:
    return times.moment(parse_iso(text))


def _ago(text: str, now: datetime) -> str:
    return times.age(max(0.0, (now - parse_iso(text)).total_seconds() / 86_400))
