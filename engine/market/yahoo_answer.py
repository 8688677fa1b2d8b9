"""What an answer of Yahoo is worth: bars, no bars, of something else, or no answer at all.

401, an invalid crumb, other keys, a web page   Unanswered: refused or changed
429, no network, the page of a day off          Unanswered: busy or away
a well-formed answer without a bar              NoBarsYet, until another symbol is answered
another symbol, exchange, currency, kind        WrongAnswer, by its name
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from engine.core.text import clean
from engine.market.calendar import NEW_YORK
from engine.market.rows import Rows

REFUSED = "Yahoo refused or changed; try a newer yfinance (pip install -U yfinance)"
KINDS = frozenset({"EQUITY", "ETF"})
EXCHANGES = frozenset(
    {"ASE", "BATS", "BTS", "BZX", "CXI", "IEX", "NAE", "NAS", "NCM", "NGM", "NIM", "NMS", "NSI"}
    | {"NYQ", "NYS", "OEM", "OGM", "OID", "OPI", "OQB", "OQX", "OTC", "PCX", "PNK", "WCB", "YHD"}
)
"""Yahoo's codes of exchanges that keep the sessions of New York, over the counter included."""
_CURL = re.compile(r"Failed to perform, curl: \(\d+\) ")
_REFUSAL = re.compile(r"crumb|cookie|unauthor|forbidden|denied|limit|too many", re.IGNORECASE)
_SHARE_CLASS = re.compile(r"([A-Z]+)\.([A-Z])")
_PRICES = ["Open", "High", "Low", "Close", "Volume"]


class Unanswered(Exception):  # noqa: N818 - not a fault of the caller: Yahoo gave no usable answer
    """Yahoo was not reached, was busy, refused or answered nonsense: worth another try."""

    def __init__(self, text: str, *, for_everyone: bool = False) -> None:
        super().__init__(text)
        self.for_everyone = for_everyone
        """Whether another symbol would fare no better: nobody asks for a while."""


class NoBarsYet(Exception):  # noqa: N818
    """A well-formed answer without bars: of this symbol, or of all."""

    def __init__(self, text: str, *, is_unknown: bool = False) -> None:
        super().__init__(text)
        self.is_unknown = is_unknown
        """Yahoo does not know the symbol; else nobody traded it in these days."""


class NoBars(Exception):  # noqa: N818
    """Yahoo has no such bars, and has those of others."""


class WrongAnswer(Exception):  # noqa: N818
    """An answer about something else than the symbol at an exchange of New York."""


def yahoo_name(symbol: str) -> str:
    """What Yahoo calls a symbol: the class of a share comes after a dash."""
    parts = _SHARE_CLASS.fullmatch(symbol)
    return f"{parts[1]}-{parts[2]}" if parts else symbol


def naming(symbol: str) -> str:
    """The hint of the name that Yahoo would use; empty where it is the same."""
    name = yahoo_name(symbol)
    return f"; at Yahoo {symbol} is {name}: add that symbol" if name != symbol else ""


def classified(symbol: str, ask: Callable[[], Rows]) -> Rows:
    """What `ask` returns; every error of it becomes one of those above, for an operator to read."""
    from peewee import PeeweeException  # what yfinance keeps its caches with
    from yfinance.exceptions import YFException, YFRateLimitError

    try:
        return ask()
    except (Unanswered, NoBarsYet, WrongAnswer):
        raise
    except YFRateLimitError as error:
        raise Unanswered("Yahoo limits our requests (429)", for_everyone=True) from error
    except PeeweeException as error:
        text = f"yfinance's cache .yfinance beside the stored bars is unusable ({_words(error)})"
        raise Unanswered(text, for_everyone=True) from error
    except OSError as error:
        if isinstance(error, ValueError):  # requests' own error of a page in place of JSON
            raise _unreadable(symbol, error) from error
        # curl says its number before, and a manual page behind, what an operator wants to read.
        detail = _CURL.sub("", _words(error)).partition(" See http")[0].rstrip(".")
        text = f"Yahoo could not be reached ({type(error).__name__}: {detail})"
        raise Unanswered(text, for_everyone=True) from error
    except YFException as error:
        if "CURRENTLY DOWN" in str(error):
            raise Unanswered("Yahoo says: CURRENTLY DOWN", for_everyone=True) from error
        raise _unreadable(symbol, error) from error
    except Exception as error:
        # Whatever yfinance and pandas make of a shape that they do not know: one symbol's trouble.
        raise _unreadable(symbol, error) from error


