"""The help: the keys of the screen below, its columns and the meaning of its words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.labels import spelled
from tui.keys.shared import frame
from tui.keys.table import GROUPS, bindings, in_group, key_names
from tui.screens.base import ActingScreen, Sections
from tui.widgets.lines import Line, Lines, Span, line, plain
from tui.widgets.scroll import ScrollLines

NAME_WIDTH = 16
COLUMN_WIDTH = 80
"""Cells of a column of the help: a terminal of twice that has two."""
NO_STYLES: Mapping[str, str] = MappingProxyType({})


def key_entries(
    group: str, keys: Mapping[str, tuple[str, ...]], read_only: bool
) -> list[tuple[str, str]]:
    """One entry for each live key of a screen; what only this screen can do comes first."""
    entries = []
    shared = {action.handler for action in frame(group)} if group != "main" else set()
    for action in sorted(in_group(group), key=lambda action: action.handler in shared):
        if action.id not in keys:
            continue
        off = " (off: read-only)" if read_only and action.writes else ""
        entries.append((key_names(keys[action.id]), f"{action.description}{off}"))
    return entries


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
    search: str = "",
) -> tuple[Line, ...]:
    """The whole help for the screen of `group`, or what has every word of `search`.

    `styles` are those of names.
    """
    keys_title = f"Keys of {_the(GROUPS[group].lower())}"
    own_keys = tuple(key_entries(group, keys, read_only))
    words = search.lower().split()
    lines: list[Line] = []
    for title, entries in ((keys_title, own_keys), *sections):
        chosen = [pair for pair in entries if all(word in _text(pair) for word in words)]
        if not chosen:
            continue
        lines += [line("")] if lines else []
        lines.append(line(title, "head"))
        for name, meaning in chosen:
            style = "key" if title == keys_title else styles.get(name, "")
            lines += entry(name, style, meaning, width)
    return tuple(lines) or (line("nothing has these words", "dim"),)


def _text(pair: tuple[str, str]) -> str:
    return spelled(" ".join(pair)).lower()


def in_columns(lines: Sequence[Line], count: int, width: int) -> tuple[Line, ...]:
    """The lines side by side in `count` columns of `width` cells, read column by column."""
    height = -(-len(lines) // count)
    columns = [lines[at * height : (at + 1) * height] for at in range(count)]
    rows = []
    for at in range(height):
        row: list[Span] = []
        for column in columns:
            spans = column[at] if at < len(column) else ()
            row += [*spans, (" " * (width - len(plain(spans))), "")]
        rows.append(tuple(row))
    return tuple(rows)


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
        self._search = ""

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield ScrollLines(id="page")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        page = self.query_one(ScrollLines)
        columns = max(1, page.size.width // COLUMN_WIDTH)
        width = page.size.width // columns
        lines = help_lines(
            self._group,
            self._keys_of,
            self.shell.read_only,
            width - (2 if columns > 1 else 0),
            sections=self._sections,
            styles=self._styles,
            search=self._search,
        )
        page.fill(in_columns(lines, columns, width) if columns > 1 else lines)
        last = min(len(page.content), page.top + page.size.height)
        where = f"lines {page.top + 1} to {last} of {len(page.content)}"
        title: Line = (("Help  ", "head"), (where, "dim"))
        mark: Line = ((f"  /{self._search}", "mark"),) if self._search else ()
        self.query_one("#title", Lines).show(((*title, *mark),))
        self.draw_footer()

    @on(ScrollLines.Moved)
    def _wheeled(self) -> None:
        self._draw()

    def _scroll(self, by: int) -> None:
        self.query_one(ScrollLines).move(by)
        self._draw()

    def do_back(self) -> None:
        """One step back: the search first, then the help."""
        if self._search:
            self._find("")
        else:
            self.dismiss()

    def _find(self, text: str) -> None:
        self._search = text.strip()
        self.query_one(ScrollLines).top = 0
        self._draw()

    def do_search(self) -> None:
        ask_text(self.shell, PromptScreen("help with: ", self._search), self._find)

    def do_next_section(self) -> None:
        self.query_one(ScrollLines).to_section(1)
        self._draw()

    def do_section_before(self) -> None:
        self.query_one(ScrollLines).to_section(-1)
        self._draw()

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
