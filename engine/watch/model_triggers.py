"""Triggers of the model itself: no usable file, failing predictions, its age, new earnings."""

from __future__ import annotations

from engine.settings.schema import Settings
from engine.watch.trigger_facts import ModelFile, SymbolFacts, TriggerVerdict
from engine.words import figures

UNKNOWN_AGE = 2.0
"""The severity of an unknown age: as of a model twice as old as it may be."""
_MISSING = {
    ModelFile.NONE: "no model yet",
    ModelFile.FOREIGN: "the model file is not this home's: it is backed up, then replaced",
}


def missing(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """No model, or a file that is FOREIGN."""
    fired = facts.model in _MISSING
    text = _MISSING.get(facts.model, "a model is there")
    return TriggerVerdict("missing", text, fired=fired, basis="file", severity=1e6)


def corrupt(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """A model file that cannot be trusted."""
    texts = {
        ModelFile.CORRUPT: f"the model file is broken: {facts.problem}",
        ModelFile.NEWER: facts.problem,
        ModelFile.UNREACHABLE: facts.problem,
    }
    text = texts.get(facts.model, "the model file reads well")
    fired = facts.model is ModelFile.CORRUPT
    return TriggerVerdict("corrupt", text, fired=fired, basis="file", severity=1e5)


def failures(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """More consecutive failures of the symbol's own model than allowed, while others answer."""
    limit = settings.watch.max_failures
    over = facts.failures > limit
    text = f"{facts.failures} consecutive predictions of its own model failed (limit {limit})"
    if over and not facts.others_answer:
        text += "; no other symbol answers either: an outage, not retrained"
    return TriggerVerdict(
        "failures",
        text,
        fired=over and facts.others_answer,
        value=facts.failures,
        limit=limit,
        n=facts.failures,
        basis="checks",
        window="newest checks",
        severity=1e4,
    )


def age(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Older than the age limit, in days; the sessions are shown beside them."""
    limit = settings.thresholds.max_model_age_days
    if facts.trained_ahead:
        text = f"its age is unknown: trained {facts.trained_ahead}, which is ahead of now"
        return TriggerVerdict(
            "age", text, fired=True, limit=limit, basis="calendar", severity=UNKNOWN_AGE
        )
    if facts.age_days is None:
        return TriggerVerdict("age", "no age without a model", limit=limit, basis="calendar")
    sessions = f", {facts.age_sessions} sessions" if facts.age_sessions is not None else ""
    return TriggerVerdict(
        "age",
        f"{figures.number(facts.age_days)} days old{sessions} (limit {limit} days)",
        fired=facts.age_days > limit,
        value=facts.age_days,
        limit=limit,
        n=facts.age_sessions or 0,
        basis="calendar",
        severity=facts.age_days / limit,
    )


def earnings(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Earnings since the model's last bar, once a session follows: most come after the close."""
    if facts.earnings is None or not facts.trained_to:
        return TriggerVerdict("earnings", "no release known", basis="calendar")
    released = facts.earnings.isoformat()
    return TriggerVerdict(
        "earnings",
        f"earnings released on {released}, the model ends on {facts.trained_to}, the bars on"
        f" {facts.last_bar or 'no day'}",
        fired=facts.trained_to <= released < facts.last_bar,
        basis="calendar",
        window=released,
        severity=1.0,
    )
