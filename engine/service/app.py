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
from starlette.routing import Route
from starlette.types import ASGIApp

from engine.core.errors import StockmlError
from engine.service.guard import ROUTE, Door, Guard
from engine.service.problems import Problem, internal, no_answer
from engine.service.routes import ROUTES, Call, Row, problem_response
from engine.service.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(service: Service, door: Door) -> ASGIApp:
    """The application behind `door`; its lifespan starts and closes `service`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            service.close()

    async def not_found(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for it alone"
        kind = "method" if error.status_code == 405 else "not-found"
        detail = (
            "this path takes another method"
            if kind == "method"
            else "there is nothing here; GET / lists what there is"
        )
        problem = Problem(error.status_code, kind, detail, error.headers)
        return problem_response(problem, Call(service, request))

    routes = [Route(row.path, _endpoint(service, row), methods=[row.method]) for row in ROUTES]
    inner = Starlette(
        routes=routes, exception_handlers={HTTPException: not_found}, lifespan=lifespan
    )
    inner.router.redirect_slashes = False
    return Guard(inner, door, service.metrics, service.access, service.clock)


def _endpoint(service: Service, row: Row) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = row.path
        call = Call(service, request)
        try:
            return await row.handler(call)
        except Problem as problem:
            return problem_response(problem, call)
        except StockmlError as error:
            return problem_response(no_answer(error), call)
        except Exception:  # noqa: BLE001 - a fault of ours ends as an answer; its details go to the service's own stderr
            traceback.print_exc(file=sys.stderr)
            return problem_response(internal(), call)

    return endpoint
