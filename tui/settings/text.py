"""The text of the Settings screen: rows, the current key, a change before it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.core.errors import ConfigError
from engine.core.snapshot import Snapshot
from engine.core.text import clean
from engine.settings.keys import KeyPath
from engine.settings.sheet import Setting, Sheet, section_meanings, value_of, value_text
from engine.words.phrases import plural
from engine.words.tables import TableColumn
from tui.settings.limits import Reading, reading_of
from tui.widgets.lines import Line, Span, line, wrapped_all

HEADS = (
    TableColumn(
        "KEY", 0, max_width=24, meaning="its name in stockml.toml, below the name of its section"
    ),
    TableColumn(
        "VALUE", 1, max_width=16, meaning="what is in effect here, or what would be written"
    ),
    TableColumn("FROM", 2, max_width=18, meaning="one word (below)"),
    TableColumn(
        "DEFAULT", 4, max_width=16, meaning="the packaged value, where the file says another"
    ),
    TableColumn(
        "NOW",
        3,
        max_width=48,
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
Draft = Mapping[KeyPath, object]
"""Values that are not written; None takes a key out of the file."""
_SYMBOLS = (
    "add a symbol: write [symbols.AMD] with company, sector, kind and priority into stockml.toml;"
    " take one out: delete its table; `stockml config check` reads the file again. Models and bars"
    " of a symbol that is taken out stay on the disk"
)
# When a change counts, where that is not at the next look.
_LATER = {
    "service": "restart the service to use it",
    "console.link": "counts when the console is opened again",
    "training": "counts from the next run on",
}


def draft_words(setting: Setting, draft: Draft) -> Span:
    """The row's FROM: not written, else overridden by a variable, else where the value is."""
    if setting.path in draft:
        return (NEW, "mark")
    if setting.variable:
        return (setting.variable, "warn")
    return ("file", "live") if setting.changed else ("default", "dim")


def heads(width: int) -> tuple[TableColumn, ...]:
    """The columns; values are cut shorter where other columns need the room."""
    return tuple(
        replace(head, max_width=WIDE)
        if head.title in ("VALUE", "DEFAULT") and width >= 110
        else head
        for head in HEADS
    )


def value_span(setting: Setting, draft: Draft, most: int) -> Span:
    """What is in effect, or what would be written, with its unit."""
    value, style = setting.value, ""
    if setting.path in draft:
        new_value = draft[setting.path]
        value, style = (setting.default if new_value is None else new_value), "mark"
    unit = f" {setting.unit}" if setting.unit else ""
    return (_short(f"{_plain(value)}{unit}", most), style)


def row(setting: Setting, draft: Draft, reading: Reading | None, width: int) -> tuple[Span, ...]:
    """One setting."""
    most = next(head.max_width for head in heads(width) if head.title == "VALUE")
    default = (
        _short(_plain(setting.default), most) if (setting.changed or setting.path in draft) else ""
    )
    name = (_short(".".join(setting.path[1:]), 24), "")
    beside = (reading.short, reading.style) if reading else ("", "")
    return (
        name,
        value_span(setting, draft, most),
        draft_words(setting, draft),
        (default, "dim"),
        beside,
    )


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


def detail_lines(
    setting: Setting, draft: Draft, reading: Reading | None, width: int
) -> tuple[Line, ...]:
    """Everything about the current key."""
    unit = f", in {setting.unit}" if setting.unit else ""
    lines: list[Line] = [
        ((f"{setting.key}  ", "head"), (setting.meaning, "")),
        line(f"takes {setting.takes}{unit}", "dim"),
    ]
    default = value_text(setting.default) if setting.default is not None else "none"
    in_file = "the file does not have it"
    if setting.given is not None:
        in_file = f"the file says {value_text(setting.given)}"
    lines.append(line(f"default {default}; {in_file}", "dim"))
    if setting.path in draft:
        new = (
            "taken out of the file"
            if draft[setting.path] is None
            else value_text(draft[setting.path])
        )
        lines.append(line(f"would become {new} when it is written", "mark"))
    lines += [line(text, "warn") for text in override_words(setting)]
    if reading is not None:
        lines.append((("now: ", "dim"), (reading.full, reading.style)))
    later = _LATER.get(setting.key, _LATER.get(setting.path[0], ""))
    lines += [line(later, "dim")] if later else []
    lines += [line(_SYMBOLS, "dim")] if setting.path[0] == "symbols" else []
    return wrapped_all(lines, width, 4)


def override_words(setting: Setting) -> tuple[str, ...]:
    """The warning about an environment variable that overrides the key."""
    if not setting.variable:
        return ()
    value = clean(os.environ.get(setting.variable, ""), 40)
    warning = (
        f"{setting.variable}={value} in the environment overrides the file for this console and"
        f" what it starts: the file says {value_text(setting.in_file)}, and a change counts where"
        f" {setting.variable} is not set"
    )
    return (warning,)


def check_lines(
    setting: Setting, raw: str, sheet: Sheet, draft: Draft, snapshot: Snapshot | None, width: int
) -> tuple[Line, ...]:
    """The feedback on a value while it is typed: why it is wrong, or its effect."""
    try:
        value = value_of(setting.path, raw)
    except ConfigError as error:
        lines: list[Line] = [
            (("WRONG  ", "crit"), (error.message, "")),
            line(f"       it takes {setting.takes}", "dim"),
        ]
        return wrapped_all(lines, width, 7)
    same = value == setting.in_file
    lines = [
        (
            ("OK  ", "ok"),
            (f"{setting.key} = {value_text(value)}", "head"),
            ("  unchanged" if same else "", "dim"),
        )
    ]
    problems = sheet.with_changes({**draft, setting.path: value})
    lines += [
        line(f"not yet: {problem}; change both, then write them together", "warn")
        for problem in problems
    ]
    lines += [line(text, "warn") for text in override_words(setting)]
    if (reading := reading_of(setting, value, snapshot)) is not None:
        lines.append((("it would meet now: ", "dim"), (reading.full, reading.style)))
    return wrapped_all(lines, width, 4)


def change_lines(settings: Sequence[Setting], draft: Draft) -> tuple[Line, ...]:
    """Every change as it is confirmed: before and after."""
    by_path = {setting.path: setting for setting in settings}
    lines: list[Line] = []
    for path, value in draft.items():
        setting = by_path[path]
        after = "(taken out)" if value is None else value_text(value)
        lines += [
            line(setting.key, "head"),
            line(f"- {value_text(setting.in_file)}", "crit"),
            line(f"+ {after}", "ok"),
        ]
        lines += [line(f"note: {text}", "warn") for text in override_words(setting)]
    return tuple(lines)


def broken_lines(sheet: Sheet, width: int) -> tuple[Line, ...]:
    """The problems shown in place of the settings when the file cannot be used."""
    head = line(
        f"{plural(len(sheet.problems), 'problem')}; nothing can be changed here until the file"
        " is repaired",
        "crit",
    )
    tail = line("training and the service keep the settings they started with", "dim")
    problems = (line(f"! {problem}", "warn") for problem in sheet.problems)
    return wrapped_all((head, *problems, tail), width, 4)
