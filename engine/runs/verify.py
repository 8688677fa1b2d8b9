"""A model file checked by a process that did not train it: `python -m engine.runs.verify`, one
for each worker.

It reads the file as every reader will (numpy and h5py, digest and allow-list), forecasts on a
pinned window of bars, and must come to the forecast that the training came to. A save that
raised nothing is no proof of a good file.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.child import child_environment
from engine.core.errors import ModelError
from engine.core.text import clean

if TYPE_CHECKING:
    from engine.market.bars import Bars

# The features look back over a window of fixed length; the forecast needs that, a sequence, and one
# bar.
PINNED_BARS = 800
_ANSWER_S = 60.0
# Training sums over all rows, the reader over the pinned ones: the same numbers up to rounding.
_AGREE = 1e-6
_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Pinned:
    """Bars and the close that the trained model forecast from them."""

    bars: Bars
    context: Mapping[str, Bars]
    next_close: float


class Verifier:
    """The other process, started once and asked for each file."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.runs.verify"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=child_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        )

    def check(self, path: Path, pinned: Pinned) -> None:
        """ModelError unless the file at `path` reads well and forecasts what the training did."""
        answer = self._ask(
            {"path": str(path), "bars": _tree(pinned.bars), "context": _trees(pinned.context)}
        )
        if "error" in answer:
            raise ModelError(
                f"the written model does not pass its check: {clean(str(answer['error']), 300)}",
                "train it again",
            )
        found = answer["next_close"]
        if not math.isfinite(found) or abs(found - pinned.next_close) > _AGREE * abs(
            pinned.next_close
        ):
            raise ModelError(
                f"the written model forecasts {found!r} where the training forecast"
                f" {pinned.next_close!r}",
                "train it again",
            )

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            line = memoryview(json.dumps(question).encode() + b"\n")
            while line:
                line = line[self._process.stdin.write(line) :]
            answer: dict[str, Any] = json.loads(_read_line(self._process.stdout.fileno()))
        except (OSError, ValueError) as error:
            self.close()
            raise ModelError(
                f"the check of the written model gave no answer: {error}", "see the worker's log"
            ) from error
        return answer

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _read_line(fd: int) -> bytes:
    """One line from a pipe;
    TimeoutError when it takes too long, EOFError's OSError when the other side is gone."""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        line = b""
        while not line.endswith(b"\n"):
            if not selector.select(_ANSWER_S):
                raise TimeoutError(f"nothing within {_ANSWER_S:g} s")
            data = os.read(fd, 65536)
            if not data:
                raise BrokenPipeError("the checking process ended")
            line += data
    return line


def _tree(bars: Bars) -> dict[str, Any]:
    bars = bars.tail(PINNED_BARS)
    columns = {name: getattr(bars, name).tolist() for name in _COLUMNS}
    return {
        "symbol": bars.symbol,
        "source": bars.source,
        "dates": [str(day) for day in bars.dates],
        **columns,
    }


def _trees(context: Mapping[str, Bars]) -> dict[str, Any]:
    return {name: _tree(bars) for name, bars in context.items()}


def _bars(tree: dict[str, Any]) -> Bars:
    import numpy as np

    from engine.market.bars import Bars

    columns: dict[str, Any] = {name: np.array(tree[name], dtype=np.float64) for name in _COLUMNS}
    return Bars(
        tree["symbol"], tree["source"], np.array(tree["dates"], dtype="datetime64[D]"), **columns
    )


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """The forecast of the file in the question, or the error that reading it or forecasting
    raised."""
    from engine.forecast.inference import load_forecaster
    from engine.vault.model_file import read_model

    try:
        forecaster = load_forecaster(read_model(Path(question["path"])))
        context = {name: _bars(tree) for name, tree in question["context"].items()}
        return {"next_close": forecaster.forecast(_bars(question["bars"]), context).next_close}
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file is the answer
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Answer one question a line until stdin ends, which is when the worker does."""
    for module in ("engine.forecast.inference", "engine.vault.model_file"):
        import_module(module)  # now, while the worker still trains
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer_to(json.loads(line))) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
