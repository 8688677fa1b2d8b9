"""The child that asks Yahoo for report dates: `python -m engine.market.report_child NVDA TSLA`.

The scraped table has the past and the coming dates without a mark of an estimate; the module
calendarEvents has the mark and the newest call. A day in a range is an estimate.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

import msgspec

from engine.core.symbols import SYMBOL
from engine.market.calendar import NEW_YORK, exchange_day
from engine.market.report_lookup import LookedUpDate, ReportAnswer
from engine.market.reports import ReportTime

CALENDAR = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
_CLOSE = time(16, 0)


def answer_of(
    table: Iterable[tuple[datetime, bool]], calendar: dict[str, Any], now: datetime
) -> ReportAnswer | None:
    """The answer of both, None when neither says anything.

    `table` has the aware moment of each report and whether its result is known; `calendar` is the
    body of calendarEvents.
    """
    summary = calendar.get("quoteSummary") or {}
    if "No fundamentals data" in str((summary.get("error") or {}).get("description", "")):
        return ReportAnswer(none=True)
    events = ((summary.get("result") or [{}])[0].get("calendarEvents") or {}).get("earnings") or {}
    coming = [_moment(stamp) for stamp in events.get("earningsDate") or ()]
    sure = len(coming) == 1 and events.get("isEarningsDateEstimate") is False
    calls = [_moment(stamp) for stamp in events.get("earningsCallDate") or ()]
    released = [moment for moment, result in table if result]
    released += [call for call in calls if call < now]
    dates = {exchange_day(moment): _date(moment, False) for moment in released}
    guessed = [moment for moment, result in table if not result] + coming[:1]
    usual = Counter(each.time for each in dates.values()).most_common(1)
    for moment in guessed:
        day = exchange_day(moment)
        estimate = _date(moment, not (sure and moment in coming))
        if estimate.estimated and usual:
            # The hour of an estimate is a filler.
            estimate = msgspec.structs.replace(estimate, time=usual[0][0])
        if day not in dates or not estimate.estimated:
            dates[day] = estimate
    reports = tuple(dates[day] for day in sorted(dates))
    return ReportAnswer(reports) if reports else None


def _moment(stamp: Any) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)


def _date(moment: datetime, estimated: bool) -> LookedUpDate:
    local = moment.astimezone(NEW_YORK)
    after = local.time() >= _CLOSE
    return LookedUpDate(local.date(), ReportTime.AFTER if after else ReportTime.BEFORE, estimated)


def _table(symbol: str) -> list[tuple[datetime, bool]]:
    """The rows of the scraped table; none where it cannot be read."""
    import yfinance

    try:
        table = yfinance.Ticker(symbol).get_earnings_dates(limit=12)
        if table is None:
            return []
        results = table["Reported EPS"].notna().tolist()
        moments = [moment.to_pydatetime() for moment in table.index]
    except Exception:  # noqa: BLE001 - a scraped page fails in every way there is
        return []
    aware = [each if each.tzinfo else each.replace(tzinfo=UTC) for each in moments]
    return list(zip(aware, results, strict=True))


def _calendar(symbol: str) -> dict[str, Any]:
    """The body of calendarEvents, of an error too; empty where it cannot be read."""
    from yfinance.data import YfData

    parameters = {"modules": "calendarEvents", "formatted": "false"}
    try:
        body = YfData().get(CALENDAR + symbol, params=parameters).json()
    except Exception:  # noqa: BLE001 - as above
        return {}
    return body if isinstance(body, dict) else {}


def main(symbols: list[str], now: datetime) -> None:
    """Print one line of JSON a symbol; one that cannot be looked up is left out."""
    import logging

    logging.disable()
    for symbol in filter(SYMBOL.fullmatch, symbols):
        try:
            answer = answer_of(_table(symbol), _calendar(symbol), now)
        except (AttributeError, IndexError, TypeError, ValueError, OverflowError):
            continue  # an answer of another shape is none
        if answer is not None:
            sys.stdout.write(f"{msgspec.json.encode({symbol: answer}).decode()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:], datetime.now(UTC))
