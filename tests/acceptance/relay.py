"""A slow line: a relay on loopback that delays what it passes on and passes only so much."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 512
"""Bytes that are passed on at once: the rate is kept chunk by chunk."""


class Relay:
    """Passes every connection to `port` on, each way `delay_s` later and at `rate` bytes/s."""

    def __init__(self, port: int, delay_s: float, rate: float) -> None:
        self._target, self._delay_s, self._rate = port, delay_s, rate
        self._loop = asyncio.new_event_loop()
        self._listens = threading.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    def run(self) -> None:
        """In a thread of its own, until `stop`."""
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        self._loop.set_exception_handler(lambda *_: None)  # of connections that are cut now
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._listens.set()

    async def _close(self) -> None:
        """Nothing stays open when the loop is closed."""
        self._server.close()
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def wait(self) -> None:
        """Until the port is known."""
        assert self._listens.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, back]
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction: read at once, write late and evenly."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        writing = asyncio.ensure_future(self._write(held, writer))
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                held.put_nowait((time.monotonic() + self._delay_s, data))
        held.put_nowait((time.monotonic() + self._delay_s, b""))
        await writing

    async def _write(
        self, held: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        free_at = 0.0
        with suppress(ConnectionError):
            while True:
                due, data = await held.get()
                await asyncio.sleep(max(0.0, due - time.monotonic(), free_at - time.monotonic()))
                if not data:
                    break
                free_at = max(free_at, time.monotonic()) + len(data) / self._rate
                writer.write(data)
                await writer.drain()
        writer.close()


@contextmanager
def slowed(words: list[str], delay_s: float = 0.2, rate: float = 20_000.0) -> Iterator[list[str]]:
    """The words of `ssh_line`, with the relay between ssh and sshd."""
    at = words.index("-p") + 1
    relay = Relay(int(words[at]), delay_s, rate)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    relay.wait()
    try:
        yield [*words[:at], str(relay.port), *words[at + 1 :]]
    finally:
        relay.stop()
        thread.join(10)
