"""Answer bodies as plain trees, the reference's fields first; probabilities are 0..1."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.doubts import doubt_trees
from engine.core.records import Forecast
from engine.core.sources import is_simulated, kind_of
from engine.market.staleness import sessions_after
from engine.service.forecasts import ServedForecast
from engine.service.problems import without_folders
from engine.service.served import ServedSymbol
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
    forecast = answer.forecast
    served = answer.served
    assert served.model is not None, "an answer has a model"
    return {
        "symbol": served.symbol,
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
        "range80": forecast.range80,
        "report": forecast.report.tree if forecast.report else None,
        "report_known": forecast.report_known,
        "p_up": forecast.p_up / 100.0,
        "target_session": forecast.target_session,
        "as_of": forecast.last_bar,
        "age_s": round(answer.age_s, 3),
        "stale": date.fromisoformat(forecast.last_bar) < newest,
        "bars_behind": sessions_after(forecast.last_bar, newest),
        "doubts": doubt_trees(forecast.doubts),
        "cached": answer.cached,
        "generation": served.model.info.generation,
        "digest": served.model.info.digest,
        "source": kind_of(served.source),
        "simulated": is_simulated(served.source) or is_simulated(served.model.info.source),
    }


def historical(symbol: str, bars: Bars, days: int, today: date) -> Tree:
    """The bars of the last `days` calendar days, oldest first; a timestamp is the session's day."""
    recent = bars.since(today - timedelta(days=days))
    columns = (recent.open, recent.high, recent.low, recent.close, recent.volume)
    rows = zip(recent.dates.tolist(), *(column.tolist() for column in columns), strict=True)
    trees = [
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
        "count": len(trees),
        "data": trees,
        "source": kind_of(bars.source),
    }


def model(served: ServedSymbol, newest: date, refusals: int) -> Tree:
    """One symbol's model as served, and what is wrong with it; `newest` as in `prediction`."""
    loaded = served.model
    bars = served.bars
    info = loaded.info if loaded else None
    return {
        "symbol": served.symbol,
        "state": "AVAILABLE" if served.fault is None else "UNAVAILABLE",
        "generation": info.generation if info else None,
        "digest": info.digest if info else None,
        "trained_at": iso(info.trained_at) if info else None,
        "loaded_at": iso(loaded.loaded_at) if loaded else None,
        "last_bar": info.last_bar if info else None,
        "as_of": bars.last_date.isoformat() if bars is not None and bars.last_date else None,
        "source": kind_of(served.source),
        "n_scored": info.metrics.n_scored if info else 0,
        "mape": info.metrics.mape if info else None,
        "direction_accuracy": info.metrics.direction_accuracy if info else None,
        "mase": info.metrics.mase if info else None,
        "problem": without_folders(str(served.fault)) if served.fault else "",
        "refused": without_folders(served.refused),
        "unreachable": without_folders(served.unreachable),
        "refusals": refusals,
        "stale": served.ends_before(newest),
    }
