"""What watching knows of one symbol, as a tree for the console: decision, every trigger's
verdict, hold, earnings.

It looks as the planner does, on stored bars, and writes nothing down.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.core.clock import Clock, iso
from engine.core.paths import Home
from engine.core.sources import has_report_dates
from engine.market.calendar import exchange_day
from engine.schedule.upcoming import next_auto_train
from engine.settings.schema import Settings
from engine.watch import earnings
from engine.watch.auto_train import Assessment, assess_all, plan_trainings, planning_context
from engine.watch.holds import holds
from engine.watch.reason_history import ReasonHistory
from engine.watch.report import last_checks
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict
from engine.words.triggers import TRIGGER_WORDS


def retrain_story(
    home: Home, settings: Settings, symbol: str, source: str | None, clock: Clock
) -> dict[str, Any]:
    """Why `symbol` will or will not be retrained; StockmlError when history.db cannot be read."""
    assessments, _ = assess_all(home, settings, (symbol,), source, clock, fetch=False)
    upcoming = next_auto_train(home, clock.now())
    context = planning_context(clock.now(), next_auto_train=upcoming)
    plan = plan_trainings(home, settings, assessments, context, clock, writes=False)
    (decision,), found = plan.decisions, plan.assessments[symbol]
    hold, checked = holds(home, clock).get(symbol), last_checks(home).get(symbol)
    return {
        "decision": {
            "action": str(decision.action),
            "reason": decision.reason,
            "text": decision.text,
        },
        "hold": {"reason": hold.reason, "since": hold.since, "until": str(hold.until or "")}
        if hold
        else None,
        "verdicts": [_verdict(each, found) for each in found.verdicts],
        "signals": _signals(found.facts),
        "earnings": _releases(home, settings, found, clock.now()),
        "next_auto_train": iso(upcoming) if upcoming else None,
        "checked_at": checked.at if checked else None,
    }


def _verdict(verdict: TriggerVerdict, found: Assessment) -> dict[str, Any]:
    """A verdict, and what became of its reason before."""
    history = found.histories.get(verdict.reason, ReasonHistory())
    return {
        "reason": verdict.reason,
        "about": TRIGGER_WORDS[verdict.reason].meaning,
        "fired": verdict.fired,
        "text": verdict.text,
        "trainings": history.trainings,
        "trained_at": iso(history.trained_at) if history.trained_at else None,
        "chronic": history.chronic,
    }


def _signals(facts: SymbolFacts) -> list[dict[str, Any]]:
    """Every figure of volatility and drift with its limit, also those that keep within it."""
    named = [("move" if each.name == "move" else "volatility", each) for each in facts.volatility]
    named += [("drift", each) for each in facts.drift]
    return [
        {"reason": reason, "fired": each.value > each.limit, "text": each.text}
        for reason, each in named
    ]


def _releases(home: Home, settings: Settings, found: Assessment, now: datetime) -> dict[str, Any]:
    """The releases known, and when they were looked up; only Yahoo's symbols are."""
    asked = settings.watch.earnings and has_report_dates(found.inputs.source)
    known = (
        earnings.read(home).get(found.inputs.symbol, earnings.Releases())
        if asked
        else earnings.Releases()
    )
    today = exchange_day(now)
    coming = min((day for day in known.days if day > today), default=None)
    return {
        "asked": asked,
        "newest": str(known.newest(today) or ""),
        "coming": str(coming or ""),
        "fetched_at": iso(known.fetched_at) if known.fetched_at else None,
    }
