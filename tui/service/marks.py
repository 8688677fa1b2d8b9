"""The prediction service as the title shows it: one word for each of its states."""

from __future__ import annotations

from collections.abc import Mapping

from tui.widgets.lines import Span

MARKS: Mapping[str, Span] = {
    "off": ("service off", "dim"),
    "down": ("service DOWN", "crit"),
    "starting": ("service starting", "warn"),
    "healthy": ("service up", "ok"),
    "degraded": ("service DEGRADED", "warn"),
    "unhealthy": ("service UNHEALTHY", "crit"),
    "silent": ("service UNANSWERING", "crit"),
    "error": ("service ERROR", "crit"),
}


def title_span(word: str) -> Span:
    """The service in the title; nothing before the first look."""
    return MARKS.get(word, ("", ""))


def warning(word: str) -> tuple[Span, ...]:
    """The mark for the titles of the other screens: what is wrong, and nothing else."""
    return (
        (MARKS[word],)
        if word in MARKS and MARKS[word][1] in ("warn", "crit") and word != "starting"
        else ()
    )


def title_rank(word: str) -> int:
    """How early the title drops it on a narrow terminal: what is wrong stays."""
    return 6 if word in ("off", "healthy") else 1
