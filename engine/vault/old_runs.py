"""Finished runs within bounds: only the newest, none too old; a live run is never touched."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from engine.core.files import lock_holder
from engine.settings.schema import LogSettings
from engine.vault.records import Removal
from engine.vault.removal import size_of
from engine.words import figures

_DATED = ("events.jsonl", "result.json", "spec.json")


def plan_runs(folder: Path, limits: LogSettings, now: datetime) -> tuple[Removal, ...]:
    """An action for each run in `folder`, last written first; OSError when not listable."""
    try:
        with os.scandir(folder) as children:
            names = [
                child.name
                for child in children
                if child.is_dir(follow_symlinks=False) and not child.name.startswith(".")
            ]
    except FileNotFoundError:
        return ()
    dated = sorted(((_written(folder / name), name) for name in names), reverse=True)
    actions = []
    finished = 0
    for written, name in dated:
        path = folder / name
        if lock_holder(path / "lock") is not None:
            actions.append(Removal("run", path, "keep", "it is live"))
            continue
        finished += 1
        actions.append(_finished(path, finished, (now.timestamp() - written) / 86_400, limits))
    return tuple(actions)


def _finished(path: Path, place: int, days: float, limits: LogSettings) -> Removal:
    if days > limits.keep_runs_days:
        reason = f"{figures.number(days, 0)} days old, over {limits.keep_runs_days}"
        return Removal("run", path, "remove", reason, size_of(path))
    if place > limits.keep_runs:
        reason = f"{limits.keep_runs} newer runs are kept"
        return Removal("run", path, "remove", reason, size_of(path))
    age = f"{figures.number(max(days, 0), 0)} of {limits.keep_runs_days} days old"
    return Removal("run", path, "keep", f"{age}, {place} of {limits.keep_runs}")


def _written(path: Path) -> float:
    """When the run last wrote, in seconds since 1970; the folder's time when it has no files."""
    times = []
    for name in _DATED:
        try:
            times.append((path / name).stat().st_mtime)
        except (FileNotFoundError, NotADirectoryError):
            continue
    return max(times) if times else path.stat().st_mtime
