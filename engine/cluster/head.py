"""The head of a cluster: `python -m engine.cluster.head FOLDER tls://HOST:PORT`.

A Dask scheduler that only keeps the list of its workers. One of other versions may not join.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from engine.cluster.certificates import ClusterFolder
from engine.cluster.link import prepare, security, software
from engine.cluster.messages import differing
from engine.core.errors import StockmlError


def joining_fault(metrics: dict[str, Any], here: dict[str, str]) -> str:
    """Why a worker with these metrics may not join; empty when it may."""
    facts = metrics.get("stockml")
    there = facts.get("versions") if isinstance(facts, dict) else None
    if not isinstance(there, dict):
        return "it is no worker of stockml"
    return differing(here, there)


async def serve(folder: ClusterFolder, address: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    from distributed.scheduler import Scheduler

    here = software()

    class Head(Scheduler):
        """A scheduler without a web page, that compares versions."""

        def start_http_server(self, *_: Any, **__: Any) -> None:
            """A port without TLS would be one too many."""

        async def add_worker(self, comm: Any, **facts: Any) -> None:
            fault = joining_fault(facts["metrics"], here)
            if fault:
                sys.stderr.write(f"refused {facts['address']}: {fault}\n")
                await comm.write({"status": "error", "message": f"refused: {fault}", "time": 0.0})
                return
            await super().add_worker(comm, **facts)

    host, _, port = address.removeprefix("tls://").rpartition(":")
    head = await Head(
        host=host,
        port=int(port),
        protocol="tls://",
        security=security(folder, "head"),
        dashboard=False,
        # Those of Dask send its workers pickles, which ours refuse.
        extensions={},
    )
    sys.stderr.write(f"listening at {head.address}\n")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: loop.create_task(head.close()))
    await head.finished()


def main(arguments: list[str]) -> int:
    """Serve as the head at an address, with the certificates in a folder."""
    try:
        prepare()
        asyncio.run(serve(ClusterFolder(Path(arguments[0])), arguments[1]))
    except (StockmlError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code) if isinstance(error, StockmlError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
