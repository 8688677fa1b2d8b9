"""While you were away: runs that ended, alerts and missed jobs since the console was last open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from engine.core.snapshot import Away
from engine.words import times
from tui.dashboard.panes.away import away_line
from tui.keys.table import bindings
from tui.screens.base import Sections
from tui.screens.page import PageScreen
from tui.widgets.lines import Line, line, wrapped

MEANINGS = (
    ("run", "it ended: how, with how many symbols, and its id; {away_to_runs} shows it"),
    (
        "alert",
        (
            "a message was sent to the receivers; {away_to_alerts} shows what still fires and"
            " what was not delivered"
        ),
    ),
    ("missed", "a job's time came and cron did not run it; {away_to_schedule} says why"),
)


def away_page(away: Away | None, width: int) -> tuple[Line, ...]:
    """All of it, oldest first; or why there is nothing."""
    if away is None:
        return (line("reading what happened", "dim"),)
    if away.since is None:
        return wrapped(line("the console was not open on this home before", "dim"), width, 2)
    head = wrapped(
        line(f"the console was last open at {times.moment(away.since)}", "dim"), width, 2
    )
    if not away.lines:
        return (*head, *wrapped(line("nothing ended, fired or was missed since", "ok"), width, 2))
    return (
        *head,
        *(piece for text in away.lines for piece in wrapped(away_line(text), width, 13)),
    )


class AwayScreen(PageScreen):
    """What the console found when it was opened, to be read again."""

    GROUP = "away"
    UNDER = "dashboard"
    NAME = "While you were away"
    BINDINGS: ClassVar[list[BindingType]] = bindings("away")

    value: Away | None

    def look(self) -> Away | None:
        return self.shell.away

    def sections(self) -> Sections:
        return (("Lines, oldest first", MEANINGS),)

    def page_lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - of any height
        if self.failure:
            return (line(self.failure, "crit"),)
        return away_page(self.value, width)
