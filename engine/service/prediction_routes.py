"""The routes of forecasts: predictions, their bars and their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.core.errors import StockmlError
from engine.market.calendar import exchange_day
from engine.service import answers, query
from engine.service.call import Call, json
from engine.service.live import Page
from engine.service.problems import ApiProblem, no_answer
from engine.service.service import PredictionService

Tree = dict[str, Any]


async def predict(call: Call) -> Response:
    """One symbol's forecast; `days` is checked but unused: a model knows its own look-back."""
    symbol = call.symbol
    query.integer(call.query, "days", 5, low=1, high=365)
    return json(await _predict(call.service, symbol))


async def predict_many(call: Call) -> Response:
    """Many symbols: forecasts, and why others failed; 503 when all did, 409 if all are withheld."""
    symbols = query.symbols_of(call.query.get("symbols"), call.service.settings.names)
    outcomes = await asyncio.gather(
        *(_predict(call.service, symbol) for symbol in symbols), return_exceptions=True
    )
    predictions = []
    errors = []
    for symbol, outcome in zip(symbols, outcomes, strict=True):
        if isinstance(outcome, StockmlError):
            problem = no_answer(outcome)
            fault = {"symbol": symbol, "error": problem.detail, "status": problem.status}
            errors.append({**fault, **problem.members})
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            predictions.append(outcome)
    if not predictions:
        detail = f"none of {len(symbols)} symbols can be forecast: {errors[0]['error']}"
        withheld = all(fault["status"] == 409 for fault in errors)
        raise ApiProblem(*((409, "withheld") if withheld else (503, "no-data")), detail)
    return json({"count": len(predictions), "predictions": predictions, "errors": errors})


async def _predict(service: PredictionService, symbol: str) -> Tree:
    """The tree of one forecast, recorded in the ledger."""
    forecast = await service.forecasts.get(symbol)
    service.recorder.record(forecast)
    return answers.prediction(forecast, service.settings, service.newest_session())


async def historical(call: Call) -> Response:
    """The stored bars of the last `days` calendar days; 503 while the symbol is being loaded."""
    symbol = call.symbol
    days = query.integer(call.query, "days", 30, low=1, high=730)
    served = call.service.models.get(symbol)
    if served is None:
        raise ApiProblem(503, "loading", f"{symbol} is being loaded", {"Retry-After": "1"})
    if served.bars is None:
        raise ApiProblem(503, "no-data", f"no stored bars of {symbol}")
    today = exchange_day(call.service.clock.now())
    bars = await run_in_threadpool(served.bars.get)
    return json(answers.historical(symbol, bars, days, today))


async def accuracy(call: Call) -> Response:
    """Live figures of one symbol."""
    trees = await run_in_threadpool(_accuracy_trees, call.service, (call.symbol,))
    return json(trees[0])


async def accuracy_all(call: Call) -> Response:
    """Live figures of every symbol."""
    trees = await run_in_threadpool(_accuracy_trees, call.service, call.service.settings.names)
    return json(
        {
            "total_symbols": len(trees),
            "total_predictions": sum(tree["total_predictions"] for tree in trees),
            "predictions_with_actual": sum(tree["predictions_with_actual"] for tree in trees),
            "symbol_summaries": trees,
        }
    )


def _accuracy_trees(service: PredictionService, symbols: Sequence[str]) -> list[Tree]:
    max_mape = service.settings.thresholds.max_mape
    with service.live_lock:
        return [
            service.live.accuracy(symbol, _source(service, symbol), max_mape) for symbol in symbols
        ]


def _source(service: PredictionService, symbol: str) -> str:
    served = service.models.get(symbol)
    return served.source if served else service.settings.market.source


async def history(call: Call) -> Response:
    """Kept forecasts of one symbol."""
    return await _history(call, call.symbol)


async def history_all(call: Call) -> Response:
    """Kept forecasts of all symbols."""
    return await _history(call, None)


async def _history(call: Call, symbol: str | None) -> Response:
    page = Page(
        symbol=symbol,
        start=query.day(call.query, "start_date", "0001-01-01"),
        end=query.day(call.query, "end_date", "9999-12-31"),
        limit=query.integer(call.query, "limit", 100, low=1, high=1000),
        offset=query.integer(call.query, "offset", 0, low=0, high=1_000_000),
    )
    return json(await run_in_threadpool(call.service.live.history, page))
