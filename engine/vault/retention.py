"""Which backups may go: a pure decision, with the reason for every keep and every removal.

The age of a backup is counted from the newest valid one that is not dated in the future, never
from now: a pause in training or a clock set wrong removes nothing. Whatever the age, a backup
stays until every symbol in it has `keep_valid` newer valid ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BackupCandidate:
    """What the decision needs to know of one backup."""

    name: str
    created_at: datetime
    symbols: frozenset[str]
    """Every symbol it has a file of."""
    valid: frozenset[str]
    """Those whose file was read again and is a model."""
    verified: bool = True
    """Made by stockml; an old plain copy never counts toward what must be kept."""
    problem: str = ""
    """Why it cannot be judged; it is then kept."""


@dataclass(frozen=True, slots=True)
class RetentionVerdict:
    """Keep or remove one backup, and why."""

    name: str
    keep: bool
    reason: str


def decide_retention(
    candidates: Iterable[BackupCandidate], now: datetime, days: int, keep_valid: int
) -> tuple[RetentionVerdict, ...]:
    """A verdict for each backup, newest first;
    `days` and `keep_valid` are at least 1 (else ValueError)."""
    if days < 1 or keep_valid < 1:
        raise ValueError(
            f"an empty policy (days {days}, keep_valid {keep_valid}) would remove every backup"
        )
    ordered = sorted(candidates, key=lambda each: (each.created_at, each.name), reverse=True)
    counted = [
        each
        for each in ordered
        if each.verified and each.valid and not each.problem and each.created_at <= now
    ]
    if not counted:
        return tuple(
            RetentionVerdict(each.name, True, "there is no valid backup to count from")
            for each in ordered
        )
    start = counted[0].created_at - timedelta(days=days)
    return tuple(_verdict(each, counted, now, start, days, keep_valid) for each in ordered)


def _verdict(
    backup: BackupCandidate,
    counted: list[BackupCandidate],
    now: datetime,
    start: datetime,
    days: int,
    keep_valid: int,
) -> RetentionVerdict:
    if backup.problem:
        return RetentionVerdict(backup.name, True, f"cannot be judged: {backup.problem}")
    if backup.created_at > now:
        return RetentionVerdict(backup.name, True, "dated in the future")
    if backup.created_at >= start:
        return RetentionVerdict(
            backup.name, True, f"within {days} days of the newest valid backup ({counted[0].name})"
        )
    if needed := sorted(
        symbol for symbol in backup.symbols if _newer(backup, counted, symbol) < keep_valid
    ):
        return RetentionVerdict(
            backup.name, True, f"fewer than {keep_valid} newer valid backups of {', '.join(needed)}"
        )
    what = (
        f"and {keep_valid} newer valid backups of {', '.join(sorted(backup.symbols))}"
        if backup.symbols
        else "and empty"
    )
    return RetentionVerdict(
        backup.name, False, f"older than {days} days before the newest valid backup {what}"
    )


def _newer(backup: BackupCandidate, counted: list[BackupCandidate], symbol: str) -> int:
    """How many counted backups after this one hold a valid model of `symbol`."""
    place = (backup.created_at, backup.name)
    return sum(symbol in each.valid and (each.created_at, each.name) > place for each in counted)
