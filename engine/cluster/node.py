"""A worker of a cluster: `python -m engine.cluster.node FOLDER tls://HEAD:PORT [NAME]`.

A Dask worker that takes one fit at a time, straight from a home, and tells the head how it is. It
ends when the head is gone: whoever started it (systemd) starts it again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.cluster.certificates import ClusterFolder
from engine.cluster.link import BEAT_S, OPERATION, SILENT_S, prepare, security, software
from engine.cluster.messages import (
    Accepted,
    Alive,
    Cancel,
    Declined,
    Message,
    Progress,
    RemoteFitRequest,
    differing,
    pack,
    unpack,
)
from engine.cluster.scratch import ScratchFit, ScratchShelf
from engine.core.errors import ExitCode, StockmlError
from engine.core.memory import available_mb
from engine.core.text import clean
from engine.settings.schema import ENVIRONMENT


class Seat:
    """The one place for a fit; what it does is in the metrics that the head shows."""

    def __init__(self) -> None:
        self.symbol = ""
        self.word = ""
        self.versions = software()
        self.shelf = ScratchShelf()

    def facts(self, _: object = None) -> dict[str, Any]:
        """What the head and everybody who asks it may know."""
        return {
            "versions": self.versions,
            "host": socket.gethostname(),
            "symbol": self.symbol,
            "word": self.word,
            "free_mb": available_mb(),
        }

    async def tidy(self) -> None:
        """End what waits in vain, for ever."""
        while True:
            await asyncio.sleep(BEAT_S)
            await asyncio.to_thread(self.shelf.end_idle)

    async def fit(self, comm: Any, head: bytes = b"", body: bytes = b"") -> Any:
        """Do one request that came over `comm`; when it is closed, the fit ends."""
        from distributed.core import Status

        try:
            request = unpack({"head": head, "body": body})[0]
            fault = _fault(request, self.versions)
        except StockmlError as error:
            fault = error.message
        if fault or self.symbol:
            await comm.write(pack(Declined(why=fault)))
        else:
            assert isinstance(request, RemoteFitRequest)
            self.symbol, self.word = request.symbol, "starting"
            try:
                await Conversation(self, comm, request).hold()
            finally:
                self.symbol = ""
        comm.abort()
        return Status.dont_reply


def _fault(request: Message, here: dict[str, str]) -> str:
    if not isinstance(request, RemoteFitRequest):
        return "that is no request to fit"
    return differing(here, request.versions)


class Conversation:
    """A fit and the home that asked for it: events one way, `alive` both ways, a cancel."""

    def __init__(self, seat: Seat, comm: Any, request: RemoteFitRequest) -> None:
        self.seat = seat
        self.comm = comm
        self.loop = asyncio.get_running_loop()
        self.outbox: asyncio.Queue[Progress] = asyncio.Queue()
        self.fit = ScratchFit(request, seat.shelf, self._say)
        self.heard = time.monotonic()

    def _say(self, progress: Progress) -> None:
        self.loop.call_soon_threadsafe(self.outbox.put_nowait, progress)

    async def hold(self) -> None:
        """Fit and forward; a home that is gone or silent ends the fit."""
        work = asyncio.create_task(asyncio.to_thread(self.fit.run))
        listening = asyncio.create_task(self._listen())
        try:
            await self.comm.write(pack(Accepted(host=socket.gethostname())))
            while not work.done() or not self.outbox.empty():
                await self._forward()
                if listening.done() or time.monotonic() - self.heard > SILENT_S:
                    return
            answer, model = await work
            await self.comm.write(pack(answer, model))
            await asyncio.wait({listening}, timeout=SILENT_S)
        except OSError:
            return
        finally:
            self.fit.stop.set()
            listening.cancel()
            await asyncio.wait({work})

    async def _forward(self) -> None:
        """Send the next event, or `alive` when there is none for a while."""
        try:
            progress = await asyncio.wait_for(self.outbox.get(), BEAT_S / 4)
        except TimeoutError:
            await self.comm.write(pack(Alive()))
            return
        self.seat.word = clean(f"{progress.kind} {progress.figures.get('name', '')}", 40).strip()
        await self.comm.write(pack(progress))

    async def _listen(self) -> None:
        """Hear the home until it closes the line or cancels."""
        while True:
            message, _ = unpack(await self.comm.read(deserializers=["msgpack"]))
            self.heard = time.monotonic()
            if isinstance(message, Cancel):
                self.fit.stop.set()


async def serve(folder: ClusterFolder, address: str, name: str) -> None:
    """Work for the head at `address` until it is gone or a signal comes."""
    from distributed.worker import DEFAULT_METRICS, Worker

    class Node(Worker):
        """A worker without a web page."""

        def start_http_server(self, *_: Any, **__: Any) -> None:
            """A port without TLS would be one too many."""

    seat = Seat()
    with TemporaryDirectory(prefix="stockml-node-") as scratch:
        node = Node(
            address,
            nthreads=1,
            name=name,
            local_directory=scratch,
            memory_limit=0,
            extensions={},
            security=security(folder, "worker"),
            metrics={**DEFAULT_METRICS, "stockml": seat.facts},
        )
        node.handlers[OPERATION] = seat.fit
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: loop.create_task(node.close()))
        await node
        sys.stderr.write(f"working for {address} as {name}\n")
        tidying = asyncio.create_task(seat.tidy())
        try:
            await node.finished()  # type: ignore[no-untyped-call]
        finally:
            tidying.cancel()
            seat.shelf.end_idle(0.0)


def main(arguments: list[str]) -> int:
    """Work for the head at an address, with the certificates in a folder."""
    # What a home asks for counts, not what this machine overrides.
    for variable in ENVIRONMENT:
        os.environ.pop(variable, None)
    name = arguments[2] if len(arguments) > 2 else f"{socket.gethostname()}-{os.getpid()}"
    try:
        prepare()
        asyncio.run(serve(ClusterFolder(Path(arguments[0])), arguments[1], name))
    except StockmlError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    except (OSError, RuntimeError, ValueError) as error:
        cause = error.__cause__ or error
        sys.stderr.write(f"{name} does not work for {arguments[1]}: {clean(str(cause), 300)}\n")
        return int(ExitCode.FAILED)
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # Threads of Dask have outlived their loop.
    os._exit(code)