def _unreadable(symbol: str, error: Exception) -> Unanswered:
    detail = f"{type(error).__name__}: {_words(error)}"
    return Unanswered(f"{REFUSED}: its answer about {symbol} cannot be read ({detail})")


def _words(error: Exception) -> str:
    return clean(str(error), 160)


def empty_answer(error: Exception, about: Mapping[str, Any]) -> Exception:
    """What an answer without prices is; `about` is its meta data, empty where it has none.

    Yahoo's own words for a symbol that it does not know are an answer, and so is meta data without
    bars; anything else without prices is a shape that yfinance does not know.
    """
    reason = getattr(error, "yahoo_reason", None)
    if reason is None and "symbol" not in about:
        return Unanswered(f"{REFUSED}: no price data in its answer")
    if reason is not None and _REFUSAL.search(str(reason)):
        return Unanswered(f"{REFUSED}: {clean(str(reason), 160)}")
    text = clean(str(reason or "no price data found"), 160)
    return NoBarsYet(text, is_unknown="symbol" not in about)


def check_identity(symbol: str, about: Mapping[str, Any], today: date) -> None:
    """WrongAnswer where an answer is about something else, Unanswered for bars of another length.

    What the answer does not say is not held against it.
    """
    answered = about.get("symbol")
    if answered and str(answered).upper() != symbol:
        raise WrongAnswer(f"Yahoo answered about {_shown(answered)} when asked for {symbol}")
    for name, value, right in (
        ("traded at", about.get("exchangeName"), EXCHANGES),
        ("quoted in", about.get("currency"), frozenset({"USD"})),
        ("of the kind", about.get("instrumentType"), KINDS),
    ):
        if value and value not in right:
            raise WrongAnswer(f"{symbol} is {name} {_shown(value)} at Yahoo; {_ONLY}")
    zone = about.get("exchangeTimezoneName")
    if zone and not keeps_new_york_time(str(zone), today):
        raise WrongAnswer(f"{symbol} is traded in {_shown(zone)} at Yahoo; {_ONLY}")
    if (length := about.get("dataGranularity")) and length != "1d":
        raise Unanswered(f"{REFUSED}: bars of {_shown(length)} about {symbol}, not of a day")


_ONLY = "only shares and funds of the US exchanges, in USD, have a calendar here"


def _shown(value: object) -> str:
    return clean(str(value), 40)


def keeps_new_york_time(zone: str, today: date) -> bool:
    """Whether a zone has New York's offset through the year around `today`, whatever its name."""
    try:
        theirs = ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        return False
    noon = datetime(today.year, today.month, today.day, 12)
    moments = (noon + timedelta(days=30 * month) for month in range(-6, 7))
    return all(
        moment.replace(tzinfo=theirs).utcoffset() == moment.replace(tzinfo=NEW_YORK).utcoffset()
        for moment in moments
    )


def rows_of(symbol: str, source: str, frame: Any) -> Rows:
    """The rows of yfinance's frame that have prices, with the events of all rows."""
    days = tuple(frame.index.date)
    values = np.empty((0, 5))
    if days:
        values = frame[_PRICES].to_numpy(dtype=np.float64).reshape(len(days), len(_PRICES))
    rows = Rows(
        symbol,
        source,
        "Yahoo",
        days,
        values,
        splits=_events(frame, "Stock Splits"),
        dividends=_events(frame, "Dividends"),
    )
    priced = np.isfinite(values[:, :4]).all(axis=1) & (values[:, :4] != 0).any(axis=1)
    return rows.take([int(row) for row in np.flatnonzero(priced)])


def _events(frame: Any, name: str) -> tuple[tuple[date, float], ...]:
    if name not in frame:
        return ()
    column = frame[name]
    return tuple((stamp.date(), float(value)) for stamp, value in column[column != 0].items())
