"""What an answer of Yahoo is worth, from its words and its meta data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from engine.market.rows import Rows
from engine.market.yahoo_answer import (
    NoBarsYet,
    Unanswered,
    WrongAnswer,
    check_identity,
    classified,
    empty_answer,
    keeps_new_york_time,
    naming,
)

TODAY = date(2024, 6, 15)
SHARE = {
    "symbol": "NVDA",
    "currency": "USD",
    "exchangeName": "NMS",
    "instrumentType": "EQUITY",
    "exchangeTimezoneName": "America/New_York",
    "dataGranularity": "1d",
}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"symbol": "AMD"}, "Yahoo answered about AMD when asked for NVDA"),
        ({"currency": "GBp"}, "NVDA is quoted in GBp"),
        ({"exchangeName": "TOR"}, "NVDA is traded at TOR"),
        ({"exchangeTimezoneName": "Europe/Berlin"}, "NVDA is traded in Europe/Berlin"),
        ({"exchangeTimezoneName": "Etc/GMT+5"}, r"NVDA is traded in Etc/GMT\+5"),
        ({"instrumentType": "FUTURE"}, "NVDA is of the kind FUTURE"),
        ({"instrumentType": "MUTUALFUND"}, "NVDA is of the kind MUTUALFUND"),
        ({"exchangeName": "CCC\x1b[31m", "instrumentType": "CRYPTOCURRENCY"}, "traded at CCC"),
    ],
)
def test_an_answer_about_something_else_is_refused_by_name(
    changed: dict[str, Any], words: str
) -> None:
    """Another symbol, exchange, currency, zone or kind: the message names it."""
    with pytest.raises(WrongAnswer, match=words) as caught:
        check_identity("NVDA", {**SHARE, **changed}, TODAY)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"exchangeTimezoneName": "US/Eastern"},
        {"exchangeTimezoneName": "America/Detroit"},
        {"symbol": "nvda", "exchangeName": "PNK", "instrumentType": "ETF"},
        dict.fromkeys(SHARE),
    ],
)
def test_an_answer_about_the_symbol_passes(changed: dict[str, Any]) -> None:
    """Zones count by their offset, and what is not said is not held against it."""
    check_identity("NVDA", {**SHARE, **changed}, TODAY)


def test_bars_of_a_week_are_no_answer() -> None:
    """Yahoo gave another length than was asked for."""
    with pytest.raises(Unanswered, match=r"refused or changed.*1wk"):
        check_identity("NVDA", {**SHARE, "dataGranularity": "1wk"}, TODAY)


@pytest.mark.parametrize("zone", ["", "EDT", "../etc/passwd", "Mars/Olympus"])
def test_an_unknown_zone_keeps_no_time(zone: str) -> None:
    """A name that is no zone is not New York's."""
    assert not keeps_new_york_time(zone, TODAY)


class MissingError(Exception):
    """As yfinance raises it, with Yahoo's own words or without."""

    def __init__(self, reason: str | None) -> None:
        super().__init__("$NVDA: possibly delisted; no price data found")
        self.yahoo_reason = reason


@pytest.mark.parametrize(
    ("reason", "about", "kind"),
    [
        ("No data found, symbol may be delisted", {}, NoBarsYet),
        ("Data doesn't exist for startDate = 1", {}, NoBarsYet),
        (None, SHARE, NoBarsYet),
        (None, {}, Unanswered),
        ("Invalid Crumb", {}, Unanswered),
        ("Unauthorized", SHARE, Unanswered),
    ],
)
def test_an_answer_without_prices(
    reason: str | None, about: dict[str, Any], kind: type[Exception]
) -> None:
    """Yahoo's own words and meta data are an answer; a shape without either is none."""
    error = empty_answer(MissingError(reason), about)
    assert type(error) is kind
    assert ("refused or changed" in str(error)) is (kind is Unanswered)
    assert "possibly" not in str(error)


def _raising(error: Exception) -> Callable[[], Rows]:
    def ask() -> Rows:
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "words", "for_everyone"),
    [
        (NotImplementedError("stamps"), r"cannot be read \(NotImplementedError: stamps\)", False),
        (KeyError("timestamp"), r"newer yfinance.*cannot be read \(KeyError: 'timestamp'\)", False),
        (json.JSONDecodeError("page", "<html>", 0), r"refused or changed.*JSONDecodeError", False),
        (ConnectionError("gone"), "could not be reached", True),
    ],
)
def test_every_error_becomes_words(error: Exception, words: str, for_everyone: bool) -> None:
    """Whatever is raised is Unanswered in words; only a fault of all symbols stops the others."""
    with pytest.raises(Unanswered, match=words) as caught:
        classified("NVDA", _raising(error))
    assert caught.value.for_everyone is for_everyone


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [("BRK.B", "; at Yahoo BRK.B is BRK-B: add that symbol"), ("NVDA", ""), ("SAP.DE", "")],
)
def test_the_name_that_yahoo_uses(symbol: str, hint: str) -> None:
    """A share's class comes after a dash there; other names are the same."""
    assert naming(symbol) == hint
