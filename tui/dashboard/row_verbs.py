"""The verbs that choose which rows the dashboard shows, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from engine.core.snapshot import Snapshot
from tui.dashboard.row_filter import ORDERS, RowFilter
from tui.dashboard.row_groups import GROUPS, first_match
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.screens.verbs import Selection, Verbs


class FilteredRows(Selection, Protocol):
    """A screen whose rows are filtered."""

    row_filter: RowFilter
    shown: Snapshot | None
    cursor: str


class FindScreen(PromptScreen):
    """A line for a symbol; the cursor of the table goes along."""

    def __init__(self, jump: Callable[[str], bool]) -> None:
        super().__init__("go to symbol: ")
        self._jump = jump

    def draw(self) -> None:
        if self.entry.text and not self._jump(self.entry.text):
            self.app.bell()
        super().draw()


class RowVerbs(Verbs):
    """Filter and order of the rows."""

    @property
    def rows(self) -> FilteredRows:
        """The screen, as these verbs use it."""
        return cast("FilteredRows", self.selection)

    def do_filter(self) -> None:
        def show(text: str) -> None:
            self.rows.row_filter = replace(self.rows.row_filter, text="" if text == "!" else text)

        prompt = PromptScreen("show rows with (!text without): ", self.rows.row_filter.text)
        ask_text(self.shell, prompt, show)

    def do_problems(self) -> None:
        before = self.rows.row_filter
        self.rows.row_filter = replace(before, problems=not before.problems)

    def do_group(self) -> None:
        before, groups = self.rows.row_filter, list(GROUPS)
        following = groups[(groups.index(before.group) + 1) % len(groups)]
        self.rows.row_filter = replace(before, group=following)

    def do_find(self) -> None:
        """Put the cursor on the first symbol with what is typed, at every key."""
        self.shell.push_screen(FindScreen(self._jump_to), None)

    def _jump_to(self, text: str) -> bool:
        name = first_match(self.rows.shown.rows if self.rows.shown else (), text)
        self.rows.cursor = name or self.rows.cursor
        return bool(name)

    def do_sort(self) -> None:
        before, orders = self.rows.row_filter, list(ORDERS)
        following = orders[(orders.index(before.order) + 1) % len(orders)]
        self.rows.row_filter = replace(before, order=following)
