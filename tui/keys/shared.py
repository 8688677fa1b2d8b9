"""The actions that many screens share."""

from __future__ import annotations

from tui.keys.action import Action, ActionRow, actions_of
from tui.look.themes import PALETTES
from tui.screens.tabs import TABS

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
_MOVES = (
    ActionRow("down", "j down", "down", "next row"),
    ActionRow("up", "k up", "up", "row before"),
    ActionRow("top", "g home", "top", "first row"),
    ActionRow("bottom", "G end", "bottom", "last row"),
    ActionRow("page_down", "pagedown ctrl+d", "page down", "one page down"),
    ActionRow("page_up", "pageup ctrl+u", "page up", "one page up"),
)
SECTIONS = (
    ActionRow("next_section", "right_square_bracket", "section", "the next section"),
    ActionRow("section_before", "left_square_bracket", "section before", "the section before"),
)
"""Of a page that is longer than the screen."""
_PAGES = ("symbol", "doctor", "messages", "away")
_HELP = ActionRow("help", "question_mark f1", "help", "explain keys, columns and states", footer=1)
_BACK = ActionRow(
    "back", "escape q", "back", "one step back, in the end to the dashboard", footer=2
)
_REFRESH = ActionRow("refresh", "ctrl+r f5", "refresh", "read everything again now")
MOUSE = ActionRow(
    "mouse", "m", "mouse", "switch the mouse off or on; shift selects text either way"
)
COMMAND = ActionRow(
    "command", "colon", "command", "type a command, a symbol or a screen: hold MP --until fri"
)
MESSAGES = ActionRow("messages", "M", "messages", "what the console said in this session")
_PALETTE = ActionRow("palette", "ctrl+p", "menu", "find an action by name")


def moves(group: str) -> tuple[Action, ...]:
    """Rows and pages."""
    return actions_of(group, _MOVES)


def tabs(group: str) -> tuple[Action, ...]:
    """The keys of the screens; their ids name the group on the dashboard too."""
    head = "main_to_" if group == "main" else "to_"
    rows = (
        ActionRow(
            f"{head}{tab.name}", tab.key, tab.label, tab.description, does="go", argument=tab.name
        )
        for tab in TABS
    )
    return actions_of(group, rows)


def themes() -> tuple[Action, ...]:
    """Each theme by its name, for the palette of the dashboard."""
    rows = (
        ActionRow(
            f"theme_{palette.name}",
            "",
            "theme",
            f"theme {palette.name}: {palette.meaning}",
            does="apply_theme",
            argument=palette.name,
        )
        for palette in PALETTES
    )
    return actions_of("main", rows)


def frame(group: str) -> tuple[Action, ...]:
    """What every screen above the dashboard has: help, back, refresh, copy, menu, screens, rows."""
    copy = ActionRow("copy", "y", "copy", f"copy {COPIED.get(group, 'the current row')}")
    return (
        *actions_of(group, (_HELP, _BACK, _REFRESH, copy, MOUSE, COMMAND, MESSAGES, _PALETTE)),
        *tabs(group),
        *moves(group),
        *actions_of(group, SECTIONS if group in _PAGES else ()),
    )
