"""Logs within bounds: a large one is renamed to .1, renamed ones go by age and by their sum.

Writers open by name and reopen when the inode changes, so a rename loses no line; nothing is
ever truncated.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from engine.core.failpoints import failpoint
from engine.core.files import fsync_dir
from engine.settings.schema import LogSettings
from engine.vault.leftovers import raise_unless_gone
from engine.vault.records import Removal
from engine.vault.removal import discard
from engine.words import figures

_LIVE = re.compile(r"[^.].*\.(log|jsonl)")
_OLD = re.compile(r"([^.].*\.(?:log|jsonl))\.(\d{1,4})")
_MAX_SUM = 5
"""Renamed logs of one name may take this many times `max_mb`; the newest stays in any case."""


def plan_logs(folder: Path, limits: LogSettings, now: datetime) -> tuple[Removal, ...]:
    """An action for each log below `folder`; OSError when it cannot be listed."""
    actions: list[Removal] = []
    for parent, _, names in os.walk(folder, onerror=raise_unless_gone):
        live: list[Removal] = []
        old: dict[str, dict[int, Path]] = defaultdict(dict)
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink():
                continue
            if renamed := _OLD.fullmatch(name):
                old[renamed[1]][int(renamed[2])] = path
            elif _LIVE.fullmatch(name):
                live.append(_live(path, limits))
        for numbered in old.values():
            actions += _renamed(numbered, limits, now)
        actions += live  # renaming last: it gives the numbered ones other names
    return tuple(actions)


def _live(path: Path, limits: LogSettings) -> Removal:
    size = path.stat().st_size
    if size > limits.max_mb * 1_000_000:
        return Removal(
            "log", path, "rename", f"{figures.size(size)}, over {limits.max_mb} MB", size
        )
    return Removal("log", path, "keep", f"{figures.size(size)} of {limits.max_mb} MB", size)


def _renamed(numbered: dict[int, Path], limits: LogSettings, now: datetime) -> list[Removal]:
    """Actions for `x.log.1`, `x.log.2` …, the newest first."""
    plan = []
    total = 0
    for number in sorted(numbered):
        path = numbered[number]
        status = path.stat()
        total += status.st_size
        days = (now.timestamp() - status.st_mtime) / 86_400
        if days > limits.keep_days:
            reason = f"{figures.number(days, 0)} days old, over {limits.keep_days}"
            plan.append(Removal("log", path, "remove", reason, status.st_size))
        elif total > _MAX_SUM * limits.max_mb * 1_000_000 and number != min(numbered):
            reason = f"newer ones already take {_MAX_SUM * limits.max_mb} MB"
            plan.append(Removal("log", path, "remove", reason, status.st_size))
        else:
            reason = f"{figures.number(max(days, 0), 0)} of {limits.keep_days} days old"
            plan.append(Removal("log", path, "keep", reason, status.st_size))
    return plan


def apply_log(action: Removal) -> None:
    """Rename or remove one log as planned; OSError when the disk does not let it."""
    if action.verb == "remove":
        discard(action.path, "clean.log")
    elif action.verb == "rename":
        rotate(action.path)


def rotate(path: Path) -> None:
    """Rename `path` to its `.1`, `.1` to `.2` and so on; nothing is overwritten."""
    free = next(number for number in range(1, 10_000) if not _numbered(path, number).exists())
    failpoint("clean.rotate.begin")
    for number in range(free - 1, 0, -1):
        _numbered(path, number).rename(_numbered(path, number + 1))
        failpoint(f"clean.rotate.moved.{number}")
    path.rename(_numbered(path, 1))
    failpoint("clean.rotate.renamed")
    fsync_dir(path.parent)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
