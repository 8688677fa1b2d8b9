"""Champion and challenger on sessions held out from both: a clearly worse challenger is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.core.records import Metrics
from engine.forecast.fit import Candidate
from engine.forecast.members.base import within
from engine.forecast.record import ForecastRecord, metrics_of
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel
from engine.words import figures

SAME = 1e-3
"""Log return by which two sources may differ on a session and still mean the same bars."""
ALIKE = 0.9
"""Share of the common sessions that must agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """Whether to publish, why, and both sets of figures on the sessions compared."""

    publish: bool = True
    reason: str
    candidate_metrics: Metrics
    champion_metrics: Metrics | None = None
    """None when there was nothing to compare with."""
    sessions: int = 0
    ratio: float | None = None
    """The candidate's MASE ÷ the champion's."""


def judge(candidate: Candidate, champion: StoredModel | None, settings: Settings) -> GuardVerdict:
    """Compare the candidate with the live model; the figures are out of sample for both."""
    metrics = candidate.metrics
    if champion is None:
        reason = f"first model, {against_naive(metrics)}"
        return GuardVerdict(reason=reason, candidate_metrics=metrics)
    try:
        record = ForecastRecord.load(within("record", champion.arrays))
    except KeyError:
        reason = "the live model kept no held-out forecasts to compare with"
        return GuardVerdict(reason=reason, candidate_metrics=metrics)
    return compare(candidate, record, settings)


def compare(candidate: Candidate, champion: ForecastRecord, settings: Settings) -> GuardVerdict:
    """The verdict on the sessions that both forecast without having seen them."""
    needed = settings.thresholds.guard_sessions
    dates = np.intersect1d(candidate.record.dates, champion.dates)
    ours = candidate.record.on(dates)
    theirs = champion.on(dates)
    reason = _incomparable(ours, theirs, needed)
    if reason:
        return GuardVerdict(reason=reason, candidate_metrics=candidate.metrics, sessions=len(dates))
    # The same outcomes for both: a bar corrected since must not favour either.
    verdict = GuardVerdict(
        reason=f"the close never moved on {len(dates)} sessions: nothing to compare",
        candidate_metrics=metrics_of(ours),
        champion_metrics=metrics_of(replace(theirs, target=ours.target)),
        sessions=len(dates),
    )
    return _by_ratio(verdict, settings.thresholds.guard_ratio)


def _incomparable(ours: ForecastRecord, theirs: ForecastRecord, needed: int) -> str:
    """Why the records cannot be compared on their common sessions; empty when they can."""
    if len(ours) < needed:
        return (
            f"only {len(ours)} sessions are held out for both models, {needed} are needed to"
            " compare"
        )
    agreeing = float(np.mean(np.abs(ours.target - theirs.target) <= SAME))
    if agreeing < ALIKE:
        differing = figures.percent(100 * (1 - agreeing), 0)
        return (
            f"the live model was scored on other bars: {differing} of {len(ours)} sessions differ"
        )
    return ""


def _by_ratio(verdict: GuardVerdict, limit: float) -> GuardVerdict:
    """The verdict by the ratio of both MASEs; unchanged when there is none."""
    new = verdict.candidate_metrics.mase
    old = verdict.champion_metrics.mase if verdict.champion_metrics else None
    if new is None or old is None:
        return verdict
    ratio = new / old
    ours, theirs = figures.number(new, 3), figures.number(old, 3)
    scores = (
        f"MASE {ours} against the live model's {theirs} on {verdict.sessions} sessions"
        " (naive 1.000)"
    )
    if ratio > limit:
        reason = f"{scores}: worse by more than {figures.percent(100 * (limit - 1), 0)}"
        return replace(verdict, publish=False, reason=reason, ratio=ratio)
    return replace(verdict, reason=scores, ratio=ratio)


def against_naive(metrics: Metrics) -> str:
    """The error beside naive's, in words."""
    if metrics.mase is None:
        return "nothing moved on its held-out sessions"
    mase = figures.number(metrics.mase, 3)
    return f"MASE {mase} on {metrics.n_scored} held-out sessions (naive 1.000)"
