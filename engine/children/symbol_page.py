"""`python -m engine.children.symbol_page HOME SYM [SOURCE]`: everything the Symbol screen shows
that needs numpy or h5py, as JSON.

One short-lived child joins the model's story, its live accuracy and what watching knows; none of
them knows the others.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.api import Engine
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.symbols import check_symbols
from engine.forecast.model_summary import model_summary


def told(engine: Engine, symbol: str) -> dict[str, Any]:
    """The whole story; a part that cannot be told is None, and `problems` says why."""
    tree = model_summary(
        engine.home, engine.settings.current, symbol, engine.clock, engine.source or ""
    )

    def part(tell: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return tell()
        except StockmlError as error:
            tree["problems"].append(error.message)
            return None

    live = part(lambda: asdict(engine.watch.accuracy((symbol,))[0]))
    return {**tree, "live": live, "watch": part(lambda: engine.watch.explain(symbol))}


def finite(value: Any) -> Any:
    """NaN and infinity as null."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main(words: list[str]) -> int:
    """Print the story of words[1] in the home words[0], on the bars of words[2] when given."""
    try:
        engine = Engine(Home(Path(words[0])), source=words[2] if len(words) > 2 else None)
        tree = told(engine, check_symbols(words[1:2], engine.settings.current.names)[0])
    except StockmlError as error:
        sys.stderr.write(f"stockml: {error}\n")
        return int(error.exit_code)
    sys.stdout.write(json.dumps(finite(tree), allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
