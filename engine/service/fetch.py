"""`python -m engine.service.fetch HOME SOURCE SYM [SOURCE SYM …]`: the child that asks the network for the service.

Ends when its stdin does (the service died), at the first symbol that the network does not answer, or when all are done.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from engine.core.clock import Clock, SystemClock
from engine.core.config import load
from engine.core.errors import NoDataError
from engine.core.paths import Home


def fetch_all(home: Home, wanted: list[tuple[str, str]], clock: Clock) -> int:
    """Fetch bars in turn; how many symbols were asked before one brought nothing newer than a failure."""
    from engine.market.fetch import fetch_bars

    settings = load(home)
    for count, (source, symbol) in enumerate(wanted):
        begun = clock.now()
        try:
            bars = fetch_bars(home, settings, source, symbol, clock)
        except NoDataError:
            continue  # this symbol has none; the others may
        if bars.fetched_at is None or bars.fetched_at < begun:
            return count  # stored bars stood in: the source does not answer, so the others wait too
    return len(wanted)


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main(words: list[str]) -> int:
    """The command line above."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    pairs = list(zip(words[1::2], words[2::2], strict=True))
    done = fetch_all(Home(Path(words[0])), pairs, SystemClock())
    return 0 if done == len(pairs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
