"""The help: the keys of the screen below, its columns and the meaning of its words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.keys.labels import spelled
from tui.keys.shared import frame
from tui.keys.table import GROUPS, bindings, in_group, key_names
from tui.screens.base import ActingScreen, Sections
from tui.widgets.lines import Line, Lines, line
from tui.widgets.scroll import ScrollLines

NAME_WIDTH = 16
NO_STYLES: Mapping[str, str] = MappingProxyType({})


def key_lines(
    group: str, keys: Mapping[str, tuple[str, ...]], read_only: bool, width: int
) -> list[Line]:
    """One entry for each live key of a screen; what only this screen can do comes first."""
    lines: list[Line] = []
    shared = {action.handler for action in frame(group)} if group != "main" else set()
    for action in sorted(in_group(group), key=lambda action: action.handler in shared):
        if action.id not in keys:
            continue
        off = " (off: read-only)" if read_only and action.writes else ""
        lines += entry(key_names(keys[action.id]), "key", f"{action.description}{off}", width)
    return lines


def entry(name: str, style: str, text: str, width: int) -> list[Line]:
    """A name and its wrapped meaning, the keys in it those of the operator."""
    indent = NAME_WIDTH if width >= 40 else 2
    parts = textwrap.wrap(spelled(text), max(8, width - indent - 1)) or [""]
    if indent < NAME_WIDTH:
        return [line(name, style), *(line(f"  {part}") for part in parts)]
    if len(name) + 2 > indent:  # a long name has a line of its own
        return [line(f" {name}", style), *(line(" " * indent + part) for part in parts)]
    first = ((f" {name:<{indent - 1}}", style), (parts[0], ""))
    return [first, *(line(" " * indent + part) for part in parts[1:])]


def help_lines(
    group: str,
    keys: Mapping[str, tuple[str, ...]],
    read_only: bool,
    width: int,
    sections: Sections = (),
    styles: Mapping[str, str] = NO_STYLES,
) -> tuple[Line, ...]:
    """The whole help for the screen of `group`; `styles` are those of names."""
    lines = [
        line(f"Keys of {_the(GROUPS[group].lower())}", "head"),
        *key_lines(group, keys, read_only, width),
    ]
    for title, entries in sections:
        lines += [line(""), line(title, "head")]
        for name, meaning in entries:
            lines += entry(name, styles.get(name, ""), meaning, width)
    return tuple(lines)


def _the(name: str) -> str:
    return name if name.startswith(("one ", "a ")) else f"the {name}"


def open_help(
    screen: ActingScreen[Any], sections: Sections, styles: Mapping[str, str] = NO_STYLES
) -> None:
    """The help of `screen` as it is now."""
    screen.shell.push_screen(HelpScreen(screen.GROUP, screen.keys(), sections, styles))


class HelpScreen(ActingScreen[None]):
    """Generated from the live bindings of the screen that asked."""

    GROUP = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings("help")

    def __init__(
        self,
        group: str,
        keys: Mapping[str, tuple[str, ...]],
        sections: Sections = (),
        styles: Mapping[str, str] = NO_STYLES,
    ) -> None:
        super().__init__()
        self._group = group
        self._keys_of = keys
        self._sections = sections
        self._styles = styles

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield ScrollLines(id="page")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        page = self.query_one(ScrollLines)
        page.fill(
            help_lines(
                self._group,
                self._keys_of,
                self.shell.read_only,
                page.size.width,
                self._sections,
                self._styles,
            )
        )
        last = min(len(page.content), page.top + page.size.height)
        where = f"lines {page.top + 1} to {last} of {len(page.content)}"
        self.query_one("#title", Lines).show(((("Help  ", "head"), (where, "dim")),))
        self.draw_footer()

    @on(ScrollLines.Moved)
    def _wheeled(self) -> None:
        self._draw()

    def _scroll(self, by: int) -> None:
        self.query_one(ScrollLines).move(by)
        self._draw()

    def do_back(self) -> None:
        self.dismiss()

    def do_down(self) -> None:
        self._scroll(1)

    def do_up(self) -> None:
        self._scroll(-1)

    def do_page_down(self) -> None:
        self._scroll(max(1, self.query_one(ScrollLines).size.height - 1))

    def do_page_up(self) -> None:
        self._scroll(-max(1, self.query_one(ScrollLines).size.height - 1))

    def do_top(self) -> None:
        self._scroll(-1_000_000)

    def do_bottom(self) -> None:
        self._scroll(1_000_000)
