"""What the Settings screen says: rows, limits beside what is now, the current key, a change
before it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.core.errors import ConfigError
from engine.core.records import Level
from engine.core.snapshot import Snapshot, SymbolRow
from engine.core.text import clean
from engine.settings.document import KeyPath
from engine.settings.sheet import Setting, Sheet, section_meanings, value_text
from engine.settings.write import value_of
from engine.words.phrases import plural
from tui.look.table import Head
from tui.widgets.lines import Line, Span, line, wrapped

HEADS = (
    Head("KEY", 0, most=24, meaning="its name in stockml.toml, below the name of its section"),
    Head("VALUE", 1, most=16, meaning="what is in effect here, or what would be written"),
    Head("FROM", 2, most=18, meaning="one word (below)"),
    Head("DEFAULT", 4, most=16, meaning="the packaged value, where the file says another"),
    Head(
        "NOW",
        3,
        most=48,
        meaning=(
            "what the limit meets now: the worst symbol and how many are beyond it, or this host"
        ),
    ),
)
FROM_WORDS = {
    "default": "as it is packaged",
    "file": "changed in stockml.toml",
    "NOT WRITTEN": "changed here and not in the file yet",
    "ML_EPOCHS, for one": (
        "this environment variable overrides the file, for this console and what it starts"
    ),
}
NEW = "NOT WRITTEN"
WIDE = 36
HELD_OUT = "on the held-out sessions of its live model"
Draft = Mapping[KeyPath, object]
"""Values that are not written; None takes a key out of the file."""
_SYMBOLS = (
    "add a symbol: write [symbols.AMD] with company, sector, kind and priority into stockml.toml;"
    " take one out: delete its table; `stockml config check` reads the file again. Models and bars"
    " of a symbol that is taken out stay on the disk"
)
# When a change counts, where that is not at the next look.
_LATER = {
    "service": "a running service takes it up when it is started again",
    "console.link": "counts when the console is opened again",
    "training": "counts from the next run on",
}


def draft_words(one: Setting, draft: Draft) -> Span:
    """The row's FROM: what would be written first, then what overrides it, then where it stands."""
    if one.path in draft:
        return (NEW, "mark")
    if one.variable:
        return (one.variable, "warn")
    return ("file", "live") if one.changed else ("default", "dim")


def heads(width: int) -> tuple[Head, ...]:
    """The columns; values are cut shorter where other columns need the room."""
    return tuple(
        replace(head, most=WIDE) if head.title in ("VALUE", "DEFAULT") and width >= 110 else head
        for head in HEADS
    )


def value_span(one: Setting, draft: Draft, most: int) -> Span:
    """What is in effect, or what would be written, with its unit."""
    changed = one.path in draft
    value = (one.default if draft[one.path] is None else draft[one.path]) if changed else one.value
    return (
        _short(f"{_plain(value)}{f' {one.unit}' if one.unit else ''}", most),
        "mark" if changed else "",
    )


def row(one: Setting, draft: Draft, now: Now | None, width: int) -> tuple[Span, ...]:
    """One setting."""
    most = next(head.most for head in heads(width) if head.title == "VALUE")
    default = _short(_plain(one.default), most) if (one.changed or one.path in draft) else ""
    name = (_short(".".join(one.path[1:]), 24), "")
    beside = (now.short, now.style) if now else ("", "")
    return (name, value_span(one, draft, most), draft_words(one, draft), (default, "dim"), beside)


def heading(section: str) -> Line:
    """The line above a section's keys."""
    meaning = section_meanings().get(
        section, "The symbols, and how to add or remove one: see below."
    )
    return ((f"[{section}]", "head"), (f"  {meaning}", "dim"))


def _plain(value: object) -> str:
    """A value without the quotes that it has in the file."""
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return value_text(value)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# -- limits beside what is now ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Now:
    """What a limit meets now: for its row, and in full."""

    short: str
    full: str
    style: str = ""


def _source(one: Setting, value: object, read: str) -> Now | None:
    """The source that the console was told to read instead of the one that is set."""
    if value != one.value or read.partition(":")[0] == str(value).partition(":")[0]:
        return None
    return Now(
        read,
        f"this console reads {read} bars, as --source told it; what it starts does so too",
        "warn",
    )


def nows(settings: Sequence[Setting], snapshot: Snapshot | None) -> dict[KeyPath, Now]:
    """What each limit meets now; a key that is no limit has none."""
    if snapshot is None:
        return {}
    found = ((one.path, now_of(one, one.value, snapshot)) for one in settings)
    return {path: now for path, now in found if now is not None}


def now_of(one: Setting, value: object, snapshot: Snapshot | None) -> Now | None:
    """What a limit of this value would meet now."""
    if snapshot is None:
        return None
    if one.path == ("market", "source"):
        return _source(one, value, snapshot.source)
    if one.path[0] == "thresholds" and isinstance(value, int | float):
        return _threshold(one.path[-1], float(value), snapshot.rows)
    meters = {meter.name: meter for meter in snapshot.meters}
    kind, _, level = one.path[-1].rpartition("_")
    name = {"cpu": "CPU", "memory": "MEM", "disk": "DISK"}.get(kind, "")
    if one.path[0] == "resources" and level in ("warn", "crit") and name in meters:
        meter = meters[name]
        return _said(
            f"{meter.value:.1f} {meter.unit} {meter.level.value}",
            "" if meter.level is Level.OK else "warn",
        )
    free = {"free_disk_mb": "DISK", "worker_memory_mb": "MEM"}.get(one.path[-1], "")
    if free in meters and meters[free].detail:
        return _said(meters[free].detail)
    if one.key == "alerts.enabled" and snapshot.undelivered:
        return _said(f"{snapshot.undelivered} not delivered", "warn")
    return None


