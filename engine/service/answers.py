"""The bodies of answers, as plain trees: the reference's fields first, ours beside them.

There, chances are 0..1.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.records import Forecast
from engine.core.sources import follows_exchange, is_simulated, kind_of
from engine.service.forecasts import ServedForecast
from engine.service.model_store import ServedSymbol
from engine.service.problems import without_folders
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.market.bars import Bars

Tree = dict[str, Any]


def signal(forecast: Forecast, percent: float) -> str:
    """BUY above +`percent` % of change, SELL below minus that, else HOLD."""
    if forecast.change > percent:
        return "BUY"
    return "SELL" if forecast.change < -percent else "HOLD"


def prediction(answer: ServedForecast, settings: Settings, newest: date) -> Tree:
    """One prediction; `newest` is the last complete session by the clock."""
    forecast, slot = answer.forecast, answer.slot
    assert slot.model is not None, "an answer has a model"
    return {
        "symbol": slot.symbol,
        "current_price": forecast.last_close,
        "predicted_price": forecast.next_close,
        "trading_signal": signal(forecast, settings.service.signal_percent),
        "confidence": forecast.confidence / 100.0,
        "prediction_time": iso(answer.made_at),
        "model_version": settings.service.model_version,
        "interval": {
            "low80": forecast.low80,
            "high80": forecast.high80,
            "low95": forecast.low95,
            "high95": forecast.high95,
        },
        "p_up": forecast.p_up / 100.0,
        "target_session": forecast.target_session,
        "as_of": forecast.last_bar,
        "age_s": round(answer.age_s, 3),
        "stale": date.fromisoformat(forecast.last_bar) < newest,
        "cached": answer.cached,
        "generation": slot.model.info.generation,
        "digest": slot.model.info.digest,
        "source": kind_of(slot.source),
        "simulated": is_simulated(slot.source) or slot.model.info.simulated,
    }


def historical(symbol: str, bars: Bars, days: int, today: date) -> Tree:
    """The bars of the last `days` calendar days, oldest first; a timestamp is the session's day."""
    recent = bars.since(today - timedelta(days=days))
    columns = (recent.open, recent.high, recent.low, recent.close, recent.volume)
    rows = zip(recent.dates.tolist(), *(column.tolist() for column in columns), strict=True)
    data = [
        {
            "symbol": symbol,
            "timestamp": f"{day}T00:00:00Z",
            "open": opened,
            "high": high,
            "low": low,
            "close": close,
            "volume": int(volume),
        }
        for day, opened, high, low, close, volume in rows
    ]
    return {
        "symbol": symbol,
        "days": days,
        "count": len(data),
        "data": data,
        "source": kind_of(bars.source),
    }


def model(slot: ServedSymbol, newest: date, refusals: int) -> Tree:
    """One symbol's model as it is served, and what is wrong with it;
    `newest` is the last complete session."""
    info = slot.model.info if slot.model else None
    return {
        "symbol": slot.symbol,
        "state": "AVAILABLE" if slot.fault is None else "UNAVAILABLE",
        "generation": info.generation if info else None,
        "digest": info.digest if info else None,
        "trained_at": iso(info.trained_at) if info else None,
        "loaded_at": iso(slot.model.loaded_at) if slot.model else None,
        "last_bar": info.last_bar if info else None,
        "as_of": slot.bars.last_date.isoformat()
        if slot.bars is not None and len(slot.bars)
        else None,
        "source": kind_of(slot.source),
        "n_scored": info.metrics.n_scored if info else 0,
        "mape": info.metrics.mape if info else None,
        "direction_accuracy": info.metrics.direction_accuracy if info else None,
        "mase": info.metrics.mase if info else None,
        "problem": without_folders(str(slot.fault)) if slot.fault else "",
        "refused": without_folders(slot.refused),
        "refusals": refusals,
        "stale": _before(slot, newest),
    }


def health(
    slots: Iterable[ServedSymbol], total: int, late: date, problems: Iterable[str]
) -> tuple[int, Tree]:
    """HTTP status and body: unhealthy (503) when no symbol is answered, degraded (206) when
    something is wrong, else 200.

    `late` is the session that bars of a network source must have by now.
    """
    slots = tuple(slots)
    words = list(problems)
    answered = [slot for slot in slots if slot.fault is None]
    faults = ((slot.symbol, without_folders(str(slot.fault))) for slot in slots if slot.fault)
    words += [text if text.startswith(symbol) else f"{symbol}: {text}" for symbol, text in faults]
    words += [
        f"{slot.symbol}: the model file is refused: {without_folders(slot.refused)}"
        for slot in answered
        if slot.refused
    ]
    behind = [slot for slot in answered if follows_exchange(slot.source) and _before(slot, late)]
    if behind:
        words.append(f"bars end before {late}: {' '.join(slot.symbol for slot in behind)}")
    if len(slots) < total:
        words.append(f"{total - len(slots)} models are being loaded")
    yahoo = [slot for slot in slots if slot.model is not None and follows_exchange(slot.source)]
    status = "unhealthy" if not answered else "degraded" if words else "healthy"
    services = {
        "yahoo_api": "degraded"
        if any(_before(slot, late) for slot in yahoo)
        else "healthy"
        if yahoo
        else "unused",
        "prediction_service": status,
    }
    body = {
        "status": status,
        "services": services,
        "answered": len(answered),
        "total": total,
        "problems": words[:50],
    }
    return {"healthy": 200, "degraded": 206, "unhealthy": 503}[status], body


def _before(slot: ServedSymbol, session: date) -> bool:
    return slot.bars is None or not len(slot.bars) or slot.bars.last_date < session
