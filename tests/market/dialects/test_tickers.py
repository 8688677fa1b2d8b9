"""Spellings of a ticker."""

import pytest

from engine.market.dialects.tickers import is_ticker_of


@pytest.mark.parametrize(
    "ticker", ["MP", "mp", "MP.US", "NYSE:MP", "MP US Equity", "MP UN", "MP.N"]
)
def test_a_ticker_with_its_market_is_the_symbol(ticker: str) -> None:
    """As Stooq, TradingView, Bloomberg and Refinitiv write it."""
    assert is_ticker_of(ticker, "MP")


@pytest.mark.parametrize("ticker", ["BRK.B", "BRK-B", "BRK/B", "BRK B", "BRK.B.US", "NYSE:BRK.B"])
def test_the_class_of_a_share_has_many_spellings(ticker: str) -> None:
    """All of them are one symbol, and not the one without a class."""
    assert is_ticker_of(ticker, "BRK-B")
    assert is_ticker_of(ticker, "BRK.B")
    assert not is_ticker_of(ticker, "BRK")


@pytest.mark.parametrize("ticker", ["NVDA", "MPX", "", "MP.DE", "HEI.A"])
def test_others_are_others(ticker: str) -> None:
    """Another company, and another exchange."""
    assert not is_ticker_of(ticker, "MP")
    assert not is_ticker_of(ticker, "HEI")
