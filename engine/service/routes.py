"""What the service answers: one function a route, and the table of all of them.

A new route is both, and openapi.json.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from engine.core.clock import iso
from engine.core.errors import StockmlError
from engine.market.calendar import exchange_day
from engine.service import answers, query
from engine.service.docs import page
from engine.service.live import Page
from engine.service.metrics import CONTENT_TYPE
from engine.service.model_store import ServedSymbol
from engine.service.problems import ApiProblem, no_answer, problem_tree, without_folders
from engine.service.service import PredictionService, reload_model
from engine.service.stats import statistics

Tree = dict[str, Any]
NAME = "stockml"


@dataclass(frozen=True, slots=True)
class Call:
    """One request and the service it asks."""

    service: PredictionService
    request: Request

    @property
    def symbol(self) -> str:
        """The symbol in the path; 400 or 404 for another text."""
        return query.symbol_of(self.request.path_params["symbol"], self.service.settings.names)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params


@dataclass(frozen=True, slots=True)
class Route:
    """One route."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Response]]
    about: str


def json(tree: Any, status: int = 200) -> Response:
    """A JSON answer; a NaN would be null."""
    return Response(msgspec.json.encode(tree), status, media_type="application/json")


async def root(call: Call) -> Response:
    """`/`."""
    return json(
        {
            "service": NAME,
            "version": call.service.settings.service.model_version,
            "status": "running",
            "time": iso(call.service.clock.now()),
            "release": release(),
            "features": ["intervals", "hot reload", "live accuracy", "metrics"],
            "endpoints": {f"{row.method} {row.path}": row.about for row in ROUTES},
        }
    )


async def health(call: Call) -> Response:
    """The newest result of the checks, never a check of its own."""
    found = call.service.health
    told = {
        "status": found.tree["status"],
        "timestamp": iso(call.service.clock.now()),
        "version": call.service.settings.service.model_version,
        **found.tree,
    }
    return json(told, found.status)


async def livez(_: Call) -> Response:
    """The process answers; nothing else is looked at."""
    return json({"status": "alive"})


async def readyz(call: Call) -> Response:
    """Whether the models have been looked at and at least one symbol is answered."""
    ready = call.service.looked and call.service.health.status != 503
    return json({"status": "ready" if ready else "not ready"}, 200 if ready else 503)


async def predict(call: Call) -> Response:
    """One symbol's forecast;
    `days` of the reference is checked and has no effect, a model knows its own look-back."""
    symbol = call.symbol
    query.integer(call.query, "days", 5, 1, 365)
    return json(await predicted(call.service, symbol))


async def predicted(service: PredictionService, symbol: str) -> Tree:
    """The tree of one forecast, noted for the ledger."""
    answer = await service.forecasts.get(symbol)
    service.recorder.served(answer)
    return answers.prediction(answer, service.settings, service.newest_session())


async def predict_many(call: Call) -> Response:
    """Many symbols at once: what could be forecast, and the reasons for the rest;
    503 when nothing could."""
    names = query.symbols_of(call.query.get("symbols"), call.service.settings.names)
    found = await asyncio.gather(
        *(predicted(call.service, name) for name in names), return_exceptions=True
    )
    predictions, errors = [], []
    for name, item in zip(names, found, strict=True):
        if isinstance(item, StockmlError):
            problem = no_answer(item)
            errors.append({"symbol": name, "error": problem.detail, "status": problem.status})
        elif isinstance(item, BaseException):
            raise item
        else:
            predictions.append(item)
    if not predictions:
        raise ApiProblem(
            503, "no-data", f"none of {len(names)} symbols can be forecast: {errors[0]['error']}"
        )
    return json({"count": len(predictions), "predictions": predictions, "errors": errors})


async def historical(call: Call) -> Response:
    """The stored bars of the last `days` calendar days."""
    symbol = call.symbol
    days = query.integer(call.query, "days", 30, 1, 730)
    slot = slot_of(call.service, symbol)
    if slot.bars is None:
        raise ApiProblem(503, "no-data", f"no stored bars of {symbol}")
    return json(answers.historical(symbol, slot.bars, days, exchange_day(call.service.clock.now())))


def slot_of(service: PredictionService, symbol: str) -> ServedSymbol:
    """The symbol's slot; 503 while it is being loaded."""
    slot = service.shelf.slot(symbol)
    if slot is None:
        raise ApiProblem(503, "loading", f"{symbol} is being loaded", {"Retry-After": "1"})
    return slot


async def stats(call: Call) -> Response:
    """Cache, models, process, and what the requests so far were like."""
    return json(statistics(call.service))


async def clear_cache(call: Call) -> Response:
    """Forget every forecast."""
    count = call.service.forecasts.clear()
    return json(
        {
            "message": "Cache cleared successfully",
            "time": iso(call.service.clock.now()),
            "cleared": count,
        }
    )


async def models(call: Call) -> Response:
    """Every symbol's model as it is served."""
    found = [_model(call.service, slot) for slot in call.service.shelf.slots]
    return json({"count": len(found), "models": found})


