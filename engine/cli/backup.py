"""`backup`, `backups list|verify`, `restore`: copies of live models, made, looked at and brought
back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli import documents, render
from engine.cli.confirm import ask
from engine.cli.session import Session, report
from engine.core.clock import iso, parse_iso
from engine.core.errors import ExitCode, NoDataError, StockmlError
from engine.core.exits import worst_exit
from engine.core.text import clean
from engine.words import figures, times

if TYPE_CHECKING:
    from engine.vault.records import Backup, BackupEntry, FileCheck, RestoreResult

Tree = dict[str, Any]
HEADS = ("BACKUP", "MADE", "REASON", "SYMBOLS", "SIZE", "CHECKED", "WHERE")
_SHOWN = 6
"""Symbols named in a list before only their number is."""


def backup(session: Session, symbols: tuple[str, ...], to: Path | None) -> int:
    """Copy the live models of SYMBOLS, without them all of them, into a new backup;
    every copy is read again."""
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
    found = session.engine.backups.list()
    if session.json:
        session.document({"backups": [backup_tree(each) for each in found]})
    elif found:
        session.facts(render.table(HEADS, [_cells(each) for each in found], (4,)))
    else:
        session.facts(
            [
                "no backup yet: `stockml backup` makes one, and so does every training before it"
                " publishes"
            ]
        )
    for each in found:
        if each.problem:
            session.note(f"{each.name}: {each.problem}")
    return ExitCode.DONE


def verify(session: Session, names: tuple[str, ...]) -> int:
    """Read every file of the backups again: its hash, then what the model reader says of it.
    Ends with 1 on damage."""
    from engine.vault.records import damaged

    checked = session.engine.backups.verify(names)
    bad_checks = [damaged(each, checks) for each, checks in checked]
    if session.json:
        session.document(
            {
                "backups": [
                    _checked_tree(each, checks, bad)
                    for (each, checks), bad in zip(checked, bad_checks, strict=True)
                ]
            }
        )
    for (each, checks), bad in zip(checked, bad_checks, strict=True):
        if not session.json:
            good = sum(check.ok for check in checks)
            word = "DAMAGED" if bad or each.problem else "OK"
            copied = "" if each.verified else ", a plain copy"
            session.facts(
                [f"{each.name}: {word}, {good} of {len(checks)} files are whole models{copied}"]
            )
        for check in checks:
            if not check.ok and check not in bad:
                session.note(
                    f"{each.name}: {check.symbol} is as it was backed up, but no model:"
                    f" {check.text}"
                )
        for text in [each.problem] * bool(each.problem) + [check.text for check in bad]:
            report(StockmlError(text, "other backups of it: stockml backups list"))
    return (
        ExitCode.FAILED
        if any(bad_checks) or any(each.problem for each, _ in checked)
        else ExitCode.DONE
    )


def restore(session: Session, name: str, symbols: tuple[str, ...], yes: bool) -> int:
    """Bring models back from BACKUP, those of SYMBOLS or all;
    what they replace is backed up first."""
    engine = session.engine
    wanted = session.symbols(symbols) if symbols else ()
    found = engine.backups.show(name)
    for line in _plan(session, found, wanted):
        session.say(line)
    ask(session, "Replace these live models?", yes=yes, effect="this replaces live models")
    results = engine.backups.restore(found.name, wanted)
    if session.json:
        session.document(
            {"backup": found.name, "results": [restored_tree(each) for each in results]}
        )
    for each in results:
        if each.error is not None:
            report(type(each.error)(f"{each.symbol}: {each.error.message}", each.error.hint))
        elif not session.json and each.model:
            kept = "; what it replaced is backed up" if each.replaced else ""
            was, now = each.from_generation or "?", each.model.generation
            session.facts(
                [f"{each.symbol}: generation {was} is live again, as generation {now}{kept}"]
            )
    return worst_exit([int(each.error.exit_code) for each in results if each.error])


def _plan(session: Session, found: Backup, wanted: Sequence[str]) -> list[str]:
    """One line for each symbol: what is live and what would be."""
    session.engine.models.refresh_status(entry.symbol for entry in found.entries)
    live = {row.symbol: row.model for row in session.engine.watch.rows()}
    copied = "" if found.verified else ", a plain copy that was never verified"
    lines = [f"from {found.name}, made {times.moment(found.created_at)}{copied}:"]
    for entry in found.entries:
        if wanted and entry.symbol not in wanted:
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
    """Which model a file of a backup is, as its manifest says;
    the file's name where it does not."""
    try:
        return f"generation {entry.generation} of {times.moment(parse_iso(entry.trained_at))}"
    except ValueError:
        return entry.file if entry.kind in ("model", "unknown") else f"{entry.file}, {entry.kind}"


def _cells(found: Backup) -> tuple[str, ...]:
    models = [entry.symbol for entry in found.entries if entry.kind in ("model", "unknown")]
    other = len(found.entries) - len(models)
    named = _names(models, len(models)) + (f" +{other} not models" if other else "")
    checked = "UNREADABLE" if found.problem else "yes" if found.verified else "unverified"
    size = figures.size(found.size_bytes)
    return (
        found.name,
        times.moment(found.created_at),
        found.reason,
        named,
        size,
        checked,
        str(found.path.parent),
    )


def _names(symbols: Sequence[str], count: int) -> str:
    return " ".join(symbols) if count <= _SHOWN else f"{count} symbols"


def backup_tree(found: Backup) -> Tree:
    """One backup as JSON; `verified` = made and hashed by stockml."""
    return {
        "name": found.name,
        "path": str(found.path),
        "created_at": iso(found.created_at),
        "reason": found.reason or None,
        "run_id": found.run_id or None,
        "verified": found.verified,
        "problem": found.problem or None,
        "size_bytes": found.size_bytes,
        "entries": [_entry_tree(entry) for entry in found.entries],
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


def _checked_tree(found: Backup, checks: Iterable[FileCheck], bad: Sequence[FileCheck]) -> Tree:
    files = [
        {
            "symbol": each.symbol,
            "ok": each.ok,
            "kind": each.kind,
            "damaged": each in bad,
            "text": clean(each.text, 300) or None,
        }
        for each in checks
    ]
    return {
        "name": found.name,
        "path": str(found.path),
        "ok": not bad and not found.problem,
        "problem": found.problem or None,
        "files": files,
    }


def restored_tree(each: RestoreResult) -> Tree:
    """What became of one symbol."""
    return {
        "symbol": each.symbol,
        "ok": each.ok,
        "generation": each.model.generation if each.model else None,
        "from_generation": each.from_generation or None,
        "replaced": each.replaced,
        "error": documents.error_tree(each.error) if each.error else None,
    }
