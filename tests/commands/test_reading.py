"""A command line is read by the table of commands, and completed by it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands.reading import completions, rank_of, read, usage
from engine.commands.table import all_commands
from engine.core.errors import StockmlError, UsageError

SYMBOLS = ("NVDA", "MP", "SMR")


def words_offered(text: str) -> list[str]:
    return [completion.word for completion in completions(text, SYMBOLS)]


def test_a_line_names_a_command_its_words_and_what_is_missing() -> None:
    """`hold MP --until fri` lacks its reason; with it nothing is missing."""
    hold = read(["hold", "MP", "--until", "fri"])

    assert (hold.name, hold.words) == ("hold", ("MP", "--until", "fri"))
    assert [option.flag for option in hold.missing] == ["--reason"]
    assert read([*hold.argv, "--reason=merger"]).missing == ()


def test_short_words_stand_for_commands() -> None:
    """`retrain` is train, `fetch` is data fetch."""
    assert read(["retrain", "NVDA"]).argv == ("train", "NVDA")
    assert read(["fetch"]).name == "data fetch"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hodl MP", "hold"),
        ("runs", "needs a verb"),
        ("runs lits", "list"),
        ("status --jsn", "no option"),
        ("hold", "SYMBOL"),
        ("hold MP --until", "needs a value"),
        ("unhold MP SMR", "no word more"),
        ("", "no command"),
    ],
)
def test_a_wrong_line_is_refused_with_the_next_step(line: str, said: str) -> None:
    """The error shows what is wrong or what was meant."""
    with pytest.raises(UsageError) as refused:
        read(line.split())
    assert said in f"{refused.value.message} {refused.value.hint}"


def test_completions_are_verbs_then_symbols_and_options() -> None:
    """Each place of a line offers what can stand there."""
    assert words_offered("hol")[0] == "hold"
    assert "follow" in words_offered("runs ")
    assert set(SYMBOLS) < set(words_offered("hold "))
    assert words_offered("hold MP --u") == ["--until"]


def test_letters_in_their_order_find_a_word_too() -> None:
    """A beginning comes before a piece, a piece before scattered letters."""
    assert [rank_of("backtest", part) for part in ("back", "test", "bkt")] == [0, 1, 2]
    assert rank_of("backtest", "zz") == 9


def test_every_command_has_a_form_of_one_line() -> None:
    """It begins with the name, and has no line break."""
    for name, command in all_commands():
        assert usage(name, command).startswith(name)
        assert "\n" not in usage(name, command)


@given(st.text(max_size=40))
def test_any_line_is_read_or_refused(text: str) -> None:
    """Nothing else escapes, and completing it never fails."""
    completions(text, SYMBOLS)
    with contextlib.suppress(StockmlError):
        read(text.split())
