"""Counts with their nouns, shortened lists, and sentences that fit on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.words.figures import count

_FOLDERS = re.compile(r"(?<!\S)/(?:[^\s/]+/)+(?=[^\s/])")


def plural(number_of: int, noun: str) -> str:
    """A count with its noun: `1 run`, `2 runs`."""
    return f"{count(number_of)} {noun}" if number_of == 1 else f"{count(number_of)} {noun}s"


def bars_age(behind: int) -> str:
    """`bars end 126 sessions ago`; empty for bars up to the newest complete session."""
    return f"bars end {plural(behind, 'session')} ago" if behind > 0 else ""


def listed(names: Sequence[str], limit: int = 6) -> str:
    """Names on one line; beyond `limit` the rest is counted."""
    shown = " ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {count(len(names) - limit)} more"


def without_folders(text: str) -> str:
    """A sentence with every absolute path cut to its last name, so that the rest has room."""
    return _FOLDERS.sub("", text)
