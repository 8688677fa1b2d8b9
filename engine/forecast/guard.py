"""Champion and challenger: a new model replaces the live one only if it is not clearly worse on
the same sessions.

Both are scored on the sessions that stand in both held-out records, so that neither was fitted
on any of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.records import Metrics
from engine.forecast.fit import Candidate
from engine.forecast.members.base import within
from engine.forecast.record import Record, metrics_of
from engine.settings.schema import Settings
from engine.vault.model_file import StoredModel

SAME = 1e-3
"""Log return by which two sources may differ on a session and still speak of the same bars."""
ALIKE = 0.9
"""Share of the common sessions that must agree."""


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """Whether to publish, why, and both sets of figures on the sessions compared (of the
    champion None without any)."""

    publish: bool
    reason: str
    candidate_metrics: Metrics
    champion_metrics: Metrics | None
    sessions: int = 0
    ratio: float | None = None
    """The candidate's MASE ÷ the champion's."""


def judge(candidate: Candidate, champion: StoredModel | None, settings: Settings) -> GuardVerdict:
    """Compare the candidate with the live model;
    the figures are out of sample for both and stand beside naive's."""
    if champion is None:
        return GuardVerdict(
            True, f"first model, {against_naive(candidate.metrics)}", candidate.metrics, None
        )
    try:
        record = Record.load(within("record", champion.arrays))
    except KeyError:
        return GuardVerdict(
            True,
            "the live model kept no held-out forecasts to compare with",
            candidate.metrics,
            None,
        )
    return compare(candidate, record, settings)


def compare(candidate: Candidate, champion: Record, settings: Settings) -> GuardVerdict:
    """The verdict on the sessions that both forecast without having seen them."""
    needed, limit = settings.thresholds.guard_sessions, settings.thresholds.guard_ratio
    dates = np.intersect1d(candidate.record.dates, champion.dates)
    if len(dates) < needed:
        why = (
            f"only {len(dates)} sessions are held out for both models, {needed} are needed to"
            " compare"
        )
        return GuardVerdict(True, why, candidate.metrics, None, len(dates))
    ours, theirs = candidate.record.on(dates), champion.on(dates)
    agreeing = float(np.mean(np.abs(ours.target - theirs.target) <= SAME))
    if agreeing < ALIKE:
        why = (
            f"the live model was scored on other bars: {100 * (1 - agreeing):.0f} % of {len(dates)}"
            " sessions differ"
        )
        return GuardVerdict(True, why, candidate.metrics, None, len(dates))
    # The same outcomes for both: a bar corrected since must not favour either.
    new, old = metrics_of(ours), metrics_of(Record.load(theirs.arrays() | {"target": ours.target}))
    if new.mase is None or old.mase is None:
        return GuardVerdict(
            True,
            f"the close never moved on {len(dates)} sessions: nothing to compare",
            new,
            old,
            len(dates),
        )
    ratio = new.mase / old.mase
    figures = (
        f"MASE {new.mase:.3f} against the live model's {old.mase:.3f} on {len(dates)} sessions"
        " (naive 1.000)"
    )
    if ratio > limit:
        return GuardVerdict(
            False,
            f"{figures}: worse by more than {100 * (limit - 1):.0f} %",
            new,
            old,
            len(dates),
            ratio,
        )
    return GuardVerdict(True, figures, new, old, len(dates), ratio)


def against_naive(metrics: Metrics) -> str:
    """The error beside naive's, in words."""
    if metrics.mase is None:
        return "nothing moved on its held-out sessions"
    return f"MASE {metrics.mase:.3f} on {metrics.n_scored} held-out sessions (naive 1.000)"