async def reload(call: Call) -> Response:
    """Read one model file again now;
    409 when it is refused, with the model before still in service."""
    symbol = call.symbol
    before = call.service.shelf.slot(symbol)
    slot = await run_in_threadpool(reload_model, call.service, symbol)
    if slot.refused:
        raise ApiProblem(409, "refused", without_folders(slot.refused))
    if slot.model is None:
        raise no_answer(slot.fault)
    changed = before is None or before.model is not slot.model
    return json({**_model(call.service, slot), "changed": changed})


def _model(service: PredictionService, slot: ServedSymbol) -> Tree:
    refusals = int(service.metrics.of_symbol(service.metrics.load_failures, slot.symbol))
    return answers.model(slot, service.newest_session(), refusals)


async def accuracy(call: Call) -> Response:
    """Live figures of one symbol."""
    symbol = call.symbol
    return json((await run_in_threadpool(_accuracies, call.service, (symbol,)))[0])


async def accuracy_all(call: Call) -> Response:
    """Live figures of every symbol."""
    found = await run_in_threadpool(_accuracies, call.service, call.service.settings.names)
    return json(
        {
            "total_symbols": len(found),
            "total_predictions": sum(each["total_predictions"] for each in found),
            "predictions_with_actual": sum(each["predictions_with_actual"] for each in found),
            "symbol_summaries": found,
        }
    )


def _accuracies(service: PredictionService, names: tuple[str, ...]) -> list[Tree]:
    max_mape = service.settings.thresholds.max_mape
    with service.live_lock:
        return [service.live.accuracy(name, _source(service, name), max_mape) for name in names]


def _source(service: PredictionService, symbol: str) -> str:
    slot = service.shelf.slot(symbol)
    return slot.source if slot else service.settings.market.source


async def history(call: Call) -> Response:
    """Kept forecasts of one symbol."""
    symbol = call.symbol
    return await _history(call, symbol)


async def history_all(call: Call) -> Response:
    """Kept forecasts of all symbols."""
    return await _history(call, None)


async def _history(call: Call, symbol: str | None) -> Response:
    given = call.query
    wanted = Page(
        symbol,
        query.day(given, "start_date", "0001-01-01"),
        query.day(given, "end_date", "9999-12-31"),
        query.integer(given, "limit", 100, 1, 1000),
        query.integer(given, "offset", 0, 0, 1_000_000),
    )
    return json(await run_in_threadpool(call.service.live.history, wanted))


async def metrics(call: Call) -> Response:
    """Prometheus text."""
    return Response(call.service.metrics.text(), media_type=CONTENT_TYPE)


async def openapi(_: Call) -> Response:
    """The contract of this service."""
    return Response(openapi_text(), media_type="application/json")


async def docs(_: Call) -> Response:
    """The same for people."""
    return Response(
        page(msgspec.json.decode(openapi_text())), media_type="text/html; charset=utf-8"
    )


@cache
def openapi_text() -> bytes:
    """The shipped openapi.json."""
    return Path(__file__).with_name("openapi.json").read_bytes()


@cache
def release() -> str:
    """The version of stockml itself."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "unknown"


def problem_response(problem: ApiProblem, call: Call) -> Response:
    """A problem as its answer."""
    body = msgspec.json.encode(
        problem_tree(problem, call.request.url.path, call.service.clock.now())
    )
    return Response(body, problem.status, problem.headers, "application/problem+json")


ROUTES = (
    Route("GET", "/", root, "what this is"),
    Route("GET", "/api/v1/health", health, "200 healthy, 206 degraded, 503 unhealthy"),
    Route(
        "GET",
        "/api/v1/predict",
        predict_many,
        "forecasts of many symbols: ?symbols=NVDA,TSLA; all without",
    ),
    Route("GET", "/api/v1/predict/{symbol}", predict, "the next session's close of one symbol"),
    Route("GET", "/api/v1/historical/{symbol}", historical, "stored bars: ?days=30"),
    Route("GET", "/api/v1/stats", stats, "cache, models, process, requests"),
    Route("POST", "/api/v1/cache/clear", clear_cache, "forget cached forecasts"),
    Route("GET", "/api/v1/models", models, "the models as they are served"),
    Route("POST", "/api/v1/models/{symbol}/reload", reload, "read one model file again now"),
    Route("GET", "/api/v1/predictions/accuracy", accuracy_all, "live accuracy of every symbol"),
    Route("GET", "/api/v1/predictions/accuracy/{symbol}", accuracy, "live accuracy of one symbol"),
    Route("GET", "/api/v1/predictions/history", history_all, "kept forecasts and their outcomes"),
    Route("GET", "/api/v1/predictions/history/{symbol}", history, "the same of one symbol"),
    Route("GET", "/livez", livez, "200 while the process answers"),
    Route("GET", "/readyz", readyz, "200 once a symbol can be forecast"),
    Route("GET", "/metrics", metrics, "Prometheus text"),
    Route("GET", "/openapi.json", openapi, "this contract"),
    Route("GET", "/docs", docs, "this contract as a page"),
)
