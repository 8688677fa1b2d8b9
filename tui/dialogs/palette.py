"""The palette: type part of an action's name or description, and enter runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.keys.action import Action
from tui.keys.table import bindings, in_group, key_names
from tui.screens.base import ActingScreen
from tui.widgets.lines import Line, Lines, line

MAX_SEARCH = 40


def matching(actions: Sequence[Action], search: str) -> tuple[Action, ...]:
    """The actions whose name or description has every word of `search`, the earliest hit first."""
    words = search.lower().split()
    texts = {action: f"{action.name} {action.description}".lower() for action in actions}
    hits = [action for action in actions if all(word in texts[action] for word in words)]
    return tuple(sorted(hits, key=lambda action: texts[action].find(words[0]) if words else 0))


def palette_lines(
    actions: Sequence[Action],
    keys: Mapping[str, tuple[str, ...]],
    chosen: int,
    read_only: bool,
    width: int,
    height: int,
) -> tuple[Line, ...]:
    """The actions to choose from, the chosen one in view."""
    if not actions:
        return (line("  nothing matches; erase some letters", "dim"),)
    room = 14 if width >= 60 else 7
    top = max(0, min(chosen, len(actions) - 1) - max(1, height) + 1)
    lines: list[Line] = []
    for index, action in enumerate(actions[top : top + height], top):
        off = " (off)" if read_only and action.writes else ""
        label = key_names(keys.get(action.id, ())) + off
        text = f"{'>' if index == chosen else ' '} {label:<{room}} {action.description}"
        lines.append(line(text.ljust(width), "cursor" if index == chosen else ""))
    return tuple(lines)


def open_palette(screen: ActingScreen[Any]) -> None:
    """The palette of the actions of `screen`, which does the chosen one."""

    def act(action_id: str | None) -> None:
        if action_id:
            screen.action_act(action_id)

    screen.shell.push_screen(PaletteScreen(screen.GROUP, screen.keys()), act)


class PaletteScreen(ActingScreen[str]):
    """Answers with the id of an action, or None."""

    GROUP = "palette"
    TAKES_TEXT = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("palette")

    def __init__(self, group: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._actions = tuple(
            action
            for action in in_group(group)
            if (action.id in keys or not action.keys)
            and action.handler not in ("do_palette", "do_back")
        )
        self._keys_of = keys
        self._search = ""
        self._chosen = 0

    @property
    def matches(self) -> tuple[Action, ...]:
        """The actions that match what was typed."""
        return matching(self._actions, self._search)

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Lines(id="page")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    async def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and len(self._search) < MAX_SEARCH:
            event.stop()
            self._search += event.character
            self._chosen = 0
            self._draw()

    def _draw(self) -> None:
        page = self.query_one("#page", Lines)
        width, height = page.size
        typed = ((("Do what? ", "head"), (f"{self._search}_", "")),)
        self.query_one("#title", Lines).show(typed)
        page.show(
            palette_lines(
                self.matches, self._keys_of, self._chosen, self.shell.read_only, width, height
            )
        )
        self.draw_footer()

    def do_back(self) -> None:
        self.dismiss(None)

    def do_choose(self) -> None:
        matches = self.matches
        self.dismiss(matches[self._chosen].id if matches else None)

    def do_down(self) -> None:
        self._chosen = min(self._chosen + 1, max(0, len(self.matches) - 1))
        self._draw()

    def do_up(self) -> None:
        self._chosen = max(0, self._chosen - 1)
        self._draw()

    def do_erase(self) -> None:
        self._search, self._chosen = self._search[:-1], 0
        self._draw()
