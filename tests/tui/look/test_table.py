"""Tables as text: what is left out, and what is cut, where they do not fit."""

from __future__ import annotations

import pytest

from engine.words.tables import TableColumn
from tui.look.table import table
from tui.widgets.lines import plain

HEADS = (
    TableColumn("RUN", 0),
    TableColumn("TOOK", 3, right=True),
    TableColumn("JOBS", 1),
    TableColumn("BY", 4),
)
ROWS = (
    (
        ("20261021-143401-ab12cd", ""),
        ("3m 10s", ""),
        ("2 running, 6 queued, 4 done", ""),
        ("cron", ""),
    ),
)


@pytest.mark.parametrize("width", range(22, 90))
def test_what_a_narrow_table_keeps(width: int) -> None:
    """The id is never cut;
    a column of words shows what there is room for, one of figures is whole or not there."""
    header, (row,) = table(HEADS, ROWS, width)
    text = plain(row)[:width]

    assert text.startswith("20261021-143401-ab12cd")
    assert ("JOBS" in plain(header)) == ("2 running" in text) == (width >= 22 + 2 + 12)
    assert ("TOOK" in plain(header)) == ("3m 10s" in text) == (width >= 22 + 2 + 27 + 2 + 6)


def test_cut_words_have_a_mark() -> None:
    """A column that is cut in the middle of the row says so."""
    heads = (TableColumn("WHAT", 1), TableColumn("STATE", 0))
    _, (row,) = table(heads, ((("a reason of thirty characters.", ""), ("FAILED", "")),), 26)

    assert plain(row) == "a reason of thirt…  FAILED"
