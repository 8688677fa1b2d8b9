"""`audit`: who did what, when and from where, with the outcome."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from engine.cli.session import Session
from engine.core.audit_log import AuditEntry, read_entries
from engine.core.clock import iso, parse_duration
from engine.core.errors import ExitCode, StockmlError, UsageError
from engine.core.text import clean


def audit(session: Session, words: tuple[str, ...], since: str | None) -> int:
    """List changes made through stockml, oldest first; a line must contain all `words`."""
    try:
        audit_entries = list(read_entries(session.home, _since(since), words))
    except OSError as error:
        raise StockmlError(
            f"cannot read {error.filename}: {error.strerror}", "check its permissions"
        ) from error
    if session.json:
        session.document(
            {
                "file": str(session.home.audit_log),
                "entries": [_tree(entry) for entry in audit_entries],
            }
        )
    else:
        lines = [entry.text for entry in audit_entries]
        session.facts(lines or [_no_entry(session, filtered=bool(since or words))])
    return ExitCode.DONE


def _no_entry(session: Session, *, filtered: bool) -> str:
    if filtered:
        return "nothing in the record matches"
    return f"nothing is recorded in {session.home.audit_log} yet"


def _since(text: str | None) -> datetime | None:
    """The moment that `--since` names: a span before now, or the start of a local day."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time()).astimezone()
    except ValueError:
        pass  # no day: a span
    try:
        return datetime.now(UTC) - parse_duration(text)
    except (UsageError, OverflowError) as error:
        raise UsageError(
            f"not a time: {clean(text, 40)!r}", "write it as 30m, 6h, 2d, or a day as 2026-11-20"
        ) from error


def _tree(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": iso(entry.at),
        "user": entry.user,
        "ssh": entry.ssh or None,
        "tty": entry.tty or None,
        "pid": entry.pid or None,
        "from": entry.origin,
        "what": entry.action,
        "about": dict(entry.details),
        "outcome": entry.outcome,
        "said": entry.message or None,
    }
