"""The repair of history.db: the damaged file is moved aside, the newest good daily copy restored.

Good is a file that SQLite finds whole, whose every row is text and numbers, and that every reader
of it understands.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import FaultKind, FileError, StockmlError
from engine.core.files import fsync_dir, replace_with
from engine.core.history import connect_reader
from engine.core.history_faults import REPAIR, damage, is_there, named_errors
from engine.core.paths import Home
from engine.core.records import Level
from engine.settings.schema import Settings
from engine.vault.backup import backups_lock
from engine.vault.daily import copies_of_history
from engine.watch.alerts import alert_list
from engine.watch.console_summary import SummaryReader, last_open
from engine.watch.decisions import read_histories, yearly_trainings
from engine.watch.deliver import outbox
from engine.watch.facts import past_checks
from engine.watch.health_data import growth
from engine.watch.ledger import scored as scored_forecasts
from engine.watch.ledger import sources_of, waiting
from engine.watch.records import Item
from engine.watch.report import last_checks
from engine.words import figures, phrases, times

NAME = "history"
LOST = "forecasts, outcomes, checks, alerts, holds and runs of jobs"


def history_item(home: Home) -> Item:
    """Whether history.db is whole, by SQLite's own check and by reading every row."""
    try:
        if not is_there(home.history):
            return Item(NAME, Level.OK, "none yet")
        check_file(home.history)
    except StockmlError as error:
        return Item(NAME, Level.CRIT, error.message, REPAIR if _is_damage(error) else error.hint)
    size = figures.size(home.history.stat().st_size)
    return Item(NAME, Level.OK, f"history.db is whole, {size}")


def repair_history(home: Home, settings: Settings, clock: Clock) -> Iterator[Item]:
    """Mend history.db and say what is lost; nothing is changed while it is whole."""
    try:
        check_file(home.history)
        _check_rows(home, settings, clock)
    except StockmlError as error:
        if not isinstance(error, FileError) or error.kind is not FaultKind.DAMAGED:
            yield Item(NAME, Level.CRIT, error.message, error.hint)
            return
        with backups_lock(home, "doctor --repair"):
            yield _restored(home, settings, clock, error.reason)
    else:
        yield Item(NAME, Level.OK, "history.db needs no repair")


def check_file(path: Path) -> None:
    """Read every row of a database; FileError for damage, nothing where there is none."""
    with named_errors(path, rows=True):
        if not is_there(path):
            return
        with closing(connect_reader(path)) as connection:
            verdict = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
            if verdict != "ok":
                raise damage(path, verdict)
            names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            for (table,) in names.fetchall():
                for _ in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own
                    pass


def _is_damage(error: StockmlError) -> bool:
    return isinstance(error, FileError) and error.kind is FaultKind.DAMAGED


def _check_rows(home: Home, settings: Settings, clock: Clock) -> None:
    """Read history.db as everybody does; FileError for a row that makes no sense."""
    now = clock.now()
    SummaryReader(home, clock).read()
    alert_list(home, now)
    outbox(home)
    last_checks(home)
    last_open(home)
    list(growth(home, now))
    yearly_trainings(home, now, lambda *_: False)
    for symbol in settings.names:
        read_histories(home, symbol, lambda _: 0, lambda *_: False)
        for source in sources_of(home, symbol):
            past_checks(home, symbol, source)
            scored_forecasts(home, symbol, source)
            waiting(home, symbol, source)


def _restored(home: Home, settings: Settings, clock: Clock, reason: str) -> Item:
    """Move the damaged file aside and put the newest good copy in its place."""
    aside = _move_aside(home.history, clock.now())
    refused = []
    for copy in copies_of_history(home):
        try:
            check_file(copy)
            replace_with(home.history, partial(_copy, copy), mode=0o600, name="history.repair")
            _check_rows(home, settings, clock)
        except StockmlError as error:
            refused.append(f"{copy.name} ({error.message})")
            home.history.unlink(missing_ok=True)
            continue
        return _done(reason, aside, _since(copy), refused)
    return _done(reason, aside, None, refused)


def _copy(copy: Path, temporary: Path) -> None:
    shutil.copyfile(copy, temporary, follow_symlinks=False)


def _since(copy: Path) -> datetime:
    return datetime.fromtimestamp(copy.stat().st_mtime, UTC)


def _done(reason: str, aside: Path, since: datetime | None, refused: list[str]) -> Item:
    """What was done, and what is lost."""
    text = f"history.db: {reason}; it was moved to {aside.name}"
    if refused:
        text += f"; not good either: {phrases.listed(refused, 3)}"
    if since is None:
        text += f"; no copy is good, a new one is begun: all {LOST} recorded in it are lost"
        return Item(NAME, Level.WARN, text, "stockml performance")
    text += f"; the copy of {times.moment(since)} was restored: {LOST} recorded since then are lost"
    return Item(NAME, Level.OK, text)


def _move_aside(path: Path, now: datetime) -> Path:
    """Rename a database and its journal, which would be rolled back into the next one."""
    aside = path.with_name(f"{path.name}.damaged-{now.astimezone():%Y%m%d-%H%M%S}")
    number = 1
    while aside.is_symlink() or aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name.partition('.n')[0]}.n{number}")
    for suffix in ("-journal", ""):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{suffix}").rename(aside.with_name(f"{aside.name}{suffix}"))
    fsync_dir(path.parent)
    return aside
