"""The text of the Backups screens: pure functions of backups and of a child's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.clock import parse_iso
from engine.core.records import ModelInfo
from engine.core.text import clean
from engine.vault.records import Backup, BackupEntry
from engine.words import figures, times
from engine.words.phrases import listed, plural
from engine.words.tables import TableColumn
from tui.keys.labels import key
from tui.widgets.lines import Line, Span, line
from tui.work.messages import Notice, level_of

if TYPE_CHECKING:
    from engine.children.messages import BackupCreated, BackupRestored, VerifiedBackup

HEADS = (
    TableColumn("BACKUP", 0, meaning="name of its folder"),
    TableColumn("MADE", 3, meaning="local time"),
    TableColumn("HOLDS", 1, right=True, meaning="how many models are in it"),
    TableColumn("SIZE", 4, right=True, meaning="bytes of all files"),
    TableColumn("CHECKED", 1, meaning="one word (below)"),
    TableColumn(
        "REASON", 2, max_width=40, meaning="why it was made; automatic: before models were replaced"
    ),
    TableColumn("WHERE", 5, max_width=60, meaning="the folder it lies in"),
)
NO_MODEL = ("broken", "foreign")
"""Kinds of a file that a backup keeps and a restore does not take."""
CHECK_WORDS = (
    (
        "made",
        ("made by stockml and verified then; not verified since the console opened"),
    ),
    ("OK", "read again just now: every file is as it was backed up"),
    ("DAMAGED", "read again just now: a file is not what was backed up; it cannot be restored"),
    ("unverified", "a plain copy without a manifest; {backups_verify} reads it"),
    ("UNREADABLE", "its manifest cannot be read"),
)
ENTRY_HEADS = (
    TableColumn("SYM", 0, meaning="symbol"),
    TableColumn(
        "KIND", 0, meaning="model, foreign, broken, or unknown until {backup_verify} reads it"
    ),
    TableColumn("GEN", 1, right=True, meaning="generation in the backup"),
    TableColumn("TRAINED", 2, meaning="when it was trained, local time"),
    TableColumn("LIVE NOW", 3, meaning="generation that is live, and when it was trained"),
    TableColumn("SIZE", 5, right=True, meaning="bytes"),
    TableColumn("CHECK", 4, max_width=60, meaning="what {backup_verify} found"),
)
# An automatic backup whose run id begins so was made by a restore, of what it replaced.
RESTORE_MARK = "restore-"


def models(backup: Backup) -> tuple[BackupEntry, ...]:
    """The files that may be models."""
    return tuple(entry for entry in backup.entries if entry.kind in ("model", "unknown"))


def checked(backup: Backup, results: Mapping[str, VerifiedBackup]) -> Span:
    """The word for how far a backup can be trusted; `results` by its path."""
    verified = results.get(str(backup.path))
    if verified is not None:
        return ("OK", "ok") if verified.ok else ("DAMAGED", "crit")
    if backup.problem:
        return ("UNREADABLE", "crit")
    return ("made", "dim") if backup.verified else ("unverified", "warn")


def row(backup: Backup, results: Mapping[str, VerifiedBackup], now: datetime) -> tuple[Span, ...]:
    """One backup."""
    reason = "before a restore" if backup.run_id.startswith(RESTORE_MARK) else backup.reason
    return (
        (backup.name, "head"),
        (times.brief_moment(backup.created_at, now, 7), ""),
        (str(len(models(backup))), ""),
        (figures.size(backup.size_bytes), ""),
        checked(backup, results),
        (reason, ""),
        (str(backup.path.parent), "dim"),
    )


def when(text: str) -> str:
    """A moment as a manifest writes it."""
    try:
        return times.moment(parse_iso(text))
    except ValueError:
        return figures.ABSENT


def live_text(model: ModelInfo | None) -> str:
    """The live model in words."""
    return (
        f"gen {model.generation}, {times.moment(model.trained_at)}"
        if model
        else "no readable model"
    )


def entry_row(
    entry: BackupEntry, model: ModelInfo | None, verified: VerifiedBackup | None
) -> tuple[Span, ...]:
    """The row of one file of a backup and of the live model."""
    file = verified.file(entry.symbol) if verified else None
    check: Span = (clean(entry.problem, 200), "warn") if entry.problem else (figures.ABSENT, "dim")
    if file is not None and file.ok:
        check = ("OK", "ok")
    elif file is not None:
        check = (f"{'DAMAGED' if file.damaged else file.kind}: {clean(file.text, 200)}", "crit")
    return (
        (entry.symbol, "head"),
        (file.kind if file else entry.kind, ""),
        (str(entry.generation) if entry.generation else figures.ABSENT, ""),
        (when(entry.trained_at), ""),
        (live_text(model), ""),
        (figures.size(entry.size_bytes), ""),
        check,
    )


def restore_lines(
    backup: Backup, symbols: Sequence[str], live: Mapping[str, ModelInfo | None]
) -> tuple[Line, ...]:
    """Exactly what a restore replaces, one line a symbol."""
    head = (
        f"Restore {plural(len(symbols), 'model')} from {backup.name},"
        f" {times.moment(backup.created_at)}:"
    )
    lines: list[Line] = [line(head, "head")]
    if not backup.verified:
        lines.append(line("  it is a plain copy: each file is checked before it is taken", "warn"))
    for symbol in symbols:
        entry = backup.entry(symbol)
        was = (
            f"gen {entry.generation} of {when(entry.trained_at)}"
            if entry and entry.generation
            else "what the file holds"
        )
        lines.append(((f"  {symbol:<6}", "head"), (f"{live_text(live.get(symbol))} > {was}", "")))
    lines.append(
        line(
            f"What is live now is backed up first; {key('backups_undo')} on the list of backups"
            " takes it back.",
            "dim",
        )
    )
    return tuple(lines)


def restored_notice(restored: BackupRestored) -> Notice:
    """The outcome of a restore, by symbol if one failed."""
    good = [model.symbol for model in restored.models if not model.problem]
    bad = [
        f"{model.symbol}: {clean(model.problem, 200)}" for model in restored.models if model.problem
    ]
    done = (
        f"restored {listed(good)}; {key('backups_undo')} on the list of backups takes it back"
        if good
        else "nothing was restored"
    )
    text = "; ".join([done, *bad])
    return Notice(text, level=level_of(failed=not good, incomplete=bool(bad)))


def made_notice(created: BackupCreated) -> Notice:
    """The outcome of a backup, with missing and invalid models first."""
    names = [entry.symbol for entry in created.entries]
    kept = [
        f"{entry.symbol} is {entry.kind}, kept as it is"
        for entry in created.entries
        if entry.kind in NO_MODEL
    ]
    absent = [f"{symbol} has no model" for symbol in created.absent]
    size = figures.size(created.size_bytes)
    text = f"{created.name}: {listed(names)}, {size}, read again and hashed"
    problems = [*created.problems, *absent, *kept]
    level = level_of(failed=not names, incomplete=bool(problems))
    return Notice("; ".join([*problems, text]), level=level)
