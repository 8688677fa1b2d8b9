"""Every key of the console; bindings, footer, help, palette and docs/keys.md read this table.

To add an action, add a row to its screen's table and a `do_…` method to the screen or its verbs.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType
from textual.keys import format_key

from tui.keys.action import Action
from tui.keys.dashboard import DASHBOARD
from tui.keys.dialogs import DIALOGS
from tui.keys.screens import SCREENS

GROUPS = {
    "main": "Dashboard",
    "symbol": "One symbol",
    "runs": "Runs",
    "run": "One run",
    "logs": "Logs",
    "view": "A log file",
    "backups": "Backups",
    "backup": "One backup",
    "schedule": "Schedule",
    "form": "Time of a job",
    "settings": "Settings",
    "setting": "One setting",
    "service": "Service",
    "alerts": "Alerts",
    "doctor": "Doctor",
    "symbols": "Symbols",
    "hosts": "Hosts",
    "away": "While you were away",
    "prompt": "A line to type",
    "command": "The command line",
    "output": "Output of a command",
    "messages": "Messages",
    "help": "Help",
    "confirm": "Confirmation",
    "palette": "Palette",
}

ACTIONS = (*DASHBOARD, *SCREENS, *DIALOGS)

_BY_ID = {action.id: action for action in ACTIONS}
KEY_NAMES = {
    "comma": ",",
    "question_mark": "?",
    "colon": ":",
    "escape": "esc",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "f1": "F1",
    "f5": "F5",
}


def in_group(group: str) -> tuple[Action, ...]:
    """The actions of one screen, in the order of the table."""
    return tuple(action for action in ACTIONS if action.group == group)


def by_id(action_id: str) -> Action:
    """The action with this id; KeyError when there is none."""
    return _BY_ID[action_id]


def bindings(group: str) -> list[BindingType]:
    """Textual's bindings of one screen; the id makes a key remappable."""
    return [
        Binding(
            ",".join(action.keys),
            f"act('{action.id}')",
            action.description,
            show=False,
            id=action.id,
        )
        for action in in_group(group)
        if action.keys
    ]


def key_name(key: str) -> str:
    """A key as people write it: `F9`, `!`, `ctrl+t`, `space`."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    if key[:1] == "f" and key[1:].isdigit():
        return key.upper()
    sign = format_key(key)
    return sign if len(sign) == 1 and sign.isascii() else key


def key_names(keys: Iterable[str]) -> str:
    """Several keys of one action."""
    return " ".join(key_name(key) for key in keys)
