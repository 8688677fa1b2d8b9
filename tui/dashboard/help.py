"""The dashboard's help sections besides its keys: columns, words, panes."""

from __future__ import annotations

from engine.words.states import SYMBOL_STATES
from engine.words.triggers import word_meanings
from tui.dashboard.columns import COLUMNS, STATE_STYLES
from tui.dashboard.panes.table import PANES
from tui.frame.status_line import STATUS_HELP
from tui.frame.tab_bar import TABS_HELP
from tui.screens.base import Sections

STATE_STYLES_BY_NAME = {state.value: style for state, style in STATE_STYLES.items()}
_MISSING = ("-", "a figure that is not there; the line under the table says why")


def help_sections() -> Sections:
    """In the order in which they are read."""
    # One pane can be in two places; the notice explains itself.
    panes = dict.fromkeys(place.pane for place in PANES)
    texts = (
        ("Status", STATUS_HELP),
        ("Tabs", TABS_HELP),
        *((getattr(pane, "TITLE", ""), getattr(pane, "HELP", "")) for pane in panes),
    )
    return (
        ("Columns", (*((column.title, column.meaning) for column in COLUMNS), _MISSING)),
        ("State words", tuple((state.value, text) for state, text in SYMBOL_STATES.items())),
        ("Words of RETRAIN", tuple(word_meanings())),
        ("Lines of the screen, from the top", tuple(pair for pair in texts if all(pair))),
    )
