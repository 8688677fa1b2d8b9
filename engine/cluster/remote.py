"""Training with the fit on another machine: the home loads, judges, verifies and publishes."""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from engine.cluster.certificates import ClusterFolder
from engine.cluster.link import (
    BEAT_S,
    NO_HOST_S,
    OPERATION,
    SILENT_S,
    ask,
    connect,
    prepare,
    software,
)
from engine.cluster.messages import (
    Accepted,
    Alive,
    Answer,
    Cancel,
    Declined,
    Failed,
    Message,
    Progress,
    RemoteFitRequest,
    WireError,
    checked_answer,
    pack,
    sent_bars,
    unpack,
)
from engine.cluster.scratch import FORWARDED
from engine.core.errors import ExitCode, Interrupted, NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.text import clean
from engine.forecast.fit import Candidate
from engine.forecast.members.base import within
from engine.forecast.record import ForecastRecord, metrics_of
from engine.market.bars import Bars, data_hash
from engine.runs.rules import CLUSTER_GONE, HOST_LOST
from engine.runs.training import train_symbol
from engine.runs.work import AttemptLostError, Task
from engine.vault.model_reader import ModelReader

_TICK_S = 0.2
_NEXT_LOOK_S = 1.0
_WAIT_WORD_S = 30.0


def train_remotely(task: Task) -> None:
    """Train the symbol as `train_symbol` does, with the fit done by a worker of the cluster."""
    train_symbol(task, fit=fit_remotely)


def fit_remotely(task: Task, bars: Bars, context: dict[str, Bars]) -> Candidate:
    """The candidate that a worker fitted; AttemptLostError when its host or the cluster is gone.

    NoDataError, StockmlError as the worker said them, Interrupted, WireError.
    """
    prepare()
    spec = msgspec.structs.replace(
        task.spec, kind="fit", symbols=(task.symbol,), busy=(), reasons=(), starter="", executor=""
    )
    request = RemoteFitRequest(
        attempt=f"{task.spec.id}/{task.symbol}/{secrets.token_hex(8)}",
        spec=spec,
        settings=task.settings,
        bars=sent_bars(bars),
        context={name: sent_bars(others) for name, others in context.items()},
        versions=software(),
    )
    answer, model = asyncio.run(Errand(task, request).run())
    model = checked_answer(answer, model, request.attempt)
    return candidate_of(task.home, bars, answer, model)


def candidate_of(home: Home, bars: Bars, answer: Answer, model: bytes) -> Candidate:
    """The candidate in the bytes of a model file, checked as every file from elsewhere is.

    WireError when it is not of these bars, ModelError when it does not pass the check.
    """
    with ModelReader(home) as reader:
        (manifest, layers, arrays), _ = reader.decode(model, Path(f"{bars.symbol} of a worker"))
    if manifest.symbol != bars.symbol or manifest.data_hash != data_hash(bars):
        raise WireError(f"the answer to {answer.attempt} was fitted on other bars: dropped")
    record = ForecastRecord.load(within("record", arrays))
    return Candidate(
        bars=bars,
        feature_names=manifest.feature_names,
        config=manifest.config,
        seed=manifest.seed,
        weights=manifest.weights,
        layers=layers,
        arrays=arrays,
        metrics=metrics_of(record),
        figures=manifest.metrics,
        record=record,
        forecast=answer.forecast,
    )


