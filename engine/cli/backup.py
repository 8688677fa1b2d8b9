"""`backup`, `backups list|verify`, `restore`: copies of live models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli import documents
from engine.cli.confirm import ask
from engine.cli.session import Session, report
from engine.core.clock import iso, parse_iso
from engine.core.errors import ExitCode, NoDataError, StockmlError
from engine.core.exits import worst_exit
from engine.core.text import clean
from engine.words import figures, times
from engine.words.tables import columns, text_table

if TYPE_CHECKING:
    from engine.vault.records import Backup, BackupEntry, FileCheck, RestoreResult

Tree = dict[str, Any]
COLUMNS = columns(("BACKUP", "MADE", "REASON", "SYMBOLS", ">SIZE", "CHECKED", "WHERE"))
_SHOWN = 6
"""The most symbols listed by name; longer lists show only their number."""


def backup(session: Session, symbols: tuple[str, ...], to: Path | None) -> int:
    """Copy the live models of the symbols, or of all, into a new backup and verify it."""
    asked = session.symbols(symbols)
    made = session.engine.backups.create(asked, to.expanduser().absolute() if to else None)
    absent = [symbol for symbol in asked if symbols and made.backup.entry(symbol) is None]
    if session.json:
        tree = {"backup": backup_tree(made.backup), "copies": [str(path) for path in made.copies]}
        session.document({**tree, "absent": absent, "problems": list(made.problems)})
    else:
        names = _names([entry.symbol for entry in made.backup.entries], len(made.backup.entries))
        session.facts(
            [
                f"{made.backup.name}: {names}, {figures.size(made.backup.size_bytes)}, read again"
                " and hashed"
            ]
        )
        kept = [entry for entry in made.backup.entries if entry.kind in ("broken", "foreign")]
        session.facts(f"{entry.symbol} is {entry.kind}, kept as it is" for entry in kept)
        session.facts(f"a copy, read again and hashed: {path}" for path in made.copies)
    for problem in made.problems:
        report(
            StockmlError(
                f"the copy on the other disk failed: {problem}",
                f"{made.backup.name} itself is complete",
            )
        )
    for symbol in absent:
        report(NoDataError(f"{symbol} has no model to back up", f"stockml train {symbol}"))
    return worst_exit([ExitCode.FAILED] * bool(made.problems) + [ExitCode.NO_DATA] * bool(absent))


def list_backups(session: Session) -> int:
    """Every backup, newest first, here and in the folder of `backup.also_to`."""
    backups = session.engine.backups.list()
    if session.json:
        session.document({"backups": [backup_tree(backup) for backup in backups]})
    elif backups:
        session.facts(text_table(COLUMNS, [_cells(backup) for backup in backups]))
    else:
        session.facts(
            [
                "no backup yet: `stockml backup` makes one, and so does every training before it"
                " publishes"
            ]
        )
    for backup in backups:
        if backup.problem:
            session.note(f"{backup.name}: {backup.problem}")
    return ExitCode.DONE


def verify(session: Session, names: tuple[str, ...]) -> int:
    """Reread every file of the backups; exit 1 if one is damaged."""
    from engine.vault.records import damaged

    verified = [
        (backup, checks, damaged(backup, checks))
        for backup, checks in session.engine.backups.verify(names)
    ]
    if session.json:
        trees = [_checked_tree(backup, checks, bad) for backup, checks, bad in verified]
        session.document({"backups": trees})
    for backup, checks, bad in verified:
        if not session.json:
            session.facts([_verified_line(backup, checks, bad)])
        for check in checks:
            if not check.ok and check not in bad:
                session.note(
                    f"{backup.name}: {check.symbol} is as it was backed up, but no model:"
                    f" {check.text}"
                )
        for text in filter(None, (backup.problem, *(check.text for check in bad))):
            report(StockmlError(text, "other backups of it: stockml backups list"))
    damage = any(bad or backup.problem for backup, _, bad in verified)
    return ExitCode.FAILED if damage else ExitCode.DONE


def _verified_line(backup: Backup, checks: Sequence[FileCheck], bad: Sequence[FileCheck]) -> str:
    whole = sum(check.ok for check in checks)
    verdict = "DAMAGED" if bad or backup.problem else "OK"
    copied = "" if backup.verified else ", a plain copy"
    return f"{backup.name}: {verdict}, {whole} of {len(checks)} files are whole models{copied}"


def restore(session: Session, name: str, symbols: tuple[str, ...], foreign: bool, yes: bool) -> int:
    """Restore models from a backup, after backing up the models they replace."""
    engine = session.engine
    names = session.symbols(symbols) if symbols else ()
    backup = engine.backups.show(name)
    for line in _plan(session, backup, names):
        session.say(line)
    ask(session, "Replace these live models?", yes=yes, effect="this replaces live models")
    results = engine.backups.restore(name, names, foreign)
    if session.json:
        session.document(
            {"backup": backup.name, "results": [restored_tree(restored) for restored in results]}
        )
    for restored in results:
        if restored.error is not None:
            error = restored.error
            report(StockmlError(f"{restored.symbol}: {error.message}", error.hint))
        elif not session.json and restored.model:
            kept = "; what it replaced is backed up" if restored.replaced else ""
            was, now = restored.from_generation or "?", restored.model.generation
            session.facts(
                [f"{restored.symbol}: generation {was} is live again, as generation {now}{kept}"]
            )
    return worst_exit([int(restored.error.exit_code) for restored in results if restored.error])


def _plan(session: Session, backup: Backup, names: Sequence[str]) -> list[str]:
    """One line per symbol: the live model and the one that would replace it."""
    session.engine.models.refresh_status(entry.symbol for entry in backup.entries)
    live = {row.symbol: row.model for row in session.engine.watch.rows()}
    copied = "" if backup.verified else ", a plain copy that was never verified"
    lines = [f"from {backup.name}, made {times.moment(backup.created_at)}{copied}:"]
    for entry in backup.entries:
        if names and entry.symbol not in names:
            continue
        model = live.get(entry.symbol)
        now = (
            f"generation {model.generation} of {times.moment(model.trained_at)}"
            if model
            else "no readable model"
        )
        lines.append(f"  {entry.symbol}: {now} → {_version(entry)}")
    return lines


def _version(entry: BackupEntry) -> str:
    """The model in a file of a backup by its manifest, else the file's name."""
    try:
        return f"generation {entry.generation} of {times.moment(parse_iso(entry.trained_at))}"
    except ValueError:
        return entry.file if entry.kind in ("model", "unknown") else f"{entry.file}, {entry.kind}"


