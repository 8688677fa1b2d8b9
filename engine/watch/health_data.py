"""Health of what is stored: models, bars, backups and their copies, the disk."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.clock import SKEW, iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Level, SymbolState
from engine.core.snapshot import Snapshot, SymbolRow
from engine.core.sources import follows_exchange
from engine.forecast import status as derived
from engine.market.calendar import last_complete_session
from engine.market.last_bar import last_bar
from engine.market.staleness import bars_behind
from engine.settings.schema import Settings
from engine.watch.health_item import item, level_of
from engine.watch.records import Item
from engine.watch.schema import SCHEMA
from engine.words import figures
from engine.words.phrases import bars_age

if TYPE_CHECKING:
    from engine.vault.records import Backup, FileCheck

_WEEK = timedelta(days=7)
_UNTRUSTED = (SymbolState.CORRUPT, SymbolState.FOREIGN)
_POOR = (SymbolState.NONE, SymbolState.STALE, SymbolState.FAILED, SymbolState.LOST)
MAX_LAG = 5
"""Sessions behind at which bars become critical."""


def models(home: Home, snapshot: Snapshot) -> Item:
    """The states of all models."""
    counts = Counter(row.state for row in snapshot.rows)
    words = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    untrusted = [row.symbol for row in snapshot.rows if row.state in _UNTRUSTED]
    newer = " ".join(symbol for symbol in untrusted if _is_newer(home, symbol))
    if newer:
        text = f"{words}; made by a newer stockml: {newer}"
        return Item("models", Level.CRIT, text, "update stockml")
    if untrusted:
        symbols = " ".join(untrusted)
        return Item("models", Level.CRIT, f"{words}: {symbols}", f"stockml train {symbols}")
    poor = " ".join(row.symbol for row in snapshot.rows if row.state in _POOR)
    if poor:
        return Item("models", Level.WARN, f"{words}: {poor}", "stockml auto-train")
    return Item("models", Level.OK, words)


def _is_newer(home: Home, symbol: str) -> bool:
    status = derived.read(home.status(symbol))
    return status is not None and status.kind == "newer"


def bars(
    home: Home,
    settings: Settings,
    snapshot: Snapshot,
    now: datetime,
    source_of: Callable[[SymbolRow], str],
) -> Item:
    """Whether the bars of all symbols end with the last complete session, and can be used."""
    settle_minutes = settings.market.settle_minutes
    newest = last_complete_session(now, settle_minutes)
    missing = []
    unusable = []
    lags = {}
    fetched = False
    for row in snapshot.rows:
        source = source_of(row)
        bar = last_bar(home, source, row.symbol)
        if bar is None:
            missing.append(row.symbol)
        elif lag := bars_behind(bar.date, now, settle_minutes):
            lags[row.symbol] = lag
            fetched |= follows_exchange(source)
        without = row.model and not row.forecast and not row.withheld and not row.stale_status
        if without and bar is not None:
            unusable.append(row.symbol)
    if not missing and not lags and not unusable:
        return Item("bars", Level.OK, f"all symbols up to the session of {newest}")
    worst = max(lags.values(), default=0)
    text = f"the last complete session is {newest}"
    if lags:
        most = "" if len(lags) == 1 else " at most"
        text += f"; {bars_age(worst)}{most} ({' '.join(lags)})"
    if missing:
        text += f"; none of {' '.join(missing)}"
    if unusable:
        text += f"; no forecast from those of {' '.join(unusable)}"
    warning = worst > settings.watch.bar_lag_sessions or bool(missing or unusable)
    # A folder is filled by somebody else: nothing here mends it, and its models may be trained.
    level = level_of(critical=worst > MAX_LAG and fetched, warning=warning)
    return item("bars", level, text, "stockml data fetch" if fetched or missing else "")


def doubts(snapshot: Snapshot) -> Iterator[Item]:
    """The symbols whose bars are doubted, the withheld forecasts first."""
    doubted = sorted((row for row in snapshot.rows if row.doubts), key=lambda row: not row.withheld)
    if doubted:
        text = "; ".join(
            f"{row.symbol} {'withheld: ' if row.withheld else ''}{row.doubts[0].text}"
            for row in doubted
        )
        yield item("doubts", Level.WARN, text, "stockml data check")


def growth(home: Home, now: datetime) -> Iterator[Item]:
    """The home's growth over a week of checks, and how long the disk lasts at that rate."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return
        rows = connection.execute(
            "SELECT at, home_bytes FROM watch_host WHERE at>=? AND at<=? ORDER BY id",
            (iso(now - _WEEK), iso(now + SKEW)),
        ).fetchall()
        if len(rows) < 2:
            return
        first_bytes, last_bytes = float(rows[0][1]), float(rows[-1][1])
        days = (parse_iso(rows[-1][0]) - parse_iso(rows[0][0])) / timedelta(days=1)
    if days < 0.5:
        return
    bytes_a_day = (last_bytes - first_bytes) / days
    free = shutil.disk_usage(home.root).free
    days_left = free / bytes_a_day if bytes_a_day > 0 else float("inf")
    level = level_of(critical=days_left < 7, warning=days_left < 30)
    text = f"the home holds {figures.size(last_bytes)}, {figures.size(bytes_a_day)} more a day"
    if level is not Level.OK:
        text += f", the disk is full in {figures.number(days_left, 0)} days"
    yield item("growth", level, text, "stockml clean")


