"""The derived status of a symbol: its manifest in brief and its forecast, rebuilt when model or
bars changed.

Reading it loads neither numpy nor h5py, so that the console and `status` stay light; `build`
loads both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.clock import Clock, iso, parse_iso
from engine.core.errors import ModelError, StockmlError
from engine.core.files import write_json
from engine.core.paths import Home
from engine.core.records import Forecast, Metrics, ModelInfo
from engine.core.text import clean
from engine.market.last_bar import last_bar
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.vault.model_file import StoredModel

VERSION = 1


@dataclass(frozen=True, slots=True)
class StatusKey:
    """What a status was derived from; another key means it is out of date."""

    size: int
    mtime_ns: int
    inode: int
    last_bar: str
    last_close: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """One symbol's model and forecast, or the words for why there is none."""

    key: StatusKey
    kind: str
    """"ok", "corrupt", "foreign" (not written by stockml) or "newer" (made by a newer stockml)."""
    model: ModelInfo | None = None
    forecast: Forecast | None = None
    problem: str = ""
    source: str = ""
    """Where the bars of the forecast come from."""
    last_generation: int = 0
    """Of the last whole model file seen here; it stands when the file is broken later."""
    last_source: str = ""


def current_key(home: Home, symbol: str, source: str) -> StatusKey | None:
    """The key a fresh status would have; None without a model file."""
    try:
        found = home.model(symbol).stat()
    except FileNotFoundError:
        return None
    except OSError:
        # A loop of links, a folder shut to us: reading it says why, and the other symbols stay on
        # screen.
        return StatusKey(0, 0, 0, "", None)
    bar = last_bar(home, source, symbol) if source else None
    return StatusKey(
        found.st_size,
        found.st_mtime_ns,
        found.st_ino,
        bar.date if bar else "",
        bar.close if bar else None,
    )


def read(path: Path) -> Status | None:
    """The status stored at `path`; None when it is absent or unreadable, for it can be rebuilt."""
    try:
        found = json.loads(path.read_bytes())
        if found["v"] != VERSION:
            return None
        return Status(
            key=StatusKey(**found["key"]),
            kind=str(found["kind"]),
            model=_model(found["model"]) if found["model"] else None,
            forecast=Forecast(**found["forecast"]) if found["forecast"] else None,
            problem=clean(str(found["problem"]), 300),
            source=str(found["source"]),
            last_generation=int(found.get("last_generation", 0)),
            last_source=str(found.get("last_source", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _model(found: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        **{
            **found,
            "trained_at": parse_iso(found["trained_at"]),
            "metrics": Metrics(**found["metrics"]),
            "weights": tuple((str(name), float(weight)) for name, weight in found["weights"]),
        }
    )


def same_file(status: Status, key: StatusKey) -> bool:
    """Whether the status tells of the file that is there now."""
    return (status.key.size, status.key.mtime_ns, status.key.inode) == (
        key.size,
        key.mtime_ns,
        key.inode,
    )


def current(status: Status, key: StatusKey, source: str) -> bool:
    """Whether there is nothing new to say: the same file and bars of `source`;
    what is no model of ours has no bars."""
    if status.model is None:
        return same_file(status, key)
    return status.key == key and status.source == source


def usual_source(status: Status | None, configured: str) -> str:
    """Whose bars a status is about when nobody asks for others: the model's own, or the
    settings' of the same kind.

    What a command with `--source` asked once must not stay on show: simulated bars would stand
    in an unmarked row.
    """
    if status is None or status.model is None:
        return status.source if status else ""
    own = status.model.source
    alike = own.partition(":")[0] == configured.partition(":")[0]
    return status.source if status.source == configured and alike else own


def can_keep(home: Home) -> bool:
    """Whether statuses can be stored in this home: a home mounted or opened read-only cannot
    learn anything new."""
    folder = home.status("X").parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def write(home: Home, symbol: str, status: Status) -> None:
    """Store `status` beside the others;
    a full disk only costs the next reader a rebuild, and no change costs no write."""
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
    home: Home, settings: Settings, symbols: Iterable[str], clock: Clock, source: str = ""
) -> dict[str, Status | None]:
    """Read the live models, forecast on stored bars (of `source`, else of each model's own),
    store and return it all.

    None for a symbol without a model file. A broken model or missing bars are told in `problem`,
    never raised. The networks of all models run as one stacked recursion.
    """
    from engine.forecast.serving import BarCache, forecast_stored
    from engine.vault.model_file import model_info

    found = {symbol: _live_model(home, symbol) for symbol in symbols}
    whole = {symbol: each for symbol, each in found.items() if isinstance(each, tuple)}
    asked = {
        symbol: (stored, source or stored.manifest.source) for symbol, (_, stored) in whole.items()
    }
    answers = forecast_stored(BarCache(home, settings, clock), asked)
    statuses = {symbol: None if isinstance(each, tuple) else each for symbol, each in found.items()}
    for symbol, (key, stored) in whole.items():
        info, (_, used), answer = (
            model_info(stored.manifest, stored.size_bytes),
            asked[symbol],
            answers[symbol],
        )
        forecast, problem = (
            (None, str(answer)) if isinstance(answer, StockmlError) else (answer, "")
        )
        bars_key = current_key(home, symbol, used) or key
        # The model's stat from before it was read: a model published meanwhile makes this status
        # out of date.
        key = StatusKey(key.size, key.mtime_ns, key.inode, bars_key.last_bar, bars_key.last_close)
        statuses[symbol] = Status(
            key, "ok", info, forecast, problem, used, info.generation, info.source
        )
    for symbol, status in statuses.items():
        if status is not None:
            write(home, symbol, status)
    return statuses


def _live_model(home: Home, symbol: str) -> tuple[StatusKey, StoredModel] | Status | None:
    """The live model with its key; the status of a file that is no model of ours;
    None without a file."""
    from engine.vault.model_file import ForeignModelError, NewerModelError, read_model

    key = current_key(home, symbol, "")
    if key is None:
        return None
    try:
        return key, read_model(home.model(symbol))
    except ForeignModelError as error:
        return _remembering(home, symbol, Status(key, "foreign", problem=str(error)))
    except NewerModelError as error:
        return _remembering(home, symbol, Status(key, "newer", problem=str(error)))
    except (ModelError, OSError) as error:
        return _remembering(home, symbol, Status(key, "corrupt", problem=str(error)))


def _remembering(home: Home, symbol: str, status: Status) -> Status:
    """The status of a file that is no model of ours, with what the one before it was."""
    before = read(home.status(symbol))
    return (
        replace(status, last_generation=before.last_generation, last_source=before.last_source)
        if before
        else status
    )


def forecast_now(
    home: Home, settings: Settings, stored: StoredModel, clock: Clock, source: str
) -> Forecast:
    """The next session's forecast of a stored model on the stored bars of `source`;
    NoDataError without bars."""
    from engine.forecast.inference import forecast_together
    from engine.forecast.serving import BarCache

    return forecast_together([BarCache(home, settings, clock).request(stored, source)])[0]