def _cells(backup: Backup) -> tuple[str, ...]:
    models = [entry.symbol for entry in backup.entries if entry.kind in ("model", "unknown")]
    other = len(backup.entries) - len(models)
    named = _names(models, len(models)) + (f" +{other} not models" if other else "")
    checked = "yes" if backup.verified else "unverified"
    return (
        backup.name,
        times.moment(backup.created_at),
        backup.reason,
        named,
        figures.size(backup.size_bytes),
        "UNREADABLE" if backup.problem else checked,
        str(backup.path.parent),
    )


def _names(symbols: Sequence[str], count: int) -> str:
    return " ".join(symbols) if count <= _SHOWN else f"{count} symbols"


def backup_tree(backup: Backup) -> Tree:
    """One backup as JSON; `verified` = made and hashed by stockml."""
    return {
        "name": backup.name,
        "path": str(backup.path),
        "created_at": iso(backup.created_at),
        "reason": backup.reason or None,
        "run_id": backup.run_id or None,
        "drop_on": backup.drop_on or None,
        "verified": backup.verified,
        "problem": backup.problem or None,
        "size_bytes": backup.size_bytes,
        "entries": [_entry_tree(entry) for entry in backup.entries],
    }


def _entry_tree(entry: BackupEntry) -> Tree:
    return {
        "symbol": entry.symbol,
        "file": entry.file,
        "kind": entry.kind,
        "size_bytes": entry.size_bytes,
        "sha256": entry.sha256 or None,
        "generation": entry.generation or None,
        "trained_at": entry.trained_at or None,
        "problem": entry.problem or None,
    }


def _checked_tree(backup: Backup, checks: Iterable[FileCheck], bad: Sequence[FileCheck]) -> Tree:
    files = [
        {
            "symbol": check.symbol,
            "ok": check.ok,
            "kind": check.kind,
            "damaged": check in bad,
            "text": clean(check.text, 300) or None,
        }
        for check in checks
    ]
    return {
        "name": backup.name,
        "path": str(backup.path),
        "ok": not bad and not backup.problem,
        "problem": backup.problem or None,
        "files": files,
    }


def restored_tree(restored: RestoreResult) -> Tree:
    """One symbol of a restore as JSON."""
    return {
        "symbol": restored.symbol,
        "ok": restored.ok,
        "generation": restored.model.generation if restored.model else None,
        "from_generation": restored.from_generation or None,
        "replaced": restored.replaced,
        "error": documents.error_tree(restored.error) if restored.error else None,
    }