@dataclass
class Errand:
    """One attempt to have a request done by some host of the cluster."""

    task: Task
    request: RemoteFitRequest
    fault: str = ""
    """Why no host takes it."""
    declined: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder = ClusterFolder.of(self.task.home)
        self.address = self.task.spec.executor

    async def run(self) -> tuple[Answer, bytes]:
        """The answer of the first host that takes the request and lives."""
        last_host = last_word = time.monotonic()
        while True:
            some_busy = False
            for address in await self._hosts():
                comm, reply = await self._offer(address)
                if isinstance(reply, Accepted):
                    return await self._follow(comm, clean(reply.host, 60))
                some_busy = some_busy or (isinstance(reply, Declined) and not reply.why)
            now = time.monotonic()
            if some_busy:
                last_host = now
            if now - last_host > NO_HOST_S:
                waited = f"no host takes it for {NO_HOST_S:g} s"
                raise AttemptLostError(f"{self.address}: {waited}: {self.fault}", CLUSTER_GONE)
            if now - last_word > _WAIT_WORD_S:
                last_word = now
                self.task.report("phase", {"name": "wait"})
            if self.task.cancelled():
                raise Interrupted("stopped while it waited for a host")
            await asyncio.sleep(_NEXT_LOOK_S)

    async def _hosts(self) -> list[str]:
        """The addresses of the workers that the head knows, those that seem idle first."""
        try:
            identity = await ask(self.address, self.folder, "home", "identity")
            workers = {
                str(address): worker["metrics"].get("stockml", {}).get("symbol", "")
                for address, worker in identity["workers"].items()
            }
        except (OSError, TimeoutError) as error:
            self.fault = f"the head does not answer: {clean(str(error), 200)}"
            return []
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WireError(
                f"{self.address} is no head of stockml: {clean(str(error), 200)}"
            ) from error
        self.fault = "" if workers else "it has no worker"
        addresses = list(workers)
        random.shuffle(addresses)
        return sorted(addresses, key=lambda address: workers[address] != "")

    async def _offer(self, address: str) -> tuple[Any, Message | None]:
        """The connection and the reply of a worker; None when it does not answer."""
        try:
            comm = await connect(address, self.folder, "home", 5.0)
            await comm.write({"op": OPERATION, "reply": False, **pack(self.request)})
            reply = await self._read(comm, SILENT_S)
        except (OSError, TimeoutError) as error:
            self.fault = f"{address} does not answer: {clean(str(error), 200)}"
            return None, None
        if isinstance(reply[0], Accepted):
            return comm, reply[0]
        comm.abort()
        if isinstance(reply[0], Declined) and reply[0].why:
            self.fault = f"{address} refused: {clean(reply[0].why, 300)}"
            if address not in self.declined:
                self.declined.add(address)
                self.task.warn(self.fault)
        return None, reply[0]

    async def _read(self, comm: Any, wait_s: float) -> tuple[Message, bytes]:
        """The next message; WireError for a pickle or anything that is not ours."""
        try:
            return unpack(await asyncio.wait_for(comm.read(deserializers=["msgpack"]), wait_s))
        except (ValueError, TypeError) as error:
            raise WireError(f"an answer was refused: {clean(str(error), 200)}") from error

    async def _follow(self, comm: Any, host: str) -> tuple[Answer, bytes]:
        """Report what the host says until it answers; AttemptLostError when it is lost."""
        self.task.report("phase", {"name": "fit", "host": host})
        beats = asyncio.create_task(self._keep_alive(comm))
        try:
            while True:
                message, body = await self._read(comm, SILENT_S)
                if isinstance(message, Answer):
                    return message, body
                self._take(message, host)
        except (OSError, TimeoutError) as error:
            why = f"no word for {SILENT_S:g} s" if isinstance(error, TimeoutError) else str(error)
            raise AttemptLostError(f"host {host} was lost: {clean(why, 200)}", HOST_LOST) from error
        finally:
            beats.cancel()
            comm.abort()

    def _take(self, message: Message, host: str) -> None:
        """Report progress; raise what failed."""
        if isinstance(message, Progress) and message.kind in FORWARDED:
            if message.attempt == self.request.attempt:
                extra = {"host": host} if message.kind == "phase" else {}
                self.task.report(message.kind, {**message.figures, **extra})
        elif isinstance(message, Failed):
            sys.stderr.write(message.output)
            raise _failure(message, host)

    async def _keep_alive(self, comm: Any) -> None:
        """Say that the home lives, and once that it wants the fit stopped."""
        asked, beat = False, 0.0
        with suppress(OSError):  # whoever reads meets the closed line too
            while True:
                if self.task.cancelled() and not asked:
                    asked = True
                    await comm.write(pack(Cancel()))
                if time.monotonic() - beat > BEAT_S:
                    beat = time.monotonic()
                    await comm.write(pack(Alive()))
                await asyncio.sleep(_TICK_S)


def _failure(failed: Failed, host: str) -> StockmlError:
    """What a worker said, as the error that it was."""
    text, hint = clean(failed.text, 300), clean(failed.hint, 300)
    if failed.died:
        return AttemptLostError(f"host {host}: {text}", HOST_LOST)
    if failed.exit_code == ExitCode.INTERRUPTED:
        return Interrupted(text)
    kind = NoDataError if failed.exit_code == ExitCode.NO_DATA else StockmlError
    return kind(text, hint)
