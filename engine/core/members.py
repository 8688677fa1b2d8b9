"""The forecasters of the ensemble: one module and one row each."""

from __future__ import annotations

from dataclasses import dataclass

NAIVE = "naive"
LSTM = "lstm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One forecaster, with `fit` and `load` in its module (engine.forecast.members.base)."""

    module: str
    """Imported when the member is used, never before."""
    prior_weight: float = 0.0
    """Its share before any evidence; naive has what the others leave."""


# In the order shown. The priors are half of the way from naive to the drift (sessions of 2017-09
# to 2024-08).
MEMBERS: dict[str, Member] = {
    NAIVE: Member(module="engine.forecast.members.naive"),
    "enhanced": Member(module="engine.forecast.members.enhanced", prior_weight=0.40),
    "sklearn": Member(module="engine.forecast.members.sklearn", prior_weight=0.10),
    LSTM: Member(module="engine.forecast.members.lstm", prior_weight=0.05),
}
MEMBER_NAMES = tuple(MEMBERS)
