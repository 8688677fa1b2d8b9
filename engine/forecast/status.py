"""The derived status of a symbol, its manifest and forecast; only `build` loads numpy and h5py."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.clock import Clock, iso, parse_iso
from engine.core.doubts import Doubt, WithheldError, doubts_from
from engine.core.errors import FileError, ModelError, StockmlError
from engine.core.files import write_json
from engine.core.paths import Home
from engine.core.reading import read_json
from engine.core.records import Forecast, Metrics, ModelInfo
from engine.core.text import clean
from engine.market.last_bar import bars_mtime_ns, last_bar
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.vault.model_file import StoredModel

VERSION = 1


class StatusKind(StrEnum):
    """What the model file is."""

    OK = "ok"
    CORRUPT = "corrupt"
    FOREIGN = "foreign"
    """Not written by stockml."""
    NEWER = "newer"
    """Made by a newer stockml."""


@dataclass(frozen=True, slots=True)
class StatusKey:
    """What a status was derived from; another key means it is out of date."""

    size: int
    mtime_ns: int
    inode: int
    last_bar: str
    last_close: float | None
    bars_mtime_ns: int = 0
    """Of the file that the bars are read from: an old row may have been corrected."""
    accepted: str = ""
    """The doubts that the settings accept."""


@dataclass(frozen=True, slots=True)
class Status:
    """One symbol's model and forecast, or the words for why there is none."""

    key: StatusKey
    kind: StatusKind
    model: ModelInfo | None = None
    forecast: Forecast | None = None
    problem: str = ""
    doubts: tuple[Doubt, ...] = ()
    """Those about the bars, with or without a forecast."""
    withheld: str = ""
    """The doubts that make a forecast meaningless, so that there is none."""
    source: str = ""
    """Where the bars of the forecast come from."""
    last_generation: int = 0
    """That of the last whole model file, kept when the file is broken later."""
    last_source: str = ""


def current_key(
    home: Home, symbol: str, source: str, settings: Settings | None = None
) -> StatusKey | None:
    """The key a fresh status would have; None without a model file."""
    try:
        stat = home.model(symbol).stat()
    except FileNotFoundError:
        return None
    except OSError:
        # A loop of links, a folder we may not read: reading the file says why, and the other
        # symbols stay on screen.
        return StatusKey(size=0, mtime_ns=0, inode=0, last_bar="", last_close=None)
    bar = last_bar(home, source, symbol) if source else None
    return StatusKey(
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        inode=stat.st_ino,
        last_bar=bar.date if bar else "",
        last_close=bar.close if bar else None,
        bars_mtime_ns=bars_mtime_ns(home, source, symbol) if source else 0,
        accepted="; ".join(settings.market.accepted) if settings else "",
    )


