"""Lines of the audit as people read them; every other log stays as it is."""

from __future__ import annotations

from pathlib import Path

from engine.core.audit_log import parse_entry


def readable(path: Path, text: str) -> str:
    """The line in words if it is a valid audit entry, else unchanged."""
    if not path.name.startswith("audit.log"):
        return text
    entry = parse_entry(text)
    return text if entry is None else entry.text
