"""A screen of one page of text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from tui.screens.live import LiveScreen
from tui.widgets.lines import Line
from tui.widgets.scroll import ScrollLines


class PageScreen(LiveScreen):
    """A page with scroll keys; a subclass supplies the content."""

    def page_lines(self, width: int, height: int) -> Sequence[Line]:
        """The whole page for `width` cells, of which `height` lines can be seen."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield ScrollLines(id="page")

    def draw(self) -> None:
        page = self.query_one(ScrollLines)
        page.fill(self.page_lines(*page.size))

    def _move(self, by: int) -> None:
        self.query_one(ScrollLines).move(by)

    def _page(self, pages: int) -> None:
        self.query_one(ScrollLines).page(pages)
