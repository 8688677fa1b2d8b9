"""The actions of dialogs and forms."""

from __future__ import annotations

from tui.keys.action import ActionRow, actions_of
from tui.keys.shared import SECTIONS

DIALOGS = (
    *actions_of(
        "form",
        (
            ActionRow("back", "escape", "back", "leave the time as it is", footer=1),
            ActionRow("take", "enter", "take", "take this time; nothing is written yet", footer=2),
            ActionRow("down", "down tab", "next", "next preset", footer=3),
            ActionRow("up", "up shift+tab", "before", "preset before", footer=4),
        ),
    ),
    *actions_of(
        "setting",
        (
            ActionRow("back", "escape", "back", "leave the key as it is", footer=1),
            ActionRow("take", "enter", "take", "take this value; nothing is written yet", footer=2),
            ActionRow("default", "ctrl+r", "default", "put the default into the field", footer=3),
            ActionRow("down", "down tab", "next", "the next of the values it takes", footer=4),
            ActionRow("up", "up shift+tab", "before", "the value before", footer=5),
        ),
    ),
    *actions_of(
        "prompt",
        (
            ActionRow("back", "escape", "back", "type nothing", footer=1),
            ActionRow("take", "enter", "take", "take what was typed", footer=2),
        ),
    ),
    *actions_of(
        "command",
        (
            ActionRow("back", "escape", "back", "type nothing", footer=1),
            ActionRow("take", "enter", "run", "run the line, or take the chosen word", footer=2),
            ActionRow("complete", "tab", "complete", "complete the last word", footer=3),
            ActionRow("down", "down", "next", "the next completion", footer=4),
            ActionRow("up", "up", "before", "the completion before", footer=5),
        ),
    ),
    *actions_of(
        "help",
        (
            ActionRow("back", "escape q question_mark f1", "back", "close the help", footer=1),
            ActionRow("down", "j down", "down", "one line down", footer=2),
            ActionRow("up", "k up", "up", "one line up", footer=3),
            ActionRow("page_down", "pagedown ctrl+d space", "page", "one page down", footer=4),
            ActionRow("page_up", "pageup ctrl+u", "page up", "one page up"),
            ActionRow("top", "g home", "top", "first line"),
            ActionRow("bottom", "G end", "end", "last line"),
            ActionRow("search", "slash", "find", "only what has these words", footer=5),
            *SECTIONS,
        ),
    ),
    *actions_of(
        "confirm",
        (
            ActionRow("no", "escape n q", "no", "do nothing", footer=1),
            ActionRow("yes", "y", "yes", "do what is listed", footer=2),
            ActionRow(
                "switch", "tab left right h l", "switch", "choose between the two buttons", footer=3
            ),
            ActionRow(
                "choose",
                "enter",
                "choose",
                "press the chosen button; Cancel is chosen first",
                footer=4,
            ),
            ActionRow("down", "j down", "down", "scroll the list down"),
            ActionRow("up", "k up", "up", "scroll the list up"),
        ),
    ),
    *actions_of(
        "palette",
        (
            ActionRow("back", "escape", "back", "close the palette", footer=1),
            ActionRow("choose", "enter", "run", "run the chosen action", footer=2),
            ActionRow("down", "down tab", "next", "next action", footer=3),
            ActionRow("up", "up shift+tab", "before", "action before", footer=4),
            ActionRow("erase", "backspace", "erase", "erase a letter of the search"),
        ),
    ),
)
