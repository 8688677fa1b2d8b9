"""What one row of the table of actions is, and the rows that many screens share."""

from __future__ import annotations

from dataclasses import dataclass

from tui.look.themes import PALETTES
from tui.screens.tabs import TABS


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a key does."""

    id: str
    keys: tuple[str, ...]
    """Its own; one without any is chosen in the palette alone."""
    name: str
    """One or two words for the footer."""
    description: str
    handler: str
    group: str = "main"
    writes: bool = False
    """It changes something outside the console: a read-only console refuses it."""
    footer: int = 0
    """Place in the footer, 1 first; 0 keeps it out."""
    argument: str = ""
    """What the handler is given, where one serves several actions."""


_MOVES = (
    ("down", ("j", "down"), "down", "next row"),
    ("up", ("k", "up"), "up", "row before"),
    ("top", ("g", "home"), "top", "first row"),
    ("bottom", ("G", "end"), "bottom", "last row"),
    ("page_down", ("pagedown", "ctrl+d"), "page down", "one page down"),
    ("page_up", ("pageup", "ctrl+u"), "page up", "one page up"),
)


COPIED = {
    "symbol": "the whole page",
    "doctor": "the whole page",
    "away": "the whole page",
    "runs": "the id of the run",
    "run": "the line of the symbol, with the run's id",
    "logs": "the path of the file",
    "view": "the newest line, or the first one in sight when frozen",
    "backups": "the name of the backup",
    "schedule": "the job's line of the crontab",
    "settings": "the key and the value in effect",
}
"""What `y` copies on a screen where it is not simply the current row."""


def moves(group: str) -> tuple[Action, ...]:
    """Rows and pages."""
    head = "" if group == "main" else f"{group}_"
    return tuple(
        Action(f"{head}{name}", keys, short, text, f"do_{name}", group)
        for name, keys, short, text in _MOVES
    )


def tabs(group: str) -> tuple[Action, ...]:
    """The keys of the screens."""
    return tuple(
        Action(
            f"{group}_to_{tab.name}",
            (tab.key,),
            tab.label,
            tab.description,
            "do_go",
            group,
            argument=tab.name,
        )
        for tab in TABS
    )


def themes() -> tuple[Action, ...]:
    """Each theme by its name, for the palette of the dashboard."""
    return tuple(
        Action(
            f"theme_{found.name}",
            (),
            "theme",
            f"theme {found.name}: {found.meaning}",
            "do_wear",
            argument=found.name,
        )
        for found in PALETTES
    )


def frame(group: str, *, palette: bool = True) -> tuple[Action, ...]:
    """What every screen above the dashboard has: help, the way back, a new look, the other
    screens."""
    return (
        Action(
            f"{group}_help",
            ("question_mark", "f1"),
            "help",
            "explain keys, columns and states",
            "do_help",
            group,
            footer=1,
        ),
        Action(
            f"{group}_back",
            ("escape", "q"),
            "back",
            "one step back, in the end to the dashboard",
            "do_back",
            group,
            footer=2,
        ),
        Action(
            f"{group}_refresh",
            ("ctrl+r", "f5"),
            "refresh",
            "read everything again now",
            "do_refresh",
            group,
        ),
        Action(
            f"{group}_copy",
            ("y",),
            "copy",
            f"copy {COPIED.get(group, 'the current row')}",
            "do_copy",
            group,
        ),
        *(
            (
                Action(
                    f"{group}_palette",
                    ("colon", "ctrl+p"),
                    "menu",
                    "find an action by name",
                    "do_palette",
                    group,
                ),
            )
            if palette
            else ()
        ),
        *tabs(group),
        *moves(group),
    )
