"""The text of the Doctor screen: whether machine, terminal and connection can do the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.core.records import Level
from engine.core.text import clean
from engine.watch.machine import Machine, terminal_items
from engine.watch.records import Item
from engine.words import times
from tui.terminal.vitals import Vitals
from tui.widgets.lines import Line, Span, line, wrapped

STYLES = {Level.OK: "ok", Level.WARN: "warn", Level.CRIT: "crit"}
WORDS = (
    ("OK", "as it should be; a fix beside it is an advice"),
    ("WARN", "works now but will not last: see the fix"),
    ("CRIT", "what needs this does not work before it is mended"),
    ("link", "whether this console spares its line, and how long it was not able to draw"),
    ("the others", "what `stockml doctor` found at the last look, in a process of its own"),
)
_ORDER = (Level.CRIT, Level.WARN, Level.OK)


def cleaned(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items, safe for a terminal."""
    return tuple(
        Item(clean(item.name, 20), item.level, clean(item.text, 1000), clean(item.fix, 300))
        for item in items
    )


def own_items(machine: Machine, vitals: Vitals) -> Iterator[Item]:
    """The items only the console can measure: the child has no terminal and sends nothing."""
    yield from terminal_items(machine)
    stall = (
        f"; its event loop stalled for {times.latency(vitals.longest_stall_s)}"
        if vitals.longest_stall_s
        else ""
    )
    yield Item("link", Level.OK, f"this console: {vitals.link} line{stall}")


def merged(child_items: Sequence[Item], own: Sequence[Item]) -> tuple[Item, ...]:
    """The console's own items in place of the child's of the same name; the worst first."""
    mine = {item.name: item for item in own}
    items = [mine.pop(item.name, item) for item in child_items]
    return tuple(sorted((*items, *mine.values()), key=lambda item: _ORDER.index(item.level)))


def counted(items: Sequence[Item]) -> tuple[Span, ...]:
    """How many are bad, for the title."""
    counts = {level: sum(item.level is level for item in items) for level in _ORDER[:2]}
    return tuple(
        (f"{count} {level}", STYLES[level]) for level, count in counts.items() if count
    ) or (("all OK", "ok"),)


def page(items: Sequence[Item], width: int, ending: str) -> tuple[Line, ...]:
    """An item a line, folded; the fix below it; `ending` last."""
    indent = 16 if width >= 60 else 2
    lines: list[Line] = []
    for item in items:
        head: Line = ((f"{item.name:<9} ", "head"), (f"{item.level.value:<5} ", STYLES[item.level]))
        lines += wrapped((*head, (item.text, "")), width, indent)
        if item.fix:
            style = "dim" if item.level is Level.OK else "warn"
            lines += wrapped(
                ((" " * indent, ""), (f"fix: {item.fix}", style)),
                width,
                indent + 5 if indent > 2 else 2,
            )
    return (*lines, line(""), *wrapped(line(ending, "dim"), width, 2))
