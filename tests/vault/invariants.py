"""The validator: what must hold in a home after any fault, at any moment.

I1 every live file is a whole model of its symbol · I2 it is the old one or its next generation ·
I5 no valid backup is lost (clean may remove those whose time has come), what was replaced lies
in a backup, and a backup that has its name is complete. I3 and I4 (workers) belong to the runs;
I6 (the next run succeeds) is the caller's to try.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.paths import Home
from engine.vault.backups import list_backups
from tests.vault.files import read_model, verify_backup


@dataclass(frozen=True)
class Seen:
    """The live models and the valid backups of a home."""

    live: dict[str, tuple[int, str]]
    """symbol -> (generation, digest)"""
    backups: frozenset[tuple[str, str, str]]
    """(folder name, symbol, digest) of every valid model in a backup"""


def look(home: Home) -> Seen:
    """What stands in `home`; an error of the reader when a live file is not whole (I1)."""
    live = {}
    for path in home.models.glob("*.h5") if home.models.is_dir() else ():
        manifest = read_model(path).manifest
        live[manifest.symbol] = (manifest.generation, manifest.digest)
    valid = set()
    for backup in list_backups(home.models):
        for check in verify_backup(backup):
            entry = backup.entry(check.symbol)
            if check.ok and entry:
                digest = entry.digest or read_model(backup.path / entry.file).manifest.digest
                valid.add((backup.name, check.symbol, digest))
    return Seen(live, frozenset(valid))


def check(home: Home, before: Seen, *, pruned: bool = False, keep_valid: int = 3) -> Seen:
    """AssertionError when an invariant is broken; returns what stands now."""
    now = look(home)
    for symbol, (generation, digest) in before.live.items():
        assert symbol in now.live, f"I2: the live model of {symbol} is gone"
        if now.live[symbol] == (generation, digest):
            continue
        assert now.live[symbol][0] == generation + 1, (
            f"I2: {symbol} is {now.live[symbol]}, was generation {generation}"
        )
        parent = read_model(home.model(symbol)).manifest.parent
        assert parent, f"I2: {symbol} has no parent"
        assert (parent.generation, parent.digest) == (generation, digest), (
            f"I2: {symbol} has another parent"
        )
        assert any(each[1:] == (symbol, digest) for each in now.backups), (
            f"I5: what {symbol} replaced is in no backup"
        )
    for backup in list_backups(home.models):
        if backup.verified:
            assert not backup.problem, f"I5: {backup.name}: {backup.problem}"
            bad = [
                each.text
                for each in verify_backup(backup)
                if not each.ok and each.kind != "foreign"
            ]
            assert not bad, f"I5: {bad}"
    lost = before.backups - now.backups
    if not pruned:
        assert not lost, f"I5: lost {sorted(lost)}"
    for symbol in {each[1] for each in before.backups}:
        had, has = (
            sum(each[1] == symbol for each in snapshot.backups) for snapshot in (before, now)
        )
        assert has >= min(had, keep_valid), f"I5: {symbol} has {has} valid backups, had {had}"
    return now
