"""Building the derived statuses from model files and stored bars; loads numpy and h5py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.doubts import WithheldError
from engine.core.errors import FaultKind, StockmlError, fault_kind, symbol_fault
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.forecast.status import Status, StatusKey, StatusKind, current_key, read, write
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.forecast.serving import StoredBars
    from engine.vault.model_file import StoredModel
    from engine.vault.model_reader import ModelReader


CHUNK = 200
"""Symbols forecast together: 0.1 MB each, and a batch of the LSTM that is large enough."""


def build(
    home: Home, settings: Settings, symbol: str, clock: Clock, source: str = ""
) -> Status | None:
    """`build_all` of one symbol."""
    return build_all(home, settings, (symbol,), clock, source)[symbol]


def build_all(
    home: Home,
    settings: Settings,
    symbols: Iterable[str],
    clock: Clock,
    source: str = "",
    *,
    accept_doubts: bool = False,
) -> dict[str, Status | None]:
    """Derive and store the statuses of live models, on bars of `source` or the model's own source.

    None without a model file; `problem` names a broken model or missing bars, nothing is raised.
    With `accept_doubts` no forecast is withheld, and nothing is stored. The models and bars of
    CHUNK symbols at a time are in memory.
    """
    statuses: dict[str, Status | None] = {}
    names = tuple(symbols)
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        statuses |= _build_chunk(home, settings, chunk, clock, source, accept_doubts)
    return statuses


def _build_chunk(
    home: Home,
    settings: Settings,
    symbols: tuple[str, ...],
    clock: Clock,
    source: str,
    accept_doubts: bool,
) -> dict[str, Status | None]:
    """`build_all` of symbols that are in memory together."""
    from engine.forecast.serving import StoredBars, forecast_stored

    statuses, live = _live_models(home, symbols)
    models = {
        symbol: (stored, source or stored.manifest.source) for symbol, (_, stored) in live.items()
    }
    bars = StoredBars(home, settings, clock, accept_doubts)
    forecasts = forecast_stored(bars, models)
    for symbol, (key, stored) in live.items():
        used_source = models[symbol][1]
        try:
            bars_key = current_key(home, symbol, used_source, settings) or key
            full_key = replace(bars_key, size=key.size, mtime_ns=key.mtime_ns, inode=key.inode)
            status = _status_of(stored, full_key, forecasts[symbol], used_source)
            doubts = bars.doubts(used_source, symbol, forecasts[symbol])
            recent = _recent(bars, used_source, stored)
            statuses[symbol] = replace(status, doubts=doubts, recent=recent)
        except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
            statuses[symbol] = _unusable(home, symbol, key, error)
    for symbol, built in statuses.items():
        if built is not None and not accept_doubts:
            write(home, symbol, built)
    return statuses


def _recent(bars: StoredBars, source: str, stored: StoredModel) -> str:
    """The newest sessions for the console's charts; empty without bars."""
    from engine.forecast.model_summary import recent_sessions

    try:
        return recent_sessions(stored, bars.bars(source, stored.manifest.symbol))
    except StockmlError:  # the forecast says why
        return ""


def _live_models(
    home: Home, symbols: Iterable[str]
) -> tuple[dict[str, Status | None], dict[str, tuple[StatusKey, StoredModel]]]:
    """The statuses of symbols without a live model of ours, and the live models with their key."""
    from engine.vault.model_reader import ModelReader

    statuses: dict[str, Status | None] = {}
    live: dict[str, tuple[StatusKey, StoredModel]] = {}
    with ModelReader(home) as reader:
        for symbol in symbols:
            statuses[symbol] = None
            key = current_key(home, symbol, "")
            if key is None:
                continue
            # The key from before the file was read: a model published meanwhile makes this status
            # out of date.
            stored = _live_model(home, symbol, key, reader)
            if isinstance(stored, Status):
                statuses[symbol] = stored
            else:
                live[symbol] = (key, stored)
    return statuses, live


def _live_model(
    home: Home, symbol: str, key: StatusKey, reader: ModelReader
) -> StoredModel | Status:
    """The live model; the status of a file that is no model of ours."""
    try:
        return reader.read(home.model(symbol))
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        return _unusable(home, symbol, key, error)


def _unusable(home: Home, symbol: str, key: StatusKey, error: Exception) -> Status:
    """The status of a file that is no model, with the reason."""
    before = read(home.status(symbol))
    return Status(
        key,
        _kind_of(error),
        problem=str(symbol_fault(symbol, error)),
        last_generation=before.last_generation if before else 0,
        last_source=before.last_source if before else "",
    )


def _kind_of(error: Exception) -> StatusKind:
    from engine.vault.manifest import NewerModelError
    from engine.vault.model_file import ForeignModelError

    if isinstance(error, ForeignModelError):
        return StatusKind.FOREIGN
    if isinstance(error, NewerModelError):
        return StatusKind.NEWER
    passing = fault_kind(error) is FaultKind.UNREACHABLE
    return StatusKind.UNREACHABLE if passing else StatusKind.CORRUPT


def _status_of(
    stored: StoredModel, key: StatusKey, forecast: Forecast | StockmlError, source: str
) -> Status:
    """The status of a whole model, with its forecast or the reason why there is none."""
    from engine.vault.manifest import model_info

    info = model_info(stored.manifest, stored.size_bytes)
    failed = isinstance(forecast, StockmlError)
    return Status(
        key=key,
        kind=StatusKind.OK,
        model=info,
        forecast=None if isinstance(forecast, StockmlError) else forecast,
        problem=str(forecast) if failed else "",
        withheld=forecast.reason if isinstance(forecast, WithheldError) else "",
        source=source,
        last_generation=info.generation,
        last_source=info.source,
    )


def forecast_now(
    home: Home, settings: Settings, stored: StoredModel, clock: Clock, source: str
) -> Forecast:
    """A stored model's forecast on the stored bars of `source`; NoDataError without bars."""
    from engine.forecast.inference import forecast_together
    from engine.forecast.serving import StoredBars

    return forecast_together([StoredBars(home, settings, clock).request(stored, source)])[0]
