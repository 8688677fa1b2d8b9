"""The text of a screen that has nothing to show yet, or only old content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.core.records import Level
from engine.words import times
from tui.widgets.lines import Line, Span, line, wrapped
from tui.work.messages import Notice

# A longer look is reported to the operator, who would trust old numbers otherwise.
LAG_S = 10.0
# What the title says of these styles is never left out.
_KEPT = ("mark", "crit", "warn")


def waiting_lines(
    activity: str, failure: str, waited_s: float, width: int, back: str = "esc"
) -> tuple[Line, ...]:
    """The failure, or the `activity` and how long it has taken; `back` is the key that leaves."""
    if failure:
        return wrapped(line(f"ERROR: {failure}", "crit"), max(1, width), 2)
    if waited_s <= LAG_S:
        return (line(activity, "dim"),)
    waited = times.duration(waited_s)
    text = f"{activity} for {waited}: no answer yet; the keys work, {back} goes back"
    return wrapped(line(text, "warn"), max(1, width), 2)


def stale_notice(failure: str, read_at: datetime) -> Notice | None:
    """The notice below old content that cannot be read again; None while it can."""
    if not failure:
        return None
    return Notice(
        f"cannot read again: {failure}",
        f"shown as of {times.time_of_day(read_at)}",
        level=Level.CRIT,
    )


def title_of(name: str, facts: Sequence[Span], marks: Sequence[Span], width: int) -> Line:
    """Name, facts and marks; to fit, dim facts go first, then the last ones, warnings never."""
    kept = list(facts)
    while kept and _width(name, (*kept, *marks)) > width:
        loose = [fact for fact in kept if fact[1] == "dim"] or [
            fact for fact in kept if fact[1] not in _KEPT
        ]
        if not loose:
            break
        kept.remove(loose[-1])
    spans: list[Span] = [(name, "head")]
    for span in (*kept, *marks):
        spans += [("  ", ""), span]
    return tuple(spans)


def _width(name: str, spans: Sequence[Span]) -> int:
    return len(name) + sum(len(text) + 2 for text, _ in spans)
