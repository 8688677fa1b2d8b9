"""Requests one prediction, through the service if it is up, else in this process."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum

from engine.client.records import ServiceReply
from engine.client.service_client import ask_service, service_state
from engine.core.clock import Clock
from engine.core.errors import NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.core.text import clean
from engine.forecast import build_status
from engine.forecast import status as derived
from engine.settings.schema import Settings

IN_PROCESS, BY_SERVICE = "in process", "service"


class ProbeFault(StrEnum):
    """Whose fault it is that there is no forecast."""

    NONE = ""
    """No fault."""
    MODEL = "model"
    """Its own file or figures."""
    DATA = "data"
    """There are no bars."""
    SERVICE = "service"
    """It did not answer."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of one prediction request."""

    via: str
    seconds: float
    _: KW_ONLY
    forecast: Forecast | None = None
    confidence: float | None = None
    """Percent, as it was answered."""
    fault: ProbeFault = ProbeFault.NONE
    problem: str = ""
    """The fault in words."""


def service_up(home: Home, limit_s: float = 2.0) -> bool:
    """Whether the prediction service of this home runs, wherever it listens, and answers."""
    return service_state(home, limit_s).up


def ask(
    home: Home, settings: Settings, symbol: str, source: str, clock: Clock, *, by_service: bool
) -> ProbeResult:
    """Ask for one prediction; its forecast is always of the live model file, for the ledger."""
    own = _ask_here(home, settings, symbol, source, clock)
    if not by_service:
        return own
    served = _ask_service(home, settings, symbol)
    if served.fault is ProbeFault.SERVICE and own.fault:
        return replace(served, fault=own.fault, problem=own.problem)
    return replace(served, forecast=own.forecast)


def _ask_here(
    home: Home, settings: Settings, symbol: str, source: str, clock: Clock
) -> ProbeResult:
    begun = clock.monotonic()
    fault = ProbeFault.NONE
    problem = ""
    try:
        status = build_status.build(home, settings, symbol, clock, source)
        forecast = status.forecast if status else None
        if forecast is None:
            fault, problem = _why_none(home, settings, symbol, source, clock, status)
    except (ValueError, ArithmeticError, KeyError, TypeError) as error:
        # Figures that cannot be computed are a failure of the model, as an unreadable file is.
        forecast = None
        fault, problem = ProbeFault.MODEL, clean(f"{type(error).__name__}: {error}", 200)
    seconds = clock.monotonic() - begun
    if forecast is not None and not math.isfinite(forecast.next_close):
        problem = f"forecast {forecast.next_close}"
        return ProbeResult(IN_PROCESS, seconds, fault=ProbeFault.MODEL, problem=problem)
    return ProbeResult(
        IN_PROCESS,
        seconds,
        forecast=forecast,
        confidence=forecast.confidence if forecast else None,
        fault=fault,
        problem=problem,
    )


def _why_none(
    home: Home,
    settings: Settings,
    symbol: str,
    source: str,
    clock: Clock,
    status: derived.Status | None,
) -> tuple[ProbeFault, str]:
    """Why there is no forecast: a fault of the model, or of its bars."""
    if status is None:
        return ProbeFault.MODEL, "no model yet"
    if status.withheld:
        return ProbeFault.DATA, f"withheld: {status.withheld}"
    if status.kind != "ok":
        return ProbeFault.MODEL, status.problem
    from engine.vault.model_reader import read_model

    try:
        stored = read_model(home, home.model(symbol))
        build_status.forecast_now(home, settings, stored, clock, source)
    except NoDataError as error:
        return ProbeFault.DATA, str(error)
    except (StockmlError, OSError) as error:
        return ProbeFault.MODEL, str(error)
    return ProbeFault.MODEL, status.problem


def _ask_service(home: Home, settings: Settings, symbol: str) -> ProbeResult:
    reply = ask_service(home, f"/api/v1/predict/{symbol}", 2 * settings.resources.response_crit_s)
    confidence = reply.tree.get("confidence")
    price = reply.tree.get("predicted_price")
    if (
        reply.status == 200
        and isinstance(confidence, int | float)
        and isinstance(price, int | float)
        and math.isfinite(price)
    ):
        return ProbeResult(BY_SERVICE, reply.seconds, confidence=100.0 * confidence)
    words = reply.problem or "an answer without a forecast"
    problem = f"HTTP {reply.status}: {words}" if reply.status else words
    return ProbeResult(BY_SERVICE, reply.seconds, fault=_fault_of(reply), problem=problem)


def _fault_of(reply: ServiceReply) -> ProbeFault:
    """Whose fault an answer without a forecast is."""
    if reply.status == 500:  # the service is up, and this model failed in it
        return ProbeFault.MODEL
    return ProbeFault.DATA if reply.status in (404, 409, 422, 503) else ProbeFault.SERVICE
