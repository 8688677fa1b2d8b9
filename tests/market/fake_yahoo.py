"""A session in yfinance's place of the network: answers from a script, counts what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import requests

from engine.market import calendar

Answer = Callable[[str, dict[str, Any]], requests.Response]


def response(
    status: int, text: str, url: str = "https://query2.finance.yahoo.com/"
) -> requests.Response:
    """A finished HTTP response."""
    made = requests.Response()
    made.status_code, made.url, made.encoding = status, url, "utf-8"
    made._content = text.encode()
    return made


class FakeSession(requests.Session):
    """Every chart request is answered by the next of `answers` (the last one again and again);
    the rest is empty."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.charts: list[dict[str, Any]] = []

    def request(
        self, method: str | bytes, url: str | bytes, *arguments: Any, **options: Any
    ) -> requests.Response:
        if "/v8/finance/chart/" not in str(url):
            return response(200, "crumb" if "getcrumb" in str(url) else "", str(url))
        self.charts.append(dict(options.get("params") or {}))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(str(url), options)


def symbol_of(url: str) -> str:
    """The symbol that a chart is asked for."""
    return url.partition("/chart/")[2].partition("?")[0]


def sessions(last: date, count: int) -> list[date]:
    """`count` sessions that end with `last`."""
    days = [last]
    while len(days) < count:
        days.insert(0, calendar.previous_session(days[0]))
    return days


def price(day: date) -> float:
    """A close that the day alone decides, so that two answers agree."""
    return round(100.0 + day.toordinal() % 17 + day.month / 10, 2)


def row(day: date, scale: float = 1.0) -> list[float | None]:
    """open, high, low, close, volume of an ordinary session."""
    close = price(day) * scale
    return [close - 0.5 * scale, close + scale, close - scale, close, 1_000_000.0 + day.toordinal()]


def chart(
    days: list[date],
    *,
    scale: float = 1.0,
    rows: dict[date, list[float | None]] | None = None,
    splits: dict[date, float] | None = None,
    dividends: dict[date, float] | None = None,
    zone: str = "America/New_York",
) -> Answer:
    """Yahoo's chart of the days from the start that is asked for; `rows` replaces single ones."""

    def answer(url: str, options: dict[str, Any]) -> requests.Response:
        start = date.fromtimestamp(int(options["params"].get("period1", 0)) + 43_200)
        return response(
            200, json.dumps(_payload([day for day in days if day >= start], symbol_of(url))), url
        )

    def _payload(shown: list[date], symbol: str) -> dict[str, Any]:
        values = [(rows or {}).get(day) or row(day, scale) for day in shown]
        columns = [list(column) for column in zip(*values, strict=True)] or [[], [], [], [], []]
        quote = dict(zip(("open", "high", "low", "close", "volume"), columns, strict=True))
        indicators = {
            "quote": [quote],
            "adjclose": [{"adjclose": [close and close * 0.9 for close in quote["close"]]}],
        }
        result: dict[str, Any] = {
            "meta": _meta(zone, symbol),
            "timestamp": [_stamp(day) for day in shown],
            "indicators": indicators,
        }
        events: dict[str, Any] = {}
        for day, ratio in (splits or {}).items():
            stamp = _stamp(day)
            events.setdefault("splits", {})[str(stamp)] = {
                "date": stamp,
                "numerator": ratio,
                "denominator": 1.0,
                "splitRatio": f"{ratio:g}:1",
            }
        for day, amount in (dividends or {}).items():
            events.setdefault("dividends", {})[str(_stamp(day))] = {
                "amount": amount,
                "date": _stamp(day),
            }
        return {"chart": {"result": [{**result, "events": events}], "error": None}}

    return answer


def _stamp(day: date) -> int:
    return int(calendar.session_open(day).timestamp())


def _meta(zone: str, symbol: str) -> dict[str, Any]:
    now = int(datetime.fromisoformat("2024-06-14T20:00:00+00:00").timestamp())
    period = {"timezone": "EDT", "start": now - 23_400, "end": now, "gmtoffset": -14_400}
    return {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 917_015_400,
        "regularMarketTime": now,
        "gmtoffset": -14_400,
        "timezone": "EDT",
        "exchangeTimezoneName": zone,
        "regularMarketPrice": 100.0,
        "priceHint": 2,
        "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }


def by_symbol(answers: dict[str, Answer], rest: Answer) -> Answer:
    """Each symbol's own answer, and one for all others."""

    def answer(url: str, options: dict[str, Any]) -> requests.Response:
        return answers.get(symbol_of(url), rest)(url, options)

    return answer


def body(tree: object, status: int = 200) -> Answer:
    """Any JSON."""
    return lambda url, options: response(status, json.dumps(tree), url)


def changed(answer: Answer, change: Callable[[dict[str, Any]], object]) -> Answer:
    """An answer whose JSON `change` alters in place, or replaces by what it returns."""

    def altered(url: str, options: dict[str, Any]) -> requests.Response:
        tree = answer(url, options).json()
        replaced = change(tree)
        return response(200, json.dumps(tree if replaced is None else replaced), url)

    return altered


def rate_limited(url: str, options: dict[str, Any]) -> requests.Response:
    """429, as Yahoo sends it."""
    return response(429, "Too Many Requests", url)


def timed_out(url: str, options: dict[str, Any]) -> requests.Response:
    """No answer in time."""
    raise requests.exceptions.ReadTimeout("read timed out")


def no_name(url: str, options: dict[str, Any]) -> requests.Response:
    """The name is not resolved, in curl's words."""
    manual = "See https://curl.se/libcurl/c/libcurl-errors.html first for more details."
    raise requests.exceptions.ConnectionError(
        f"Failed to perform, curl: (6) Could not resolve host: yahoo.example. {manual}"
    )


def down_page(url: str, options: dict[str, Any]) -> requests.Response:
    """The page shown when Yahoo is down."""
    return response(200, "<html>Will be right back</html>", url)


def server_error(url: str, options: dict[str, Any]) -> requests.Response:
    """500 with a page in place of JSON."""
    return response(500, "<html>\x1b[31mOops</html>", url)


def unknown_symbol(url: str, options: dict[str, Any]) -> requests.Response:
    """404 with Yahoo's own reason."""
    error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    return response(404, json.dumps({"chart": {"result": None, "error": error}}), url)


def nothing(url: str, options: dict[str, Any]) -> requests.Response:
    """A well-formed answer without a row."""
    return response(
        200,
        json.dumps(
            {
                "chart": {
                    "result": [
                        {
                            "meta": _meta("America/New_York", symbol_of(url)),
                            "indicators": {"quote": [{}]},
                        }
                    ],
                    "error": None,
                }
            }
        ),
        url,
    )


def after(moment: datetime, hours: float) -> datetime:
    """A moment some hours later."""
    return moment + timedelta(hours=hours)
