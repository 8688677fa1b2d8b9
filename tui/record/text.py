"""Lines of the audit as people read them; every other log stays as it is."""

from __future__ import annotations

from pathlib import Path

from engine.core.audit_log import parse_entry


def readable(path: Path, text: str) -> str:
    """The line as it is shown;
    one of the audit that is torn or not ours stays as it stands in the file."""
    if not path.name.startswith("audit.log"):
        return text
    entry = parse_entry(text)
    return text if entry is None else entry.text
