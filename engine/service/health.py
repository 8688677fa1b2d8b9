"""The health of the service as one value: an HTTP status and a body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from engine.core.sources import kind_of
from engine.service.problems import without_folders
from engine.service.served import ServedSymbol

MAX_PROBLEMS = 50
"""Problems that the body lists."""


class HealthWord(StrEnum):
    """The health of the service, each value with its HTTP status."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """At least one symbol is answered, but something is wrong."""
    UNHEALTHY = "unhealthy"
    """No symbol is answered."""

    @property
    def status(self) -> int:
        return {"healthy": 200, "degraded": 206, "unhealthy": 503}[self]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """The newest result of the checks: the HTTP status and the body."""

    status: int
    tree: dict[str, Any]


def health(
    symbols: Sequence[ServedSymbol], total: int, due: date, problems: Iterable[str]
) -> ServiceHealth:
    """The health of `symbols` of `total`; `due` is the session that Yahoo's bars must have."""
    answered = [served for served in symbols if served.fault is None]
    words = [*problems, *_symbol_problems(symbols)]
    late = [served.symbol for served in answered if _is_late(served, due)]
    if late:
        words.append(f"bars end before {due}: {' '.join(late)}")
    if len(symbols) < total:
        words.append(f"{total - len(symbols)} models are being loaded")
    word = _word(bool(answered), bool(words))
    body = {
        "status": str(word),
        "services": {"yahoo_api": _yahoo_word(symbols, due), "prediction_service": str(word)},
        "answered": len(answered),
        "total": total,
        "problems": words[:MAX_PROBLEMS],
    }
    return ServiceHealth(word.status, body)


LOADING = ServiceHealth(
    HealthWord.UNHEALTHY.status,
    {
        "status": str(HealthWord.UNHEALTHY),
        "services": {},
        "answered": 0,
        "total": 0,
        "problems": ["models are being loaded"],
    },
)
"""Before the first check."""


def _word(answers: bool, has_problems: bool) -> HealthWord:
    if not answers:
        return HealthWord.UNHEALTHY
    return HealthWord.DEGRADED if has_problems else HealthWord.HEALTHY


def _symbol_problems(symbols: Iterable[ServedSymbol]) -> Iterator[str]:
    """Why symbols are not answered, then which model files are refused or out of reach."""
    for served in symbols:
        if served.fault is not None:
            text = without_folders(str(served.fault))
            yield text if text.startswith(served.symbol) else f"{served.symbol}: {text}"
    for served in symbols:
        if served.fault is None and served.refused:
            yield f"{served.symbol}: the model file is refused: {without_folders(served.refused)}"
        if served.fault is None and served.unreachable:
            text = without_folders(served.unreachable)
            yield f"{served.symbol}: the model file is out of reach, tried again: {text}"


def _yahoo_word(symbols: Iterable[ServedSymbol], due: date) -> str:
    """healthy, degraded (bars are late), or unused (no model is of Yahoo's bars)."""
    models = [served for served in symbols if served.model is not None and _is_yahoo(served)]
    if not models:
        return "unused"
    return "degraded" if any(served.ends_before(due) for served in models) else "healthy"


def _is_late(served: ServedSymbol, due: date) -> bool:
    return _is_yahoo(served) and served.ends_before(due)


def _is_yahoo(served: ServedSymbol) -> bool:
    return kind_of(served.source) == "yahoo"
