"""Tables of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.core.text import clean
from engine.words.tables import TableColumn, columns, lay_out, meanings, text_table, titles_of

RUNS = columns(("RUN", "STATE", ">TOOK", "REASON", "BY"), dropped_first=("BY", "REASON"))
ROW = ("run-1", "running", "3m 10s", "accuracy below its limit", "cron")


@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=5), st.integers(5, 40)
)
def test_a_table_never_leaves_its_width_nor_its_lines(
    rows: list[tuple[str, str]], width: int
) -> None:
    """Whatever the cells hold, a row is one printable line of at most the width."""
    lines = text_table(columns(("A", ">B")), rows, width)

    assert len(rows) + 1 == len(lines)
    assert all(len(line) <= width for line in lines)
    assert all(
        line.isprintable()
        for line in lines
        if all(char.isprintable() for row in rows for cell in row for char in cell)
    )
    assert not any(char in line for line in lines for char in "\x1b\x9b\n\r")


@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=90)), max_size=4), st.integers(5, 60)
)
def test_a_folded_table_loses_no_word(rows: list[tuple[str, str]], width: int) -> None:
    """Folded rows stay within the width too, and the last column's text is all there, in order."""
    lines = text_table(columns(("A", "B")), rows, width, fold=True)
    plain = text_table(columns(("A", "B")), rows)

    assert all(len(line) <= width for line in lines)
    for row, line in zip(rows, plain[1:], strict=True):
        if len(line) <= width:
            assert line in lines
        else:
            assert "".join(clean(row[1]).split()) in "".join("".join(lines).split())


def test_a_reason_folds_under_its_head() -> None:
    """On 80 columns the whole reason stands under WHY; where that is too narrow, below its row."""
    rows = [
        (
            "NVDA",
            "chronic",
            "the naive forecast breaks the same limit on the same sessions, MAPE 5.16 % > 5 %",
        )
    ]
    reasons = columns(("SYMBOL", "DECISION", "WHY"))
    wide = text_table(reasons, rows, 60, fold=True)
    thin = text_table(reasons, rows, 30, fold=True)

    assert wide[1:3] == [
        "NVDA    chronic   the naive forecast breaks the same limit",
        "                  on the same sessions, MAPE 5.16 % > 5 %",
    ]
    assert thin[:3] == ["SYMBOL  DECISION  WHY", "NVDA    chronic", "    the naive forecast breaks"]


def test_a_column_is_named_by_its_title() -> None:
    """A > puts the texts of a column at the right, and the first to be dropped ranks highest."""
    assert ("RUN", "STATE", "TOOK", "REASON", "BY") == titles_of(RUNS)
    assert [False, False, True, False, False] == [column.right for column in RUNS]
    assert [0, 0, 0, 1, 2] == [column.priority for column in RUNS]


def test_a_table_moves_together_before_it_drops_a_column() -> None:
    """Gaps of one instead of two come first, then columns go in their order, those of 0 never."""
    whole = "run-1  running  3m 10s  accuracy below its limit  cron"
    assert whole == text_table(RUNS, [ROW])[1]
    assert whole.replace("  ", " ") == text_table(RUNS, [ROW], len(whole) - 1)[1]
    assert "run-1 running 3m 10s accuracy below its limit" == text_table(RUNS, [ROW], 48)[1]
    assert "run-1 running 3m 10s" == text_table(RUNS, [ROW], 25)[1]
    assert "run-1 runn…" == text_table(RUNS, [ROW], 11)[1]


def test_an_uncut_table_is_left_to_the_terminal() -> None:
    """Where a cut would hide what matters, the terminal breaks the line."""
    assert "run-1 running 3m 10s" == text_table(RUNS, [ROW], 11, cut=False)[1]
    reason = TableColumn("WHY", 1, max_width=99)
    assert (
        "run-1 accuracy bel…"
        == text_table((TableColumn("RUN"), reason), [(ROW[0], ROW[3])], 19, cut=False)[1]
    )


def test_an_empty_table_is_its_header() -> None:
    """Without a row the columns are as wide as their titles."""
    assert ["RUN  STATE  TOOK  REASON  BY"] == text_table(RUNS, [])


def test_words_are_cut_where_they_still_say_something() -> None:
    """A column of words gets the room that is left from twelve characters on; figures go whole."""
    words = (TableColumn("RUN"), TableColumn("WHY", 1, meaning="why"), TableColumn("N", 2))
    layout = lay_out(words, [("run-1", "accuracy below its limit", "7")], 22)

    assert (0, 1) == layout.places
    assert ("run-1", "accuracy below its limit") == layout.cells(("run-1", ROW[3], "7"))
    assert (0,) == lay_out(words, [("run-1", ROW[3], "7")], 18).places
    assert (("RUN", ""), ("WHY", "why"), ("N", "")) == meanings(words)
