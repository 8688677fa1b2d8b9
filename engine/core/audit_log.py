"""Reading logs/audit.log, as `stockml audit` and the console do; engine.core.audit writes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.audit import MAX_MESSAGE, plain
from engine.core.clock import iso, parse_iso
from engine.core.paths import Home
from engine.core.reading import open_regular
from engine.core.text import clean

WINDOW = 64_000_000
"""Bytes read from the end of each file: some 200,000 entries."""
_MAX_LINE = 65_536
"""Entries are below 4 kB; a file without newlines is read in such pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the record."""

    at: datetime
    user: str
    ssh: str
    """The address the session came from; empty without one."""
    tty: str
    origin: str
    """console, command, or cron with the job's name."""
    action: str
    details: Mapping[str, Any]
    outcome: str
    message: str = ""
    pid: int = 0

    @property
    def who(self) -> str:
        """The user, the address and the terminal, as far as they are known."""
        address = f"from {self.ssh}" if self.ssh else ""
        return " ".join(part for part in (self.user, address, self.tty) if part)

    @property
    def text(self) -> str:
        """The line as people read it."""
        parts = (
            iso(self.at)[:19] + "Z",
            f"{self.outcome:<9}",
            self.action,
            " ".join(_detail(name, value) for name, value in self.details.items()),
            f"by {self.who}, {self.origin}",
        )
        line = "  ".join(part for part in parts if part)
        return f"{line}: {self.message}" if self.message else line


def _detail(name: str, value: Any) -> str:
    text = " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    if name in ("symbols", "symbol"):
        return text
    return f'{name}="{text}"' if " " in text and '"' not in text else f"{name}={text}"


def parse_entry(line: str) -> AuditEntry | None:
    """The entry of a line; None for a torn one, or one that is no entry of ours."""
    try:
        tree = json.loads(line)
        details = dict(tree.get("about", {}))
        return AuditEntry(
            at=parse_iso(tree["at"]),
            user=clean(str(tree.get("user", "")), 80),
            ssh=clean(str(tree.get("ssh", "")), 60),
            tty=clean(str(tree.get("tty", "")), 40),
            origin=clean(str(tree.get("from", "")), 60),
            action=clean(str(tree["what"]), 40),
            details={clean(str(name), 40): plain(value) for name, value in details.items()},
            outcome=clean(str(tree["outcome"]), 20),
            message=clean(str(tree.get("said", "")), MAX_MESSAGE),
            pid=int(tree.get("pid", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def audit_files(home: Home) -> tuple[Path, ...]:
    """The record and what `clean` renamed of it, the oldest first."""
    live = home.audit_log
    numbered = [path for path in live.parent.glob(f"{live.name}.*") if path.suffix[1:].isdigit()]
    numbered.sort(key=lambda path: int(path.suffix[1:]), reverse=True)
    return (*numbered, live) if live.exists() else tuple(numbered)


def read_entries(
    home: Home, since: datetime | None = None, words: Sequence[str] = ()
) -> Iterator[AuditEntry]:
    """The entries from `since` on that have every one of `words`, in any case; oldest first.

    Of a file the last WINDOW bytes are read.

    Raises FileError when a file cannot be read.
    """
    folded = [word.casefold() for word in words]
    for path in audit_files(home):
        with os.fdopen(open_regular(path), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - WINDOW))
            while line := file.readline(_MAX_LINE):
                entry = parse_entry(line.decode("utf-8", "replace"))
                if entry is None or (since is not None and entry.at < since):
                    continue
                text = entry.text.casefold()
                if all(word in text for word in folded):
                    yield entry
