"""While you were away, in a few lines of the dashboard until the operator dismisses them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from textual.reactive import var

from engine.core.snapshot import Away
from engine.words import times
from tui.keys.labels import key
from tui.widgets.lines import Line, line
from tui.widgets.pane import Pane

MAX_LINES = 4
_BAD = re.compile(r"\b(?:failed|lost|missed|firing)\b")


def away_line(text: str) -> Line:
    """One event; failures are highlighted."""
    return line(text, "warn" if _BAD.search(text) else "")


def ideal_height(away: Away | None) -> int:
    """How many lines the pane would like: its head and the newest."""
    return min(MAX_LINES, len(away.lines) + 1) if away and away.lines else 0


def away_lines(away: Away | None, now: datetime, height: int) -> tuple[Line, ...]:
    """The head with the key to all of it, then as many of the newest as there is room for."""
    if away is None or away.since is None or not away.lines:
        return ()
    more = f"{key('away')} all, {key('back')} hides"
    since = times.brief_moment(away.since, now)
    head = f"While you were away since {since}: {len(away.lines)} ({more})"
    newest = away.lines[-(height - 1) :] if height > 1 else ()
    return (line(head, "live"), *(away_line(text) for text in newest))


class AwayPane(Pane):
    """The events since the console was last open."""

    TITLE = "While you were away"
    HELP = (
        "What ended, fired or was missed since the console was last open; "
        "{away} shows all of it at any time, {back} hides it here."
    )

    away: var[Away | None] = var(None)

    def lines(self) -> Iterable[Line]:
        return away_lines(self.away, self.shell.wall.now(), self.size.height)

    def watch_away(self) -> None:
        self.redraw()
