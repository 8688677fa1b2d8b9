"""Health of the clock: what is dated ahead of now was written while a clock was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.core.clock import SKEW, is_ahead, iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Level
from engine.core.snapshot import Snapshot
from engine.watch.records import Item
from engine.watch.schema import SCHEMA
from engine.words import phrases, times

NAME = "clock"
_TABLES = {"watch_checks": "check", "watch_silences": "silence"}


def stored_ahead(home: Home, snapshot: Snapshot, now: datetime) -> Iterator[Item]:
    """Models, runs and backups dated ahead of now; nothing while the clock is right."""
    models = {
        row.symbol: row.model.trained_at
        for row in snapshot.rows
        if row.model is not None and is_ahead(row.model.trained_at, now)
    }
    if models:
        newest = times.moment(max(models.values()))
        text = f"trained ahead of now, their age is unknown: {' '.join(models)} (to {newest})"
        yield Item(NAME, Level.WARN, text, f"check `date`, then stockml train {' '.join(models)}")
    names = [run.id for run in snapshot.runs if is_ahead(run.created_at, now)]
    names += _backups_ahead(home, now)
    if names:
        text = f"dated ahead of now: {phrases.listed(names)}"
        yield Item(NAME, Level.WARN, text, "check `date`; they count again once it is past")


def _backups_ahead(home: Home, now: datetime) -> list[str]:
    from engine.vault.backups import backups_in

    try:
        return [each.name for each in backups_in(home.models) if is_ahead(each.created_at, now)]
    except StockmlError:
        return []  # the item of the backups names it


def recorded_ahead(home: Home, now: datetime) -> Iterator[Item]:
    """Rows of history.db dated ahead of now."""
    counts = []
    newest = now
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return
        for table, noun in _TABLES.items():
            query = f"SELECT COUNT(*), MAX(at) FROM {table} WHERE at > ?"  # noqa: S608 - ours
            count, last = connection.execute(query, (iso(now + SKEW),)).fetchone()
            if count:
                counts.append(phrases.plural(count, noun))
                newest = max(newest, parse_iso(last))
    if counts:
        text = f"recorded ahead of now: {', '.join(counts)}, to {times.moment(newest)}"
        yield Item(NAME, Level.WARN, text, "check `date`; they are left out until then")
