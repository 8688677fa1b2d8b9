"""A model file checked by a process that did not train it: `python -m engine.runs.verify`.

It reads the file as every reader does and must reproduce the training's forecast on pinned bars.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.core.child import child_environment, read_line
from engine.core.errors import ModelError
from engine.core.paths import Home
from engine.core.text import clean

if TYPE_CHECKING:
    from engine.market.bars import Bars

# The features look back over a window of fixed length; a forecast needs that, a sequence and a bar.
PINNED_BARS = 800
_REPLY_WAIT_S = 60.0
# Training sums over all rows, the reader over the pinned ones: the same numbers up to rounding.
_TOLERANCE = 1e-6
_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class PinnedForecast:
    """Bars and the close that the trained model forecast from them."""

    bars: Bars
    context: Mapping[str, Bars]
    next_close: float


class Verifier:
    """The checking process, started once and asked about each file."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.runs.verify"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        )

    def check(self, home: Home, path: Path, pinned: PinnedForecast) -> None:
        """ModelError unless the file at `path` is whole and forecasts what the training did."""
        context = {name: _bars_tree(bars) for name, bars in pinned.context.items()}
        reply = self._ask(
            {
                "home": str(home.root),
                "path": str(path),
                "bars": _bars_tree(pinned.bars),
                "context": context,
            }
        )
        if "error" in reply:
            raise ModelError(
                f"the written model does not pass its check: {clean(str(reply['error']), 300)}",
                "train it again",
            )
        expected = pinned.next_close
        actual = reply["next_close"]
        if not math.isfinite(actual) or abs(actual - expected) > _TOLERANCE * abs(expected):
            raise ModelError(
                f"the written model forecasts {actual!r} where the training forecast {expected!r}",
                "train it again",
            )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            line = memoryview(json.dumps(request).encode() + b"\n")
            while line:
                line = line[self._process.stdin.write(line) :]
            reply: dict[str, Any] = json.loads(
                read_line(self._process.stdout.fileno(), _REPLY_WAIT_S)
            )
        except (OSError, ValueError) as error:
            self.close()
            raise ModelError(
                f"the check of the written model gave no answer: {error}", "see the worker's log"
            ) from error
        return reply

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _bars_tree(bars: Bars) -> dict[str, Any]:
    bars = bars.tail(PINNED_BARS)
    columns = {name: getattr(bars, name).tolist() for name in _COLUMNS}
    return {
        "symbol": bars.symbol,
        "source": bars.source,
        "dates": [str(day) for day in bars.dates],
        "reports": msgspec.to_builtins(bars.reports),
        **columns,
    }


def _bars_from(tree: dict[str, Any]) -> Bars:
    import numpy as np

    from engine.market.bars import Bars
    from engine.market.reports import ReportDates

    columns: dict[str, Any] = {name: np.array(tree[name], dtype=np.float64) for name in _COLUMNS}
    dates = np.array(tree["dates"], dtype="datetime64[D]")
    reports = msgspec.convert(tree["reports"], ReportDates | None)
    return Bars(tree["symbol"], tree["source"], dates, **columns, reports=reports)


def reply_to(request: dict[str, Any]) -> dict[str, Any]:
    """The forecast of the requested file, or the error that reading or forecasting raised."""
    from engine.forecast.inference import load_forecaster
    from engine.vault.model_reader import read_model

    try:
        stored = read_model(Home(Path(request["home"])), Path(request["path"]))
        forecaster = load_forecaster(stored)
        context = {name: _bars_from(tree) for name, tree in request["context"].items()}
        forecast = forecaster.forecast(_bars_from(request["bars"]), context)
        return {"next_close": forecast.next_close}
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file is the reply
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Reply to one request a line until stdin ends, which is when the worker does."""
    for module in ("engine.forecast.inference", "engine.vault.model_file"):
        import_module(module)  # now, while the worker still trains
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(reply_to(json.loads(line))) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
