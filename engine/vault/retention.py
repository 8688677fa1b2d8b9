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
    drop_on: str = ""
    """Of symbols that were removed, and are not configured again: the day it goes, or `never`."""


@dataclass(frozen=True, slots=True)
class RetentionVerdict:
    """Keep or remove one backup, and why."""

    name: str
    keep: bool
    reason: str


def decide_retention(
    candidates: Iterable[BackupCandidate], now: datetime, days: int, keep_valid: int
) -> tuple[RetentionVerdict, ...]:
    """A verdict for each backup, newest first; ValueError unless both limits are at least 1."""
    if days < 1 or keep_valid < 1:
        raise ValueError(
            f"an empty policy (days {days}, keep_valid {keep_valid}) would remove every backup"
        )
    ordered = sorted(candidates, key=lambda backup: (backup.created_at, backup.name), reverse=True)
    counted = [
        backup
        for backup in ordered
        if backup.verified and backup.valid and not backup.problem and backup.created_at <= now
    ]
    removed = frozenset(symbol for backup in ordered if backup.drop_on for symbol in backup.symbols)
    verdicts = []
    for backup in ordered:
        if backup.drop_on and not backup.problem:
            verdicts.append(_of_removed(backup, now))
            continue
        reason = _reason_to_keep(backup, counted, removed, now, days, keep_valid)
        keep = bool(reason)
        if not keep:
            reason = _reason_to_remove(backup, days, keep_valid)
        verdicts.append(RetentionVerdict(backup.name, keep, reason))
    return tuple(verdicts)


def _of_removed(backup: BackupCandidate, now: datetime) -> RetentionVerdict:
    """The verdict on a backup of removed symbols: by its day alone."""
    if backup.drop_on == "never":
        return RetentionVerdict(backup.name, True, "of removed symbols, kept for good")
    if str(now.astimezone().date()) < backup.drop_on or backup.created_at > now:
        return RetentionVerdict(backup.name, True, f"of removed symbols, until {backup.drop_on}")
    return RetentionVerdict(backup.name, False, f"of removed symbols, due on {backup.drop_on}")


def _reason_to_keep(
    backup: BackupCandidate,
    counted: list[BackupCandidate],
    removed: frozenset[str],
    now: datetime,
    days: int,
    keep_valid: int,
) -> str:
    """Why a backup stays; empty when it may go. `counted` are the valid ones, newest first."""
    if not counted:
        return "there is no valid backup to count from"
    if backup.problem:
        return f"cannot be judged: {backup.problem}"
    if backup.created_at > now:
        return "dated in the future"
    if backup.created_at >= counted[0].created_at - timedelta(days=days):
        return f"within {days} days of the newest valid backup ({counted[0].name})"
    needed = [
        symbol
        for symbol in sorted(backup.symbols - removed)
        if _newer_valid(backup, counted, symbol) < keep_valid
    ]
    return f"fewer than {keep_valid} newer valid backups of {', '.join(needed)}" if needed else ""


def _reason_to_remove(backup: BackupCandidate, days: int, keep_valid: int) -> str:
    contents = "and empty"
    if backup.symbols:
        symbols = ", ".join(sorted(backup.symbols))
        contents = f"and {keep_valid} newer valid backups of {symbols}"
    return f"older than {days} days before the newest valid backup {contents}"


def _newer_valid(backup: BackupCandidate, counted: list[BackupCandidate], symbol: str) -> int:
    """How many counted backups after this one hold a valid model of `symbol`."""
    place = (backup.created_at, backup.name)
    return sum(
        symbol in other.valid and (other.created_at, other.name) > place for other in counted
    )
