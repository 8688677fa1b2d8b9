"""A request with its service, and the responses that routes make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.service import query
from engine.service.problems import MEDIA_TYPE, ApiProblem, problem_tree
from engine.service.service import PredictionService


@dataclass(frozen=True, slots=True)
class Call:
    """A request and the service that answers it."""

    service: PredictionService
    request: Request

    @property
    def symbol(self) -> str:
        """The symbol in the path; 400 or 404 for another text."""
        return query.symbol_of(self.request.path_params["symbol"], self.service.settings.names)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params


def json(tree: Any, status: int = 200) -> Response:
    """A JSON response; NaN becomes null."""
    return Response(msgspec.json.encode(tree), status, media_type="application/json")


def problem_response(problem: ApiProblem, call: Call) -> Response:
    """A problem as its answer."""
    tree = problem_tree(problem, call.request.url.path, call.service.clock.now())
    return Response(msgspec.json.encode(tree), problem.status, problem.headers, MEDIA_TYPE)
