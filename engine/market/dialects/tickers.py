"""Whether the ticker that a file gives a row is the symbol's."""

from __future__ import annotations

import re

_EXCHANGE = re.compile(r"^[A-Z]{2,8}:")
_MARKET = re.compile(r"(?:[.-]US|\.(?:O|OQ|N|K)|\s+(?:US|UN|UW|UQ|UR|UA|UP))?(?:\s+EQUITY)?$")


def is_ticker_of(ticker: str, symbol: str) -> bool:
    """Whether MP, MP.US, NYSE:MP or MP US Equity is the ticker of the symbol.

    The class of a share is written BRK.B, BRK-B, BRK/B or BRK B.
    """
    bare = _EXCHANGE.sub("", ticker.strip().upper())
    return _spelled(symbol) in {_spelled(bare), _spelled(_MARKET.sub("", bare))}


def _spelled(ticker: str) -> str:
    return re.sub(r"[.\-/ ]", "-", ticker)
