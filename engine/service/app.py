"""The ASGI application: the routes of a service, behind the guard."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from engine.core.errors import StockmlError
from engine.service.call import Call, problem_response
from engine.service.guard import ROUTE, Admission, Guard
from engine.service.problems import ApiProblem, internal, no_answer
from engine.service.routes import ROUTES, Route
from engine.service.service import PredictionService

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(service: PredictionService, admission: Admission) -> ASGIApp:
    """The application behind `admission`; its lifespan starts and closes `service`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            service.close()

    async def not_found(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for it alone"
        if error.status_code == 405:
            kind, detail = "method", "this path takes another method"
        else:
            kind, detail = "not-found", "there is nothing here; GET / lists what there is"
        problem = ApiProblem(error.status_code, kind, detail, error.headers)
        return problem_response(problem, Call(service, request))

    routes = [
        StarletteRoute(route.path, _endpoint(service, route), methods=[route.method])
        for route in ROUTES
    ]
    inner = Starlette(
        routes=routes, exception_handlers={HTTPException: not_found}, lifespan=lifespan
    )
    inner.router.redirect_slashes = False
    return Guard(inner, admission, service.metrics, service.access, service.clock)


def _endpoint(service: PredictionService, route: Route) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = route.path
        call = Call(service, request)
        try:
            return await route.handler(call)
        except ApiProblem as problem:
            return problem_response(problem, call)
        except StockmlError as error:
            return problem_response(no_answer(error), call)
        except Exception:  # noqa: BLE001 - a fault of ours ends as an answer
            traceback.print_exc(file=sys.stderr)
            return problem_response(internal(), call)

    return endpoint
