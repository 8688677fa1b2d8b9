"""`clean`: remove old backups, logs, runs and leftovers by rule, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.confirm import ask
from engine.cli.session import Session, report
from engine.core.errors import ExitCode, StockmlError
from engine.core.paths import Home
from engine.words import figures

if TYPE_CHECKING:
    from engine.vault.records import CleanReport, Removal

KEEP = "keep"
_DONE = {"remove": "removed", "rename": "renamed", "copy": "copied"}


def clean(session: Session, dry_run: bool, yes: bool) -> int:
    """Remove what is old by the rules of the settings, never a live model or a needed backup."""
    cleaning = session.engine.storage.clean(dry_run=dry_run or not yes)
    due = [action for action in cleaning.actions if action.verb != KEEP]
    if dry_run or yes or not due:
        return _tell(session, cleaning, dry_run)
    for line in _lines(session.home, due):
        session.say(line)
    ask(session, "Do this?", yes=yes, effect="this removes files")
    return _tell(session, session.engine.storage.clean(), dry_run)


def _tell(session: Session, cleaning: CleanReport, dry_run: bool) -> int:
    """Print the report as text or JSON; 1 if a part failed."""
    if session.json:
        session.document(
            {
                "dry_run": dry_run,
                "freed_bytes": cleaning.freed_bytes,
                "actions": [_tree(action) for action in cleaning.actions],
                "problems": list(cleaning.problems),
            }
        )
    else:
        kept = [action for action in cleaning.actions if action.verb == KEEP]
        due = [action for action in cleaning.actions if action.verb != KEEP]
        session.facts(_lines(session.home, cleaning.actions if dry_run else due))
        size = figures.size(cleaning.freed_bytes)
        would = "would be " if dry_run else ""
        session.facts([f"{_counts(due, would)}, {size} {would}freed; {len(kept)} kept"])
    for problem in cleaning.problems:
        report(
            StockmlError(
                problem, "the other parts were done; `stockml clean --dry-run` shows what is left"
            )
        )
    return ExitCode.FAILED if cleaning.problems else ExitCode.DONE


def _lines(home: Home, actions: Sequence[Removal]) -> list[str]:
    return [f"{action.verb:6} {_place(home, action)}: {action.reason}" for action in actions]


def _place(home: Home, action: Removal) -> str:
    path = action.path
    return str(path.relative_to(home.root)) if path.is_relative_to(home.root) else str(path)


def _counts(actions: Sequence[Removal], would: str) -> str:
    """The counts of actions, such as `3 removed, 1 copied`; `would` marks a dry run."""
    counts = Counter(str(action.verb) for action in actions)
    parts = [f"{counts[verb]} {would}{word}" for verb, word in _DONE.items() if counts[verb]]
    return ", ".join(parts) or "nothing due"


def _tree(action: Removal) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "path": str(action.path),
        "verb": action.verb,
        "reason": action.reason,
        "size_bytes": action.size_bytes,
    }
