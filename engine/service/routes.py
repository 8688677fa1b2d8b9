"""The route table and the service's own routes; a new route also needs a row in openapi.json."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.core.clock import iso
from engine.service import answers, query
from engine.service import prediction_routes as predictions
from engine.service.call import Call, json
from engine.service.docs import page
from engine.service.metrics import CONTENT_TYPE, total
from engine.service.problems import ApiProblem, no_answer, without_folders
from engine.service.served import ServedSymbol
from engine.service.service import PredictionService
from engine.service.stats import statistics

Tree = dict[str, Any]
NAME = "stockml"


@dataclass(frozen=True, slots=True)
class Route:
    """One route."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Response]]
    about: str


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
            "endpoints": {f"{route.method} {route.path}": route.about for route in ROUTES},
        }
    )


async def health(call: Call) -> Response:
    """The newest result of the checks, never a check of its own."""
    newest = call.service.health
    tree = {
        "status": newest.tree["status"],
        "timestamp": iso(call.service.clock.now()),
        "version": call.service.settings.service.model_version,
        **newest.tree,
    }
    return json(tree, newest.status)


async def livez(_: Call) -> Response:
    """Liveness: the process answers; nothing else is checked."""
    return json({"status": "alive"})


async def readyz(call: Call) -> Response:
    """Whether at least one symbol is answered, and how many models were read so far."""
    ready = call.service.health.status != 503
    tree = {
        "status": "ready" if ready else "not ready",
        "loaded": call.service.models.count,
        "total": len(call.service.settings.names),
    }
    return json(tree, 200 if ready else 503)


async def stats(call: Call) -> Response:
    """Cache, models, process, and figures of the requests so far."""
    return json(statistics(call.service, query.page(call.query)))


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
    served = call.service.models.served
    page = query.page(call.query)
    trees = [_model_tree(call.service, symbol) for symbol in page.of(served)]
    return json({"count": len(trees), "models": trees, **page.tree(len(served))})


async def reload(call: Call) -> Response:
    """Reload one model file; 409 when it is refused and the previous model stays."""
    symbol = call.symbol
    before = call.service.models.get(symbol)
    served = await run_in_threadpool(call.service.reload_model, symbol)
    if served.refused:
        raise ApiProblem(409, "refused", without_folders(served.refused))
    if served.model is None:
        assert served.fault is not None, "a symbol without a model has a fault"
        raise no_answer(served.fault)
    changed = before is None or before.model is not served.model
    return json({**_model_tree(call.service, served), "changed": changed})


def _model_tree(service: PredictionService, served: ServedSymbol) -> Tree:
    refusals = total(service.metrics.load_failures, served.symbol)
    return answers.model(served, service.newest_session(), refusals)


async def metrics(call: Call) -> Response:
    """Prometheus text."""
    symbols = len(call.service.settings.names)
    return Response(call.service.metrics.text(symbols), media_type=CONTENT_TYPE)


async def openapi(_: Call) -> Response:
    """The contract of this service."""
    return Response(openapi_text(), media_type="application/json")


async def docs(_: Call) -> Response:
    """The contract as a page."""
    html = page(msgspec.json.decode(openapi_text()))
    return Response(html, media_type="text/html; charset=utf-8")


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


ROUTES = (
    Route("GET", "/", root, "what this is"),
    Route("GET", "/api/v1/health", health, "200 healthy, 206 degraded, 503 unhealthy"),
    Route(
        "GET",
        "/api/v1/predict",
        predictions.predict_many,
        "forecasts of many symbols: ?symbols=NVDA,TSLA; all without",
    ),
    Route(
        "GET",
        "/api/v1/predict/{symbol}",
        predictions.predict,
        "the next session's close of one symbol",
    ),
    Route("GET", "/api/v1/historical/{symbol}", predictions.historical, "stored bars: ?days=30"),
    Route("GET", "/api/v1/stats", stats, "cache, models, process, requests: ?page=1&limit=200"),
    Route("POST", "/api/v1/cache/clear", clear_cache, "forget cached forecasts"),
    Route("GET", "/api/v1/models", models, "the models as they are served: ?page=1&limit=200"),
    Route("POST", "/api/v1/models/{symbol}/reload", reload, "read one model file again now"),
    Route(
        "GET",
        "/api/v1/predictions/accuracy",
        predictions.accuracy_all,
        "live accuracy of every symbol",
    ),
    Route(
        "GET",
        "/api/v1/predictions/accuracy/{symbol}",
        predictions.accuracy,
        "live accuracy of one symbol",
    ),
    Route(
        "GET",
        "/api/v1/predictions/history",
        predictions.history_all,
        "kept forecasts and their outcomes",
    ),
    Route(
        "GET",
        "/api/v1/predictions/history/{symbol}",
        predictions.history,
        "the same of one symbol",
    ),
    Route("GET", "/livez", livez, "200 while the process answers"),
    Route("GET", "/readyz", readyz, "200 once a symbol can be forecast"),
    Route("GET", "/metrics", metrics, "Prometheus text"),
    Route("GET", "/openapi.json", openapi, "this contract"),
    Route("GET", "/docs", docs, "this contract as a page"),
)
