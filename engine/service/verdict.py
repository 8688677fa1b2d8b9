"""Judges one prediction of the service: status, latency and forecast, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.client.records import ServiceReply
from engine.core.errors import NoDataError, RefusedError, StockmlError
from engine.core.records import Level
from engine.core.text import clean
from engine.settings.schema import ResourceSettings
from engine.words import figures, times
from engine.words.phrases import bars_age

_NUMBERS = ("current_price", "predicted_price", "confidence", "p_up")
_TEXTS = ("trading_signal", "target_session", "as_of", "source")


def response_level(reply: ServiceReply, limits: ResourceSettings) -> Level:
    """OK, WARN above `response_warn_s`, CRIT above `response_crit_s` or without a success."""
    if not reply.ok or reply.seconds > limits.response_crit_s:
        return Level.CRIT
    return Level.WARN if reply.seconds > limits.response_warn_s else Level.OK


def response_error(reply: ServiceReply) -> StockmlError | None:
    """Why there is no prediction, and the next step; None if there is one."""
    if reply.status == 0:
        return StockmlError(reply.problem, "start it: stockml serve")
    if not reply.ok:
        kind = str(reply.tree.get("type", "")).rpartition(":")[2]
        words = f"HTTP {reply.status}: {reply.problem}"
        if kind == "withheld":
            return RefusedError(words)
        return NoDataError(words) if kind == "no-data" else StockmlError(words)
    if not _is_prediction(reply.tree):
        return StockmlError(
            f"HTTP {reply.status}, but the answer is no prediction",
            "another program may have the port",
        )
    return None


def _is_prediction(tree: dict[str, Any]) -> bool:
    interval = tree.get("interval")
    return (
        all(isinstance(tree.get(name), int | float) for name in _NUMBERS)
        and all(isinstance(tree.get(name), str) for name in _TEXTS)
        and isinstance(interval, dict)
        and all(isinstance(interval.get(name), int | float) for name in ("low80", "high80"))
    )


def latency_line(symbol: str, reply: ServiceReply, limits: ResourceSettings) -> str:
    """`NVDA OK · HTTP 200 in 4.1 ms (WARN above 5 s, CRIT 10 s)`."""
    level = response_level(reply, limits)
    thresholds = f"(WARN above {limits.response_warn_s:g} s, CRIT {limits.response_crit_s:g} s)"
    took = f"HTTP {reply.status} in {times.latency(reply.seconds)}"
    return f"{symbol} {level} · {took} {thresholds}"


def _bar_marks(tree: dict[str, Any]) -> Iterator[str]:
    """The age of the bars and the doubts about them; nothing from an older service."""
    behind, doubts = tree.get("bars_behind"), tree.get("doubts")
    if isinstance(behind, int) and behind:
        yield bars_age(behind)
    for doubt in doubts if isinstance(doubts, list) else ():
        if isinstance(doubt, dict):
            yield clean(f"doubt: {doubt.get('text', '')}", 200)


def answer_lines(reply: ServiceReply) -> tuple[str, str]:
    """The forecast and its model and bars; for a reply without an error."""
    tree = reply.tree
    marks = [word for word in ("stale", "cached") if tree.get(word)]
    simulated = " SIMULATED" if tree.get("simulated") else ""
    rises, confidence = (figures.percent(100 * tree[key]) for key in ("p_up", "confidence"))
    last, following = (figures.number(tree[key], 2) for key in ("current_price", "predicted_price"))
    bounds = figures.interval(tree["interval"]["low80"], tree["interval"]["high80"])
    marks += _bar_marks(tree)
    return (
        (
            f"{tree['trading_signal']} · {last} → {following} for {tree['target_session']} ·"
            f" P(up) {rises} · confidence {confidence}{simulated}"
        ),
        (
            f"80 % {bounds} · generation"
            f" {tree.get('generation')} · bars of {tree['as_of']} from"
            f" {tree['source']}{' · ' + ', '.join(marks) if marks else ''}"
        ),
    )
