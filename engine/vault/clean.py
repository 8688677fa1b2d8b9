"""Cleaning: old backups, logs, runs and leftovers go by rule; single files get a daily copy.

A live model is never removed, nor a backup that is still needed; a folder that cannot be listed
stops its own part, which then removes nothing and is named in the report.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.history import AgingTable
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.vault.backup import backups_lock
from engine.vault.backups import backup_folders, list_backups, verify_backup
from engine.vault.daily import apply_daily, daily_files, daily_folder, plan_daily
from engine.vault.leftovers import plan_leftovers, remove_leftover
from engine.vault.logs import apply_log, plan_logs
from engine.vault.model_reader import ModelReader
from engine.vault.old_records import plan_records, remove_records
from engine.vault.old_runs import plan_runs
from engine.vault.records import Backup, CleanReport, Removal
from engine.vault.removal import discard
from engine.vault.retention import BackupCandidate, decide_retention


@dataclass(frozen=True, slots=True)
class _CleanPart:
    """One kind of thing to clean: what is due, and how one action is done."""

    name: str
    plan: Callable[[], Iterable[Removal]]
    apply: Callable[[Removal], None]
    ordered: bool = False
    """An error stops the part: later actions rely on earlier ones."""


def clean(
    home: Home,
    settings: Settings,
    clock: Clock,
    *,
    dry_run: bool = False,
    records: Sequence[AgingTable] = (),
) -> CleanReport:
    """Do, or with `dry_run` only name, everything that is due.

    `records` are the tables of history.db whose rows age. An error of one part is a problem in the
    report, not the end. BusyError when another process works on the backups for over a minute.
    """
    actions: list[Removal] = []
    problems: list[str] = []
    with nullcontext() if dry_run else backups_lock(home, f"clean, process {os.getpid()}"):
        for part in _parts(home, settings, clock.now(), records):
            _do(part, dry_run, actions, problems)
    return CleanReport(tuple(actions), tuple(problems))


def _parts(
    home: Home, settings: Settings, now: datetime, records: Sequence[AgingTable]
) -> Iterator[_CleanPart]:
    """The parts in order: what frees space comes first, so that a full disk can be cleaned."""
    folders = backup_folders(home, settings)
    yield _CleanPart("left-overs", partial(plan_leftovers, home, now, folders[1:]), remove_leftover)
    yield _CleanPart("logs", partial(plan_logs, home.logs, settings.logs, now), apply_log)
    yield _CleanPart("runs", partial(plan_runs, home.runs, settings.logs, now), _discard_run)
    for folder in folders:
        yield _CleanPart(
            f"backups in {folder}",
            partial(plan_backups, home, folder, settings, now),
            partial(_discard, "clean.backup"),
        )
    for daily in daily_files(home):
        plan = partial(plan_daily, daily, daily_folder(home), now)
        yield _CleanPart(
            f"copies of {daily.source.name}", plan, partial(apply_daily, daily), ordered=True
        )
    # Last: today's copy still holds what goes.
    days = settings.logs.keep_records_days
    old = partial(remove_records, home, records, days, now)
    yield _CleanPart(
        "old records", partial(plan_records, home, records, days, now), old, ordered=True
    )


def _discard(label: str, action: Removal) -> None:
    discard(action.path, label)


def _discard_run(action: Removal) -> None:
    discard(action.path, "clean.run", durable=False)


def _do(part: _CleanPart, dry_run: bool, actions: list[Removal], problems: list[str]) -> None:
    try:
        planned = tuple(part.plan())
    except (OSError, StockmlError) as error:
        problems.append(f"{part.name}: cannot be listed, so nothing was removed: {error}")
        return
    for action in planned:
        try:
            if action.verb != "keep" and not dry_run:
                part.apply(action)
        except (OSError, StockmlError) as error:
            problems.append(f"{part.name}: {action.path.name}: {error}")
            if part.ordered:
                return
        else:
            actions.append(action)


def plan_backups(
    home: Home, folder: Path, settings: Settings, now: datetime
) -> tuple[Removal, ...]:
    """An action for each backup in `folder`, every file read again; OSError when not listable."""
    backups = {backup.name: backup for backup in list_backups(folder)}
    limits = settings.backup
    with ModelReader(home) as reader:
        candidates = [_candidate(backup, reader, settings) for backup in backups.values()]
    verdicts = decide_retention(candidates, now, limits.retention_days, limits.keep_valid)
    return tuple(
        Removal(
            "backup",
            folder / verdict.name,
            "keep" if verdict.keep else "remove",
            verdict.reason,
            backups[verdict.name].size_bytes,
        )
        for verdict in verdicts
    )


def _candidate(backup: Backup, reader: ModelReader, settings: Settings) -> BackupCandidate:
    configured_again = any(entry.symbol in settings.symbols for entry in backup.entries)
    return BackupCandidate(
        name=backup.name,
        created_at=backup.created_at,
        symbols=frozenset(entry.symbol for entry in backup.entries),
        valid=frozenset(check.symbol for check in verify_backup(backup, reader) if check.ok),
        verified=backup.verified,
        problem=backup.problem or _foreign_folder(backup),
        drop_on="" if configured_again else backup.drop_on,
    )


def _foreign_folder(backup: Backup) -> str:
    """Why a folder named like a backup is another program's, on a disk that both use; or ''."""
    if backup.verified or backup.entries or not any(backup.path.iterdir()):
        return ""
    return "it holds files, and no model among them"
