"""What the head of a cluster knows of its workers: `python -m engine.cluster.look FOLDER ADDRESS`.

A child process, so that neither console nor starter imports Dask: one JSON document on stdout.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from engine.cluster.certificates import ClusterFolder
from engine.cluster.link import ask, prepare
from engine.cluster.records import ClusterHost, ClusterView
from engine.core.errors import StockmlError
from engine.core.text import clean

_WAIT_S = 5.0


def host_of(worker: dict[str, Any], now: float) -> ClusterHost:
    """One worker as its head describes it; `now` is the head's time in seconds since 1970."""
    metrics = worker["metrics"]
    facts = metrics["stockml"]
    return ClusterHost(
        host=clean(str(facts["host"]), 60),
        worker=clean(str(worker["name"]), 60),
        symbol=clean(str(facts["symbol"]), 10),
        word=clean(str(facts["word"]), 40),
        memory_mb=int(metrics["memory"]) // 2**20,
        free_mb=int(facts["free_mb"]),
        last_seen_s=round(max(0.0, now - float(worker["last_seen"])), 1),
        versions={clean(name, 40): clean(text, 40) for name, text in facts["versions"].items()},
    )


async def look(folder: ClusterFolder, address: str) -> ClusterView:
    """The hosts of the head at `address`, or why it does not answer."""
    try:
        identity = await ask(address, folder, "home", "identity", _WAIT_S)
        now = time.time()
        hosts = [host_of(worker, now) for worker in identity["workers"].values()]
    except OSError as error:
        return ClusterView(address=address, fault=clean(str(error) or "no answer", 300))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return ClusterView(
            address=address, fault=f"it is no head of stockml: {clean(str(error), 200)}"
        )
    hosts.sort(key=lambda each: (each.host, each.worker))
    return ClusterView(address=address, answers=True, hosts=tuple(hosts))


def main(arguments: list[str]) -> int:
    """Print the view of the head at an address, with the certificates in a folder."""
    folder, address = ClusterFolder(Path(arguments[0])), arguments[1]
    try:
        prepare()
        view = asyncio.run(look(folder, address))
    except StockmlError as error:
        view = ClusterView(address=address, fault=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(view) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
