"""The verbs that choose which rows the dashboard shows, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, cast

from tui.dashboard.row_filter import ORDERS, RowFilter
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.screens.verbs import Selection, Verbs


class FilteredRows(Selection, Protocol):
    """A screen whose rows are filtered."""

    row_filter: RowFilter


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

    def do_sort(self) -> None:
        before, orders = self.rows.row_filter, list(ORDERS)
        following = orders[(orders.index(before.order) + 1) % len(orders)]
        self.rows.row_filter = replace(before, order=following)