def read(path: Path) -> Status | None:
    """The status stored at `path`; None when it is absent or unreadable: it can be rebuilt."""
    try:
        tree = read_json(path, dict[str, Any])
        if tree["v"] != VERSION:
            return None
        return Status(
            key=StatusKey(**tree["key"]),
            kind=StatusKind(tree["kind"]),
            model=_model(tree["model"]) if tree["model"] else None,
            forecast=_forecast(tree["forecast"]) if tree["forecast"] else None,
            problem=clean(str(tree["problem"]), 300),
            doubts=doubts_from(tree.get("doubts", ())),
            withheld=clean(str(tree.get("withheld", "")), 300),
            source=str(tree["source"]),
            last_generation=int(tree.get("last_generation", 0)),
            last_source=str(tree.get("last_source", "")),
        )
    except (OSError, FileError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _forecast(tree: dict[str, Any]) -> Forecast:
    return Forecast(**{**tree, "doubts": doubts_from(tree.get("doubts", ()))})


def _model(tree: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        **{
            **tree,
            "trained_at": parse_iso(tree["trained_at"]),
            "metrics": Metrics(**tree["metrics"]),
            "weights": tuple((str(name), float(weight)) for name, weight in tree["weights"]),
        }
    )


def same_file(status: Status, key: StatusKey) -> bool:
    """Whether the status was derived from the present file."""
    old = (status.key.size, status.key.mtime_ns, status.key.inode)
    return old == (key.size, key.mtime_ns, key.inode)


def current(status: Status, key: StatusKey, source: str) -> bool:
    """Whether file and bars of `source` are unchanged; a file that is no model has no bars."""
    if status.model is None:
        return same_file(status, key)
    return status.key == key and status.source == source


def usual_source(status: Status | None, configured: str) -> str:
    """The source unless another is named: the model's, or the settings' if of the same kind.

    One read once with `--source` must not stay: simulated bars would be in an unmarked row.
    """
    if status is None or status.model is None:
        return status.source if status else ""
    own = status.model.source
    alike = own.partition(":")[0] == configured.partition(":")[0]
    return status.source if status.source == configured and alike else own


def can_keep(home: Home) -> bool:
    """Whether statuses can be stored in this home: not when it is mounted or opened read-only."""
    folder = home.status("X").parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def write(home: Home, symbol: str, status: Status) -> None:
    """Store `status` if it changed; a full disk only costs the next reader a rebuild."""
    if read(home.status(symbol)) == status:
        return
    tree = {"v": VERSION, **asdict(status)}
    if status.model is not None:
        tree["model"]["trained_at"] = iso(status.model.trained_at)
    with suppress(OSError):
        write_json(home.status(symbol), tree, name="status")


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
    With `accept_doubts` no forecast is withheld, and nothing is stored.
    """
    from engine.forecast.serving import StoredBars, forecast_stored

    statuses, live = _live_models(home, symbols)
    models = {
        symbol: (stored, source or stored.manifest.source) for symbol, (_, stored) in live.items()
    }
    bars = StoredBars(home, settings, clock, accept_doubts)
    forecasts = forecast_stored(bars, models)
    for symbol, (key, stored) in live.items():
        used_source = models[symbol][1]
        bars_key = current_key(home, symbol, used_source, settings) or key
        key = replace(bars_key, size=key.size, mtime_ns=key.mtime_ns, inode=key.inode)
        status = _status_of(stored, key, forecasts[symbol], used_source)
        statuses[symbol] = replace(
            status, doubts=bars.doubts(used_source, symbol, forecasts[symbol])
        )
    for symbol, built in statuses.items():
        if built is not None and not accept_doubts:
            write(home, symbol, built)
    return statuses


def _live_models(
    home: Home, symbols: Iterable[str]
) -> tuple[dict[str, Status | None], dict[str, tuple[StatusKey, StoredModel]]]:
    """The statuses of symbols without a live model of ours, and the live models with their key."""
    statuses: dict[str, Status | None] = {}
    live: dict[str, tuple[StatusKey, StoredModel]] = {}
    for symbol in symbols:
        statuses[symbol] = None
        key = current_key(home, symbol, "")
        if key is None:
            continue
        # The key from before the file was read: a model published meanwhile makes this status out
        # of date.
        stored = _live_model(home, symbol, key)
        if isinstance(stored, Status):
            statuses[symbol] = stored
        else:
            live[symbol] = (key, stored)
    return statuses, live


def _live_model(home: Home, symbol: str, key: StatusKey) -> StoredModel | Status:
    """The live model; the status of a file that is no model of ours."""
    from engine.vault.manifest import NewerModelError
    from engine.vault.model_file import ForeignModelError, read_model

    try:
        return read_model(home.model(symbol))
    except ForeignModelError as error:
        kind, problem = StatusKind.FOREIGN, str(error)
    except NewerModelError as error:
        kind, problem = StatusKind.NEWER, str(error)
    except (ModelError, OSError) as error:
        kind, problem = StatusKind.CORRUPT, str(error)
    before = read(home.status(symbol))
    return Status(
        key,
        kind,
        problem=problem,
        last_generation=before.last_generation if before else 0,
        last_source=before.last_source if before else "",
    )


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
