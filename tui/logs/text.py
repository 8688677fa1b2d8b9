"""Lines of a log as the console shows them."""

from __future__ import annotations

import re

from tui.widgets.lines import Line, line

_BAD = re.compile(r"\b(?:ERROR|FAILED|failed|CRIT|LOST|Traceback)\b")


def log_line(text: str) -> Line:
    """A line of a log in the style of its level, or of a word of failure in it."""
    if _BAD.search(text):
        return line(text, "crit")
    if text.startswith("[WARN"):
        return line(text, "warn")
    return line(text, "ok" if text.startswith("[SUCCESS") else "")
