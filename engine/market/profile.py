"""What a source knows of a symbol beside its bars: company, sector, kind.

Only Yahoo knows them. They are a courtesy: whatever goes wrong there leaves the defaults.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from engine.core.text import clean
from engine.market.request import BarsRequest
from engine.market.store import folder
from engine.market.throttle import RequestSlot

_KINDS = {"EQUITY": "stock", "ETF": "etf"}
_MOST = 80
"""Characters of a name that are kept."""


def profile(request: BarsRequest) -> dict[str, str]:
    """The company, sector and kind of a symbol, as far as the source knows them; never raises."""
    if request.source.kind != "yahoo":
        return {}
    try:
        with RequestSlot(
            folder(request.home, request.source.name) / ".turn", request.clock
        ) as slot:
            if slot.paused:
                return {}
            slot.space(request.settings.market.request_spacing_s, time.sleep)
            quotes = _search(request.symbol)
    except Exception:  # noqa: BLE001 - an answer of another shape is none
        return {}
    return profile_of(request.symbol, quotes)


def profile_of(symbol: str, quotes: Any) -> dict[str, str]:
    """The profile in the answer of a search: that of exactly this symbol."""
    rows = quotes if isinstance(quotes, list) else []
    for row in rows:
        if isinstance(row, Mapping) and row.get("symbol") == symbol:
            known = {
                "company": row.get("longname") or row.get("shortname"),
                "sector": _sector(row),
                "kind": _KINDS.get(str(row.get("quoteType"))),
            }
            return {name: clean(str(text), _MOST) for name, text in known.items() if text}
    return {}


def _sector(row: Mapping[str, Any]) -> str:
    """`Technology (Semiconductors)`, as the packaged symbols have it."""
    sector, industry = row.get("sector"), row.get("industry")
    return f"{sector} ({industry})" if sector and industry else str(sector or "")


def _search(symbol: str) -> Any:
    import yfinance

    from engine.market.yahoo import TIMEOUT_S, session

    answer = yfinance.Search(
        symbol,
        max_results=8,
        news_count=0,
        lists_count=0,
        recommended=0,
        session=session(),
        timeout=TIMEOUT_S,
    )
    return answer.quotes
