"""Symbols, checked before anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.core.symbols import check_symbol, check_symbols

CONFIGURED = ("NVDA", "TSLA", "BRK.B", "X-1")


@pytest.mark.parametrize("symbol", CONFIGURED)
def test_a_configured_symbol_is_returned(symbol: str) -> None:
    """Letters, figures, dots and dashes are what a symbol may hold."""
    assert symbol == check_symbol(symbol, CONFIGURED)


@pytest.mark.parametrize(
    "text", ["nvda", "NVDX", "", "../NVDA", "NVDA\n", " NVDA", "NVDA;ls", "ＮＶＤＡ", "A" * 11]
)
def test_other_symbols_are_refused(text: str) -> None:
    """Lower case, unknown names, paths and shell words are wrong usage, even where they are
    configured."""
    with pytest.raises(UsageError):
        check_symbol(text, CONFIGURED)
    if text != "NVDX":
        with pytest.raises(UsageError):
            check_symbol(text, (*CONFIGURED, text))


def test_the_nearest_symbol_is_named() -> None:
    """A slip names what was meant; nothing near lists what there is."""
    with pytest.raises(UsageError, match="did you mean NVDA"):
        check_symbol("nvda", CONFIGURED)
    with pytest.raises(UsageError, match="configured: NVDA TSLA"):
        check_symbol("????", CONFIGURED)


def test_repeats_are_dropped_and_the_order_kept() -> None:
    """Symbols stay in the order given, each once."""
    assert ("TSLA", "NVDA") == check_symbols(["TSLA", "NVDA", "TSLA"], CONFIGURED)


@given(st.text(max_size=30))
def test_any_text_is_a_symbol_or_a_safe_error(text: str) -> None:
    """No text gets through unless configured, and the message has no control character."""
    try:
        assert check_symbol(text, CONFIGURED) in CONFIGURED
    except UsageError as error:
        assert error.message.isprintable() or not text.isprintable()
        assert "\x1b" not in str(error)


def test_a_hint_names_a_bounded_number_of_symbols() -> None:
    """Of a thousand the first twenty, and how many more."""
    names = tuple(f"A{number:03}" for number in range(1000))
    with pytest.raises(UsageError) as refused:
        check_symbol("ZZZZ", names)
    assert refused.value.hint.endswith("A019 and 980 more")
