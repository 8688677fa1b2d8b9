"""Errors over HTTP: RFC 9457 problem details that also carry the reference's fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from engine.core.clock import iso
from engine.core.doubts import WithheldError, doubt_trees
from engine.core.errors import ModelError, NoDataError, StockmlError
from engine.core.text import clean

MEDIA_TYPE = "application/problem+json"
# Anything like an absolute path: the last part stays, the folders do not leave the machine.
_FOLDERS = re.compile(r"(?<![\w/.:])(?:/[^\s/'\",;:()]+)*/(?=[^\s/'\",;:()])")


class ApiProblem(Exception):  # noqa: N818 - the word of RFC 9457
    """An error response; `kind` ends its `type` member, `headers` and `members` are sent too."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def no_answer(error: StockmlError) -> ApiProblem:
    """The problem for a StockmlError: 409 if withheld, 500 for a model that fails, else 503."""
    detail = without_folders(str(error))
    if isinstance(error, WithheldError):
        doubts = doubt_trees(error.doubts)
        return ApiProblem(409, "withheld", detail, members={"doubts": doubts})
    if isinstance(error, ModelError):
        return ApiProblem(500, "model-unusable", detail)
    return ApiProblem(503, "no-data" if isinstance(error, NoDataError) else "unavailable", detail)


def internal() -> ApiProblem:
    """A 500 problem that hides internal details."""
    return ApiProblem(500, "internal", "the service failed on this request; see its log")


def without_folders(text: str) -> str:
    """The text with absolute paths cut to their last part: answers show no path of this machine."""
    return _FOLDERS.sub("", clean(text, 400))


def problem_tree(problem: ApiProblem, path: str, now: datetime) -> dict[str, Any]:
    """The body of a problem; `path` is the requested path."""
    return {
        "type": f"urn:stockml:problem:{problem.kind}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": clean(path, 200),
        "error": problem.detail,
        "timestamp": iso(now),
        **problem.members,
    }
