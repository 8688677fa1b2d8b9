"""Champion and challenger on sessions held out from both: a clearly worse challenger is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.core.records import Metrics
from engine.forecast.fit import Candidate
from engine.forecast.members.base import within
from engine.forecast.record import ForecastRecord, metrics_of
from engine.forecast.scores import losses_of
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel
from engine.words import figures

SAME = 1e-3
"""Log return by which two sources may differ on a session and still mean the same bars."""
MOST_MASE = 1.05
"""A challenger's MASE, against naive's or the champion's, above which no score saves it."""
BEYOND_NOISE = 1.65
"""Standard errors of the paired difference: luck alone exceeds it in one of twenty."""
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
    """The candidate's loss ÷ the champion's, each in its own scale."""


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
    return _judged(verdict, ours, theirs, settings.thresholds.guard_ratio)


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


def _judged(
    verdict: GuardVerdict, ours: ForecastRecord, theirs: ForecastRecord, limit: float
) -> GuardVerdict:
    """The verdict by both losses and the MASE; unchanged when no close moved."""
    new = verdict.candidate_metrics.mase
    old = verdict.champion_metrics.mase if verdict.champion_metrics else None
    if new is None or old is None:
        return verdict
    scores = (
        f"MASE {figures.number(new, 3)} against the live model's {figures.number(old, 3)} on"
        f" {verdict.sessions} sessions (naive 1.000)"
    )
    ratio, sigmas = relative_loss(ours, theirs)
    named = f"{scores}, loss {figures.number(ratio, 3)} times the live model's"
    worse = f"worse by more than {figures.percent(100 * (limit - 1), 0)}"
    if new > MOST_MASE or new > max(limit, MOST_MASE) * old:
        fault = f"above {MOST_MASE:g}" if new > MOST_MASE else worse
        return replace(verdict, publish=False, reason=f"{scores}: {fault}", ratio=ratio)
    if ratio > limit and sigmas > BEYOND_NOISE:
        reason = f"{named}: {worse} and beyond noise ({figures.number(sigmas, 1)} standard errors)"
        return replace(verdict, publish=False, reason=reason, ratio=ratio)
    return replace(verdict, reason=named, ratio=ratio)


def relative_loss(ours: ForecastRecord, theirs: ForecastRecord) -> tuple[float, float]:
    """Our mean loss ÷ theirs, and by how many standard errors the paired difference is above 0.

    The loss is the mean of CRPS and both interval scores, each ÷ its mean in `theirs`; a CRPS that
    one of them lacks is left out. Sessions whose bar was corrected since are, too.
    """
    same = np.abs(ours.target - theirs.target) <= SAME
    mine = losses_of(ours.stated, ours.target)
    live = losses_of(theirs.stated, theirs.target)
    differences = []
    for name, losses in live.items():
        first, second = mine[name][same], losses[same]
        if np.isfinite(first).all() and np.isfinite(second).all() and second.sum() > 0.0:
            differences.append((first - second) / second.mean())
    if not differences:
        return 1.0, 0.0
    difference = np.mean(differences, axis=0)
    error = float(np.std(difference) / np.sqrt(len(difference)))
    mean = float(difference.mean())
    return 1.0 + mean, mean / error if error > 0.0 else 0.0


def against_naive(metrics: Metrics) -> str:
    """The error beside naive's, in words."""
    if metrics.mase is None:
        return "nothing moved on its held-out sessions"
    mase = figures.number(metrics.mase, 3)
    return f"MASE {mase} on {metrics.n_scored} held-out sessions (naive 1.000)"
