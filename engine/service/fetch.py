"""`python -m engine.service.fetch HOME`: fetches bars for the service.

Stdin's first line is a JSON list of [source, symbol]: thousands are too many for a command line.
Exits when all are requested or stdin closes (the service died); a source that is down fails fast.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine.core.anchor import hold_home
from engine.core.clock import Clock, SystemClock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.settings.load import load


def fetch_all(home: Home, keys: Iterable[tuple[str, str]], clock: Clock) -> int:
    """Fetch bars by (source, symbol), past failures; return how many symbols got fresh ones."""
    from engine.market.fetch import fetch_bars

    settings = load(home)
    fresh = 0
    for source, symbol in keys:
        begun = clock.now()
        try:
            bars = fetch_bars(home, settings, source, symbol, clock)
        except StockmlError:
            continue
        # Older ones are the stored bars, used because the source did not answer.
        fresh += bars.fetched_at is not None and bars.fetched_at >= begun
    return fresh


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main(words: list[str]) -> int:
    """The command line above."""
    keys = msgspec.json.decode(sys.stdin.buffer.readline(), type=list[tuple[str, str]])
    threading.Thread(target=_die_with_parent, daemon=True).start()
    hold_home(Path(words[0]))
    fresh = fetch_all(Home(Path(words[0])), keys, SystemClock())
    return 0 if fresh == len(keys) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