def backups(home: Home, snapshot: Snapshot) -> Iterator[Item]:
    """The newest backup of every symbol with a model, verified by reading it."""
    from engine.vault.backups import backups_in

    try:
        known = backups_in(home.models)
    except StockmlError as error:
        yield Item("backups", Level.CRIT, str(error))
        return
    checks = _newest_checks(home, known, snapshot)
    without = [
        row.symbol
        for row in snapshot.rows
        if row.symbol not in checks and row.model is not None and row.model.generation > 1
    ]
    broken = [
        f"{name}/{check.symbol}: {check.text or check.kind}"
        for name, check in checks.values()
        if not check.ok
    ]
    good = len(checks) - len(broken)
    if broken:
        yield Item("backups", Level.CRIT, "; ".join(broken), "stockml backup")
    elif not good and not without:
        text = "none yet, and none is needed: a training keeps what it replaces"
        yield Item("backups", Level.OK, text)
    else:
        text = f"the newest backup of {good} symbol{'' if good == 1 else 's'} reads well"
        text += f"; none of {' '.join(without)}" if without else ""
        level = level_of(critical=False, warning=bool(without))
        yield item("backups", level, text, "stockml backup")


def _newest_checks(
    home: Home, known: tuple[Backup, ...], snapshot: Snapshot
) -> dict[str, tuple[str, FileCheck]]:
    """By symbol its newest backup's name, and the file in it read again."""
    from engine.vault.backups import check_entry
    from engine.vault.model_reader import ModelReader

    checks = {}
    with ModelReader(home) as reader:
        for row in snapshot.rows:
            backup = _newest_backup(known, row.symbol)
            entry = backup.entry(row.symbol) if backup else None
            if backup is not None and entry is not None:
                checks[row.symbol] = (backup.name, check_entry(backup, entry, reader))
    return checks


def _newest_backup(known: tuple[Backup, ...], symbol: str) -> Backup | None:
    """The newest backup of a model; one of a broken or foreign file is not worth a restore."""
    for backup in known:
        entry = backup.entry(symbol)
        if entry and entry.kind in ("model", "unknown"):
            return backup
    return None


def copies(home: Home, settings: Settings, now: datetime) -> Iterator[Item]:
    """The copies on the other disk: their age, and whether they include the newest backup."""
    from engine.vault.backups import backups_in, newest_valid, other_disk

    folder = other_disk(home, settings)
    if folder is None:
        return
    try:
        here = newest_valid(backups_in(home.models), now)
        there = newest_valid(backups_in(folder), now)
    except StockmlError as error:
        yield Item("copies", Level.CRIT, str(error))
        return
    if there is None:
        level = Level.CRIT if here else Level.OK
        yield Item("copies", level, f"none in {folder} (backup.also_to)", "stockml backup")
        return
    days = (now - there.created_at) / timedelta(days=1)
    late = here is not None and here.created_at > there.created_at
    text = f"the newest in {folder} is {figures.number(days)} days old"
    text += "; a newer backup has none" if late else ""
    yield item("copies", level_of(critical=False, warning=late), text, "stockml backup")