def _said(text: str, style: str = "") -> Now:
    return Now(text, text, style)


def _threshold(name: str, limit: float, rows: Sequence[SymbolRow]) -> Now | None:
    """The worst symbol against a limit, and how many are beyond it."""
    if name == "min_accuracy":
        found = {row.symbol: row.model.metrics.direction_accuracy for row in rows if row.model}
        return _worst(found, limit, f"% {HELD_OUT}", low=True)
    if name == "max_mape":
        return _worst(
            {row.symbol: row.model.metrics.mape for row in rows if row.model},
            limit,
            f"% {HELD_OUT}",
        )
    if name == "min_confidence":
        return _worst(
            {row.symbol: row.forecast.confidence for row in rows if row.forecast},
            limit,
            "%",
            low=True,
        )
    if name in ("max_model_age_days", "fresh_days"):
        return _worst({row.symbol: row.age_days for row in rows}, limit, "days")
    return None


def _worst(found: Mapping[str, float | None], limit: float, unit: str, *, low: bool = False) -> Now:
    """The symbol that is furthest on the wrong side, and how many are beyond the limit."""
    known = {symbol: value for symbol, value in found.items() if value is not None}
    if not known:
        return _said("no model tells yet", "dim")
    symbol = (min if low else max)(known, key=lambda name: known[name])
    beyond = sum(value < limit if low else value > limit for value in known.values())
    word = f"{beyond} {'below' if low else 'above'}"
    value = f"{symbol} {known[symbol]:.1f}"
    short = f"{value}, {word}" if beyond else f"{value} OK"
    return Now(short, f"worst {value} {unit}; {word} of {len(known)}", "warn" if beyond else "")


# -- the current key ----------------------------------------------------------------------------


def detail_lines(one: Setting, draft: Draft, now: Now | None, width: int) -> tuple[Line, ...]:
    """Everything about the current key."""
    unit = f", in {one.unit}" if one.unit else ""
    lines: list[Line] = [
        ((f"{one.key}  ", "head"), (one.meaning, "")),
        line(f"takes {one.takes}{unit}", "dim"),
    ]
    default = value_text(one.default) if one.default is not None else "none"
    stands = (
        f"the file says {value_text(one.given)}"
        if one.given is not None
        else "the file does not have it"
    )
    lines.append(line(f"default {default}; {stands}", "dim"))
    if one.path in draft:
        new = "taken out of the file" if draft[one.path] is None else value_text(draft[one.path])
        lines.append(line(f"would become {new} when it is written", "mark"))
    lines += [line(text, "warn") for text in override_words(one)]
    if now is not None:
        lines.append((("now: ", "dim"), (now.full, now.style)))
    later = _LATER.get(one.key, _LATER.get(one.path[0], ""))
    lines += [line(later, "dim")] if later else []
    lines += [line(_SYMBOLS, "dim")] if one.path[0] == "symbols" else []
    return tuple(piece for found in lines for piece in wrapped(found, width, 4))


def override_words(one: Setting) -> tuple[str, ...]:
    """What has to be said before a key is changed that the environment overrides."""
    if not one.variable:
        return ()
    value = clean(os.environ.get(one.variable, ""), 40)
    return (
        (
            f"{one.variable}={value} in the environment overrides the file for this console and"
            f" what it starts: the file says {value_text(one.in_file)}, and a change counts where"
            f" {one.variable} is not set"
        ),
    )


def check_lines(
    one: Setting, raw: str, sheet: Sheet, draft: Draft, snapshot: Snapshot | None, width: int
) -> tuple[Line, ...]:
    """What the editor says of a value while it is typed: why it is wrong, or what it would do."""
    try:
        value = value_of(one.path, raw)
    except ConfigError as error:
        lines: list[Line] = [
            (("WRONG  ", "crit"), (error.message, "")),
            line(f"       it takes {one.takes}", "dim"),
        ]
        return tuple(piece for found in lines for piece in wrapped(found, width, 7))
    same = value == one.in_file
    lines = [
        (
            ("OK  ", "ok"),
            (f"{one.key} = {value_text(value)}", "head"),
            ("  as it stands" if same else "", "dim"),
        )
    ]
    problems = sheet.with_changes({**draft, one.path: value})
    lines += [
        line(f"not yet: {problem}; change both, then write them together", "warn")
        for problem in problems
    ]
    lines += [line(text, "warn") for text in override_words(one)]
    if (now := now_of(one, value, snapshot)) is not None:
        lines.append((("it would meet now: ", "dim"), (now.full, now.style)))
    return tuple(piece for found in lines for piece in wrapped(found, width, 4))


# -- writing ------------------------------------------------------------------------------------


def change_lines(settings: Sequence[Setting], draft: Draft) -> tuple[Line, ...]:
    """Every change as it is confirmed: what stands there, and what would."""
    known = {one.path: one for one in settings}
    lines: list[Line] = []
    for path, value in draft.items():
        one = known[path]
        after = "(taken out)" if value is None else value_text(value)
        lines += [
            line(one.key, "head"),
            line(f"- {value_text(one.in_file)}", "crit"),
            line(f"+ {after}", "ok"),
        ]
        lines += [line(f"note: {text}", "warn") for text in override_words(one)]
    return tuple(lines)


def broken_lines(sheet: Sheet, width: int) -> tuple[Line, ...]:
    """What stands there instead of the settings when the file cannot be used."""
    head = line(
        f"{plural(len(sheet.problems), 'problem')}; nothing can be changed here until the file"
        " is repaired",
        "crit",
    )
    tail = line("training and the service go on with what they read when they began", "dim")
    found = (head, *(line(f"! {problem}", "warn") for problem in sheet.problems), tail)
    return tuple(piece for one in found for piece in wrapped(one, width, 4))
