"""Asking for one prediction: through the service where it is up, else in this process.

How long it took, whose fault.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.client.service_client import ask_service, service_state
from engine.core.clock import Clock
from engine.core.errors import NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.core.text import clean
from engine.forecast import status as derived
from engine.settings.schema import Settings

IN_PROCESS, BY_SERVICE = "in process", "service"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one request for a prediction came to."""

    via: str
    seconds: float
    forecast: Forecast | None = None
    confidence: float | None = None
    """Percent, as it was answered."""
    fault: str = ""
    """model (its own file or figures), data (no bars), service (it did not answer);
    empty when all went well."""
    problem: str = ""


def service_up(home: Home, limit_s: float = 2.0) -> bool:
    """Whether the prediction service of this home runs, wherever it listens, and answers well or
    degraded."""
    return service_state(home, limit_s).up


def ask(
    home: Home, settings: Settings, symbol: str, source: str, clock: Clock, by_service: bool
) -> ProbeResult:
    """One prediction;
    the forecast itself always comes from the live model file, so that the ledger has it whole."""
    own = _ask_here(home, settings, symbol, source, clock)
    if not by_service:
        return own
    answer = _ask_service(home, settings, symbol)
    if answer.fault == "service" and own.fault:
        return ProbeResult(BY_SERVICE, answer.seconds, fault=own.fault, problem=own.problem)
    return ProbeResult(
        BY_SERVICE, answer.seconds, own.forecast, answer.confidence, answer.fault, answer.problem
    )


def _ask_here(
    home: Home, settings: Settings, symbol: str, source: str, clock: Clock
) -> ProbeResult:
    begun = clock.monotonic()
    try:
        status = derived.build(home, settings, symbol, clock, source)
        forecast = status.forecast if status else None
        fault, problem = (
            ("", "") if forecast else _fault(home, settings, symbol, source, clock, status)
        )
    except (ValueError, ArithmeticError, KeyError, TypeError) as error:
        # A model whose figures cannot be computed: its own failure, as a file that cannot be read
        # is.
        forecast, fault, problem = None, "model", clean(f"{type(error).__name__}: {error}", 200)
    seconds = clock.monotonic() - begun
    if forecast is not None and not math.isfinite(forecast.next_close):
        return ProbeResult(
            IN_PROCESS, seconds, fault="model", problem=f"forecast {forecast.next_close}"
        )
    return ProbeResult(
        IN_PROCESS, seconds, forecast, forecast.confidence if forecast else None, fault, problem
    )


def _fault(
    home: Home,
    settings: Settings,
    symbol: str,
    source: str,
    clock: Clock,
    status: derived.Status | None,
) -> tuple[str, str]:
    """Whose fault it is that there is no forecast: of the model, or of its bars."""
    if status is None:
        return "model", "no model yet"
    if status.kind != "ok":
        return "model", status.problem
    from engine.vault.model_file import read_model

    try:
        derived.forecast_now(home, settings, read_model(home.model(symbol)), clock, source)
    except NoDataError as error:
        return "data", str(error)
    except (StockmlError, OSError) as error:
        return "model", str(error)
    return "model", status.problem


def _ask_service(home: Home, settings: Settings, symbol: str) -> ProbeResult:
    reply = ask_service(home, f"/api/v1/predict/{symbol}", 2 * settings.resources.response_crit_s)
    confidence, price = reply.tree.get("confidence"), reply.tree.get("predicted_price")
    if (
        reply.status == 200
        and isinstance(confidence, int | float)
        and isinstance(price, int | float)
        and math.isfinite(price)
    ):
        return ProbeResult(BY_SERVICE, reply.seconds, confidence=100.0 * confidence)
    # 500: the service is up and this model failed in it; anything else is the service's or the
    # data's.
    fault = (
        "model" if reply.status == 500 else "data" if reply.status in (404, 422, 503) else "service"
    )
    words = reply.problem or "an answer without a forecast"
    return ProbeResult(
        BY_SERVICE,
        reply.seconds,
        fault=fault,
        problem=f"HTTP {reply.status}: {words}" if reply.status else words,
    )
